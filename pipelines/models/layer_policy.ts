/** The `Policy` layer that opens the device only when a stage runs, so that `--help` and the pure stages never do. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Settings } from "../settings/settings.ts";
import type { Policy } from "./policy.ts";

/** `policy_on_device.ts`, imported when it is first needed: a device with the kernels that are named, by default the plain ones. */
export const layerPolicy = ({ kernels }: Partial<Pick<Settings, "kernels">> = {}): Layer.Layer<Policy, DeviceError> =>
  Layer.unwrap(
    Effect.map(Effect.promise(() => import("./policy_on_device.ts")), ({ layerWith }) => layerWith({ kernels })),
  );

/** The same on an embedded device of its own with so many threads, beside the one that is open. */
export const layerWithThreads = (threads: number): Layer.Layer<Policy, DeviceError> =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("./policy_on_device.ts")),
      ({ layerWithThreads }) => Layer.fresh(layerWithThreads(threads)),
    ),
  );
