/**
 * What a result depends on beside its settings: the kind of the device's adapter, which rounds in its own way, and kernels that a device uses in
 * place of the plain ones. A run is made with the same from its first step to its replay, so it records both.
 */
import type { DeviceInfo } from "./device_info.ts";

/** Kernels that stand in for plain ones where somebody asks for them, in the order in which records name them. */
export const kernelNames = ["matrix", "cooperative"] as const;

/** Kernels as `--kernels` names them: `plain`, or a list of the others. */
export type KernelChoice = ReadonlyArray<"plain" | typeof kernelNames[number]>;

/** What chooses kernels on a device. */
export type Choosing = Pick<DeviceInfo, "matrix" | "cooperative" | "plain">;

/** What gives a device's results their bytes. */
export type Rounding = Choosing & Pick<DeviceInfo, "kind">;

/** The names of the chosen kernels; none where all are the plain ones. */
export const chosenKernels = ({ matrix, cooperative }: Choosing): ReadonlyArray<string> => [
  ...(matrix === undefined ? [] : ["matrix"]),
  ...(cooperative === true ? ["cooperative"] : []),
];

/** Why a device cannot run the kernels that somebody asks for, for the end of a sentence; undefined where it does. */
export const missingKernels = (asked: KernelChoice, info: Choosing & Pick<DeviceInfo, "notes">): string | undefined => {
  const missing = asked.filter((name) => name !== "plain" && !chosenKernels(info).includes(name));
  return missing.length === 0 ? undefined : `--kernels ${missing.join(",")}: ${info.notes?.join("; ")}`;
};

/** The device as results name it: two that give different bytes have different names. */
export const deviceName = (info: Choosing & Pick<DeviceInfo, "description">): string =>
  [info.description, ...chosenKernels(info).map((name) => `${name} kernels`)].join(", ");

/** The fields of a run's record: the kind of the adapter, and the kernels where somebody chose them. */
export const deviceFields = (
  info: Rounding,
): { readonly adapter: DeviceInfo["kind"]; readonly kernels?: ReadonlyArray<string> } => {
  const kernels = info.plain === true ? ["plain"] : chosenKernels(info);
  return { adapter: info.kind, ...(kernels.length === 0 ? {} : { kernels }) };
};

/** The fields as they stand in a record, which anybody may have written; runs of before name no adapter. */
export interface RecordedKernels {
  readonly adapter?: unknown;
  readonly kernels?: unknown;
}

/** Why what was begun on one device cannot go on on another, for the end of a sentence; undefined where nothing recorded differs. */
export const otherDevice = ({ adapter, kernels }: RecordedKernels, info: Rounding): string | undefined => {
  if (adapter !== undefined && adapter !== info.kind) {
    return `begun on ${adapter}, now the adapter is ${info.kind} (SIGNUM_ADAPTER=${adapter} chooses the first)`;
  }
  const shown = (names: unknown) => Array.isArray(names) && names.length > 0 ? names.join(",") : "plain";
  const [before, now] = [shown(kernels), shown(chosenKernels(info))];
  return before === now ? undefined : `begun with --kernels ${before}, now it is ${now}`;
};

/** The same for what is to get more of these bytes: what names no adapter may have been begun on any. */
export const cannotContinue = (recorded: RecordedKernels, info: Rounding): string | undefined =>
  recorded.adapter === undefined
    ? `begun on an adapter that its config.json does not name, now it is ${info.kind}; if that is the one, add "adapter": "${info.kind}" there`
    : otherDevice(recorded, info);
