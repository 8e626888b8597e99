/**
 * Chooses settings by a device's memory if that is known (`--device-memory`; WebGPU does not report it): whether one sign's gradient is
 * offloaded to the host, whether activations are recomputed, and the size of the cache of keys and values. Each choice is tried with the
 * memory plan. None changes a byte of a result. `gradientChunk` would, since it orders sums, so it is never chosen.
 */
import type { Settings } from "../settings/settings.ts";
import type { Phase } from "./memory_plan.ts";
import { largestOf } from "./plan_table.ts";
import { defaultCache } from "../sampling/pool_shape.ts";

/** The settings that memory may decide. */
export type MemorySettings = Partial<Pick<Settings, "cache" | "recompute" | "offload">>;

/** The choices, a line of reason for each, and the resulting plan. */
export interface MemoryChoice {
  readonly chosen: MemorySettings;
  readonly phases: ReadonlyArray<Phase>;
  readonly notes: ReadonlyArray<string>;
}

/** The planned share of the memory; the rest is for the driver, pipelines and read-backs. */
const usable = 0.95;

/** Shares of the memory that sampling leaves free, tried in order as the size of the cache. */
const shares = [1, 0.875, 0.75, 0.5, 0.25, 0.125, 0];

const gibibyte = 2 ** 30;
const shown = (bytes: number): string => `${(bytes / gibibyte).toFixed(1)} GiB`;

const cacheIn = ([sample]: ReadonlyArray<Phase>): number => sample.statistics.most.get("key-value cache") ?? 0;

/** Chooses the settings that are not given so that the plan fits `gigabytes`. `plan` returns the phases under some settings, sampling first. */
export const chooseFor = (
  gigabytes: number,
  given: MemorySettings,
  plan: (chosen: MemorySettings) => ReadonlyArray<Phase>,
  recomputes: boolean,
): MemoryChoice => {
  const budget = usable * gigabytes * 1e9;
  const notes = [`${shown(budget)} are planned for, 95 % of ${gigabytes} GB (--device-memory)`];
  let chosen = given;
  let phases = plan(given);
  /** Applies a change if the plan with it passes the test. */
  const turn = (
    change: MemorySettings,
    passes: (tried: ReadonlyArray<Phase>, most: number) => boolean,
    note: string,
  ) => {
    const tried = plan({ ...chosen, ...change });
    if (!passes(tried, largestOf(tried).bytes)) return false;
    chosen = { ...chosen, ...change };
    phases = tried;
    notes.push(note);
    return true;
  };
  const most = () => largestOf(phases).bytes;
  if (given.offload === undefined && most() > budget) {
    // Compares memory in use: memory held but free would hide the gain.
    const inUse = (some: ReadonlyArray<Phase>) => Math.max(...some.map(({ statistics }) => statistics.peak));
    const before = inUse(phases);
    const note = "chosen: --offload gradient, because the gradients of both signs do not fit";
    turn({ offload: "gradient" }, (tried) => inUse(tried) < before, note);
  }
  if (given.recompute === undefined && recomputes && most() < budget) {
    const note = "chosen: --no-recompute, because the activations of a chunk fit and computing them again takes time";
    turn({ recompute: false }, (_, bytes) => bytes <= budget, note);
  }
  if (given.cache === undefined) {
    const before = { most: most(), cache: cacheIn(phases) };
    const room = (budget - phases[0].statistics.peak + before.cache) / gibibyte;
    const passes = (tried: ReadonlyArray<Phase>, bytes: number) => cacheIn(tried) !== before.cache && bytes <= budget;
    for (const share of shares) {
      const cache = Math.floor(4 * Math.max(0, share * room)) / 4;
      // If the default cache fits, a smaller one gains nothing.
      if (before.most <= budget && cache <= defaultCache) break;
      const note = `chosen: --cache ${cache}, the GiB that the plan leaves to keys and values (else ${defaultCache})`;
      if (turn({ cache }, passes, note)) break;
    }
  }
  if (most() > budget) notes.push(`${shown(most() - budget)} too much, whatever leaves the result as it is`);
  return { chosen, phases, notes };
};
