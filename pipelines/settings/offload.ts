/** What a run may leave to the host's memory where the device's is short. */

/** What can be left there, as settings name it. */
export const offloads = ["none", "gradient"] as const;

/** Nothing, or the gradient of the first sign of a mini-batch while the second's is made. */
export type Offload = typeof offloads[number];
