/**
 * What determines a result's bits besides the settings: the kind of adapter, which rounds in its own way, and the kernels that replace the plain
 * ones. A run uses the same from its first step to its replay, so it records both.
 */
import type { DeviceInfo } from "./device_info.ts";

/** Kernels that replace the plain ones on request, in the order in which records name them. */
export const kernelNames = ["matrix", "cooperative"] as const;

/** The value of `--kernels`: `plain`, or a list of the others. */
export type KernelChoice = ReadonlyArray<"plain" | typeof kernelNames[number]>;

/** The fields of a device that decide which kernels run. */
export type Choosing = Pick<DeviceInfo, "matrix" | "cooperative" | "plain">;

/** The fields of a device that determine the bits of its results. */
export type Rounding = Choosing & Pick<DeviceInfo, "kind">;

/** The names of the chosen kernels; empty if all are plain. */
export const chosenKernels = ({ matrix, cooperative }: Choosing): ReadonlyArray<string> => [
  ...(matrix === undefined ? [] : ["matrix"]),
  ...(cooperative === true ? ["cooperative"] : []),
];

/** Why a device cannot run the requested kernels, as the end of a sentence; undefined if it can. */
export const missingKernels = (asked: KernelChoice, info: Choosing & Pick<DeviceInfo, "notes">): string | undefined => {
  const missing = asked.filter((name) => name !== "plain" && !chosenKernels(info).includes(name));
  return missing.length === 0 ? undefined : `--kernels ${missing.join(",")}: ${info.notes?.join("; ")}`;
};

/** The device's name in results; devices that give different bits have different names. */
export const deviceName = (info: Choosing & Pick<DeviceInfo, "description">): string =>
  [info.description, ...chosenKernels(info).map((name) => `${name} kernels`)].join(", ");

/** The fields of a run's record: the kind of adapter, and the kernels if any were requested. */
export const deviceFields = (
  info: Rounding,
): { readonly adapter: DeviceInfo["kind"]; readonly kernels?: ReadonlyArray<string> } => {
  const kernels = info.plain === true ? ["plain"] : chosenKernels(info);
  return { adapter: info.kind, ...(kernels.length === 0 ? {} : { kernels }) };
};

/** The same fields as read from a record, not yet validated. Older records have no adapter. */
export interface RecordedKernels {
  readonly adapter?: unknown;
  readonly kernels?: unknown;
}

/** Why work begun on one device cannot continue on another, as the end of a sentence; undefined if nothing recorded differs. */
export const otherDevice = ({ adapter, kernels }: RecordedKernels, info: Rounding): string | undefined => {
  if (adapter !== undefined && adapter !== info.kind) {
    return `begun on ${adapter}, now the adapter is ${info.kind} (SIGNUM_ADAPTER=${adapter} chooses the first)`;
  }
  const shown = (names: unknown) => Array.isArray(names) && names.length > 0 ? names.join(",") : "plain";
  const [before, now] = [shown(kernels), shown(chosenKernels(info))];
  return before === now ? undefined : `begun with --kernels ${before}, now it is ${now}`;
};

/** Like `otherDevice`, but also refuses a record without an adapter, since any device may have made it. */
export const cannotContinue = (recorded: RecordedKernels, info: Rounding): string | undefined =>
  recorded.adapter === undefined
    ? `begun on an adapter that its config.json does not name, now it is ${info.kind}; if that is the one, add "adapter": "${info.kind}" there`
    : otherDevice(recorded, info);
