/**
 * What a device's memory decides, where it is known (`--device-memory`; WebGPU does not tell): whether one sign's gradient waits in the host's
 * memory, whether activations are computed again, and how much the cache of keys and values takes. Each is chosen by the plan itself, tried
 * with it, and none changes a byte of a result. `gradientChunk` would, since it orders sums, so it stays what the settings say.
 */
import type { Settings } from "../settings/settings.ts";
import type { Phase } from "./memory_plan.ts";
import { largestOf } from "./plan_table.ts";
import { defaultCache } from "../sampling/pool_shape.ts";

/** The settings that memory may decide. */
export type MemorySettings = Partial<Pick<Settings, "cache" | "recompute" | "offload">>;

/** What was chosen, and why, a line each; the plan under it. */
export interface MemoryChoice {
  readonly knobs: MemorySettings;
  readonly phases: ReadonlyArray<Phase>;
  readonly notes: ReadonlyArray<string>;
}

/** The part of the memory that is planned for; the rest is the driver's, the pipelines' and read-backs'. */
const usable = 0.95;

/** Shares of what sampling leaves free that the cache is tried with, the first with which the whole plan fits. */
const shares = [1, 0.875, 0.75, 0.5, 0.25, 0.125, 0];

const gibibyte = 2 ** 30;
const shown = (bytes: number): string => `${(bytes / gibibyte).toFixed(1)} GiB`;

const cacheIn = ([sample]: ReadonlyArray<Phase>): number => sample.statistics.most.get("key-value cache") ?? 0;

/** Chooses what was not said so that the plan fits `gigabytes`; `plan` gives the phases under some knobs, the first of which samples. */
export const chooseFor = (
  gigabytes: number,
  said: MemorySettings,
  plan: (knobs: MemorySettings) => ReadonlyArray<Phase>,
  recomputes: boolean,
): MemoryChoice => {
  const budget = usable * gigabytes * 1e9;
  const notes = [`${shown(budget)} are planned for, 95 % of ${gigabytes} GB (--device-memory)`];
  let knobs = said;
  let phases = plan(said);
  /** Turns a knob where the plan with it passes the test. */
  const turn = (
    change: MemorySettings,
    passes: (tried: ReadonlyArray<Phase>, most: number) => boolean,
    note: string,
  ) => {
    const tried = plan({ ...knobs, ...change });
    if (!passes(tried, largestOf(tried).bytes)) return false;
    knobs = { ...knobs, ...change };
    phases = tried;
    notes.push(note);
    return true;
  };
  const most = () => largestOf(phases).bytes;
  if (said.offload === undefined && most() > budget) {
    // What lies free besides would hide what is won.
    const inUse = (some: ReadonlyArray<Phase>) => Math.max(...some.map(({ statistics }) => statistics.peak));
    const before = inUse(phases);
    const note = "chosen: --offload gradient, because the gradients of both signs do not fit";
    turn({ offload: "gradient" }, (tried) => inUse(tried) < before, note);
  }
  if (said.recompute === undefined && recomputes && most() < budget) {
    const note = "chosen: --no-recompute, because the activations of a chunk fit and computing them again takes time";
    turn({ recompute: false }, (_, bytes) => bytes <= budget, note);
  }
  if (said.cache === undefined) {
    const before = { most: most(), cache: cacheIn(phases) };
    const room = (budget - phases[0].statistics.peak + before.cache) / gibibyte;
    const passes = (tried: ReadonlyArray<Phase>, bytes: number) => cacheIn(tried) !== before.cache && bytes <= budget;
    for (const share of shares) {
      const cache = Math.floor(4 * Math.max(0, share * room)) / 4;
      // Where the usual cache fits there is nothing to win below it.
      if (before.most <= budget && cache <= defaultCache) break;
      const note = `chosen: --cache ${cache}, the GiB that the plan leaves to keys and values (else ${defaultCache})`;
      if (turn({ cache }, passes, note)) break;
    }
  }
  if (most() > budget) notes.push(`${shown(most() - budget)} too much, whatever leaves the result as it is`);
  return { knobs, phases, notes };
};
