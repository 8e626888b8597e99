/** A server GPU as plans of memory know it, without one at hand. */
import type { DeviceInfo } from "../../../kernels/device_error.ts";

/** Bindings of 2 GiB, subgroups of 32 lanes, plain kernels. */
export const serverCard: DeviceInfo = {
  kind: "gpu",
  description: "",
  why: "",
  features: [],
  lanes: 32,
  maxBinding: 2 ** 31 - 4,
  maxBuffer: 2 ** 40,
  validated: false,
};
