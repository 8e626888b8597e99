/** Offloading to host memory when device memory is short. */

/** The names of the choices. */
export const offloads = ["none", "gradient"] as const;

/** Nothing, or the gradient of a mini-batch's first sign while the second's is computed. */
export type Offload = typeof offloads[number];
