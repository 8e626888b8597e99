/** A memory plan as lines for a terminal: each phase's memory in use by purpose, its maximum, and the cards that have as much. */
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { Phase } from "./memory_plan.ts";
import { adviceOn, purposes } from "../models/memory_purposes.ts";

/** Memory that a process can use on each card. */
const cards = [
  { name: "80 GB", bytes: 78 * 2 ** 30 },
  { name: "141 GB", bytes: 139 * 2 ** 30 },
] as const;

/** The largest memory held by any phase, and that phase's name; among equals, the one with the most in use. */
export const largestOf = (phases: ReadonlyArray<Phase>): { readonly name: string; readonly bytes: number } =>
  phases.map(({ name, statistics: { peak, reservedPeak } }) => ({ name, bytes: reservedPeak, peak }))
    .reduce((most, one) => one.bytes > most.bytes || (one.bytes === most.bytes && one.peak > most.peak) ? one : most);

const unitOf = (bytes: number) => bytes >= 2 ** 30 ? { name: "GiB", bytes: 2 ** 30 } : { name: "MiB", bytes: 2 ** 20 };

const mostOf = (phases: ReadonlyArray<Phase>): string => {
  const { name, bytes } = largestOf(phases);
  const unit = unitOf(bytes);
  return `${(bytes / unit.bytes).toFixed(2)} ${unit.name} at most, in ${name}`;
};

/** `150.17 GiB at most, in gradient; 80 GB card: too small, 141 GB card: too small`. */
export const verdictOf = (phases: ReadonlyArray<Phase>): string => {
  const { bytes } = largestOf(phases);
  const held = cards.map((card) => `${card.name} card: ${bytes <= card.bytes ? "fits" : "too small"}`).join(", ");
  return `${mostOf(phases)}; ${held}`;
};

/** Whether a device of known memory has enough. */
export const roomLines = (
  phases: ReadonlyArray<Phase>,
  { kind, maxBuffer }: Pick<DeviceInfo, "kind" | "maxBuffer">,
): ReadonlyArray<string> => {
  if (kind !== "wasm") return [];
  const fits = largestOf(phases).bytes <= maxBuffer;
  return [`this device has ${(maxBuffer / 2 ** 30).toFixed(2)} GiB: ${fits ? "fits" : "too small"}`];
};

/** A hint for the setting that reduces the largest purpose other than weights and those already `turned`, if some card is too small. */
const knobOf = (phases: ReadonlyArray<Phase>, turned: ReadonlyArray<string>): ReadonlyArray<string> => {
  const largest = largestOf(phases);
  if (cards.every(({ bytes }) => largest.bytes <= bytes)) return [];
  const { most } = phases.find(({ name }) => name === largest.name)?.statistics ?? { most: new Map<string, number>() };
  const [found] = [...most].filter(([purpose]) => !purpose.includes("weights") && !turned.includes(purpose))
    .sort((a, b) => b[1] - a[1]);
  return found === undefined ? [] : [`to make it smaller, ${found[0]}: ${adviceOn(found[0])}`];
};

/** The verdict of a run that starts now, and the hint for what does not fit; the cards are named where the device's own memory is unknown. */
export const briefPlan = (
  phases: ReadonlyArray<Phase>,
  info: Pick<DeviceInfo, "kind" | "maxBuffer">,
  turned: ReadonlyArray<string>,
): ReadonlyArray<string> => {
  const [room] = roomLines(phases, info);
  const verdict = room === undefined ? verdictOf(phases) : `${mostOf(phases)}; ${room}`;
  return [`memory: ${verdict} (--dry-run prints the plan)`, ...knobOf(phases, turned)];
};

/** The table, its verdict, and a hint for settings other than those of `turned`. */
export const planTable = (
  phases: ReadonlyArray<Phase>,
  turned: ReadonlyArray<string> = [],
): ReadonlyArray<string> => {
  const unit = unitOf(largestOf(phases).bytes);
  const shown = (bytes: number) => bytes === 0 ? "" : (bytes / unit.bytes).toFixed(2);
  const named = Object.keys(purposes).filter((name) => phases.some(({ statistics }) => statistics.most.has(name)));
  const rows: ReadonlyArray<readonly [string, ...ReadonlyArray<string>]> = [
    [`${unit.name} at most`, ...phases.map(({ name }) => name)],
    ...named.map((name) => [name, ...phases.map(({ statistics }) => shown(statistics.most.get(name) ?? 0))] as const),
    ["all in use at once", ...phases.map(({ statistics }) => shown(statistics.peak))],
    ["held by the allocator", ...phases.map(({ statistics }) => shown(statistics.reservedPeak))],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, ...cells]) =>
    [label.padEnd(width), ...cells.map((cell) => cell.padStart(9))].join(" ").trimEnd()
  );
  return [...lines, verdictOf(phases), ...knobOf(phases, turned)];
};
