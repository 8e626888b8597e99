/**
 * Kernels that a device uses in place of the plain ones and that give other bytes, by name: a run is made with the same ones from its first
 * step to its replay, so it records them.
 */
import type { DeviceInfo } from "./device_error.ts";

/** What chooses kernels on a device. */
export type Choosing = Pick<DeviceInfo, "matrix" | "cooperative">;

/** The names of the chosen kernels; none where all are the plain ones. */
export const chosenKernels = ({ matrix, cooperative }: Choosing): ReadonlyArray<string> => [
  ...(matrix === undefined ? [] : ["matrix"]),
  ...(cooperative === true ? ["cooperative"] : []),
];

/** The device as results name it: two that give different bytes have different names. */
export const deviceName = (info: Choosing & Pick<DeviceInfo, "description">): string =>
  [info.description, ...chosenKernels(info).map((name) => `${name} kernels`)].join(", ");

/** Why what was made with some kernels cannot go on with others, for the end of a sentence; undefined where they are the same. */
export const otherKernels = (before: unknown, info: Choosing): string | undefined => {
  const shown = (names: unknown) => Array.isArray(names) && names.length > 0 ? names.join(", ") : "plain";
  const now = shown(chosenKernels(info));
  return shown(before) === now
    ? undefined
    : `begun with ${shown(before)} kernels, now they are ${now} (SIGNUM_MATRIX and SIGNUM_COOPERATIVE choose)`;
};

/** The field of a run's record: absent where all kernels are the plain ones. */
export const kernelsField = (info: Choosing): { readonly kernels?: ReadonlyArray<string> } => {
  const kernels = chosenKernels(info);
  return kernels.length === 0 ? {} : { kernels };
};
