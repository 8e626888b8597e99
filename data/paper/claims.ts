/**
 * The paper's claims about its Pass@k curves, each as a test on a table of Pass@k: the paper's own Table 1 or one of our studies. A claim
 * is null if the table lacks a method or a k that it needs.
 */
import type { Method } from "./published.ts";

/** Pass@k of a method, or undefined if the table lacks it. The unit is free, since only the order counts. */
export type Lookup = (method: Method, k: number) => number | undefined;

/** A claim: the paper's words in short, the section, and the test on a table with these `ks`, ascending. */
export interface Claim {
  readonly id: string;
  readonly text: string;
  readonly where: string;
  readonly holds: (at: Lookup, ks: ReadonlyArray<number>) => boolean | null;
}

/** Whether `method` is at least as good as every other at each k; null if a number is missing. */
function atLeast(at: Lookup, method: Method, others: ReadonlyArray<Method>, ks: ReadonlyArray<number>): boolean | null {
  const pairs = ks.flatMap((k) => others.map((other) => [at(method, k), at(other, k)] as const));
  const known = pairs.flatMap(([a, b]) => a === undefined || b === undefined ? [] : [a >= b]);
  return known.length < pairs.length || known.length === 0 ? null : known.every(Boolean);
}

const not = (held: boolean | null) => held === null ? null : !held;
const both = (a: boolean | null, b: boolean | null) => a === null || b === null ? null : a && b;

/** The claims about Pass@k, in the paper's order. */
export const claims: ReadonlyArray<Claim> = [
  {
    id: "nsr-never-below-base",
    text: "NSR consistently improves Pass@k over the base model at every k",
    where: "Section 3.2",
    holds: (at, ks) => atLeast(at, "nsr", ["base"], ks),
  },
  {
    id: "nsr-best-at-large-k",
    text: "NSR keeps at least the base model's Pass@k at the largest k and is above PPO, GRPO and PSR there",
    where: "Section 3.2, Figure 2",
    holds: (at, ks) => atLeast(at, "nsr", ["base", "ppo", "grpo", "psr"], ks.slice(-1)),
  },
  {
    id: "psr-trades-diversity",
    text: "PSR improves Pass@1 and falls below the base model at the largest k",
    where: "Section 3.2",
    holds: (at, ks) => both(atLeast(at, "psr", ["base"], [1]), not(atLeast(at, "psr", ["base"], ks.slice(-1)))),
  },
  {
    id: "psr-below-base-beyond-8",
    text: "PSR is below the base model for every k > 8",
    where: "Section 3.2",
    holds: (at, ks) => {
      const beyond = ks.filter((k) => k > 8).map((k) => not(atLeast(at, "psr", ["base"], [k])));
      return beyond.length === 0 || beyond.includes(null) ? null : !beyond.includes(false);
    },
  },
  {
    id: "w-reinforce-balances",
    text: "W-REINFORCE is at least NSR at Pass@1 and at least PPO, GRPO and PSR at the largest k",
    where: "Section 5",
    holds: (at, ks) =>
      both(atLeast(at, "w-reinforce", ["nsr"], [1]), atLeast(at, "w-reinforce", ["ppo", "grpo", "psr"], ks.slice(-1))),
  },
];
