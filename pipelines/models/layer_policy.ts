/** The `Policy` layer that opens the device only when a stage runs, so that `--help` and pure stages never do. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Settings } from "../settings/settings.ts";
import type { Policy } from "./policy.ts";

/** Imports `policy_on_device.ts` at the first use: a device with the named kernels, by default the plain ones. */
export const layerPolicy = ({ kernels }: Partial<Pick<Settings, "kernels">> = {}): Layer.Layer<Policy, DeviceError> =>
  Layer.unwrap(
    Effect.map(Effect.promise(() => import("./policy_on_device.ts")), ({ layerWith }) => layerWith({ kernels })),
  );

/** As `layerPolicy`, on a separate embedded device with this number of threads. */
export const layerWithThreads = (threads: number): Layer.Layer<Policy, DeviceError> =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("./policy_on_device.ts")),
      ({ layerWithThreads }) => Layer.fresh(layerWithThreads(threads)),
    ),
  );
