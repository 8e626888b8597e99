/** The device that the tests of a process share, as a service. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { environment, openDevice, type Opened } from "../../kernels/device/device.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { KernelChoice } from "../../kernels/gpu/chosen_kernels.ts";

/** The open device, one per process. */
export class Device extends Context.Service<Device, Opened>()("signum/tests/Device") {
  /**
   * The device named by `SIGNUM_ADAPTER`, else the best available, with the requested kernels. `SIGNUM_VALIDATION=1` checks every memory access.
   */
  static readonly layer = (kernels?: KernelChoice): Layer.Layer<Device, DeviceError> =>
    Layer.effect(Device, Effect.suspend(() => openDevice({ ...environment(), kernels })));
}
