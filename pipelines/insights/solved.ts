/**
 * Which problems a step learns nothing from, by algorithm: all their advantages are exactly 0, or none of their responses is kept (Section
 * 4.2: NSR's updates stop once a problem is solved). Also whether an advantage keeps its reward's sign (Section 4.3). PPO is measured at
 * its start, where all the critic's values are 0.
 */
import { type AlgorithmName, algorithms } from "../algorithms/mod.ts";
import { advantage } from "../stages/advantage.ts";
import { split } from "../stages/split.ts";
import type { Insight } from "./insight.ts";

/** The fields of a rewarded rollout that are read, under the policy that drew it. */
export interface Rollout {
  readonly problemId: string;
  readonly reward: number;
  readonly responseTokens: Int32Array;
  readonly oldLogProbs: Float32Array;
}

interface Coefficients {
  readonly lambda: number;
  readonly klCoef: number;
  readonly normalizeAdvantage?: boolean | undefined;
}

/** The on-policy advantages of an algorithm, with the policy as its own reference. */
export const credit = <A extends Rollout>(
  rollouts: ReadonlyArray<A>,
  algorithm: AlgorithmName,
  settings: Coefficients,
) =>
  advantage(
    split(
      rollouts.map((rollout) => ({
        ...rollout,
        referenceLogProbs: rollout.oldLogProbs,
        values: new Float32Array(rollout.responseTokens.length),
      })),
      { ...settings, algorithm },
    ),
    { ...settings, algorithm, importanceCap: 0 },
  );

/** The share of problems without a gradient of the loss (without entropy bonus): of the solved ones, of all, and of all if normalised. */
export const stopped = (rollouts: ReadonlyArray<Rollout>, settings: Coefficients): ReadonlyArray<Insight> => {
  const problems = Map.groupBy(rollouts, ({ problemId }) => problemId);
  const all = [...problems.keys()];
  const solved = all.filter((name) => problems.get(name)?.every(({ reward }) => reward > 0));
  const share = (algorithm: AlgorithmName, some: ReadonlyArray<string>, normalizeAdvantage: boolean): number => {
    const moved = new Set(
      credit(rollouts, algorithm, { ...settings, normalizeAdvantage })
        .filter(({ advantages }) => advantages.some((one) => one !== 0))
        .map(({ problemId }) => problemId),
    );
    return some.filter((name) => !moved.has(name)).length / some.length;
  };
  return names.flatMap((algorithm): ReadonlyArray<Insight> => {
    const stops = { section: "4.2", insight: "a solved problem gives no update", algorithm, of: "problems" as const };
    const normalised = { ...stops, section: "App. D.3", insight: "normalised advantages of one sign are nothing" };
    const value = share(algorithm, all, false);
    return [
      ...solved.length === 0 ? [] : [{
        ...stops,
        quantity: "share of solved problems, no gradient",
        value: share(algorithm, solved, false),
        count: solved.length,
      }],
      { ...stops, quantity: "share of all problems, no gradient", value, count: all.length },
      ...oneSigned.includes(algorithm)
        ? [{
          ...normalised,
          quantity: "share of all problems, no gradient",
          value: share(algorithm, all, true),
          count: all.length,
        }]
        : [],
    ];
  });
};

/** The share of responses whose advantages all have the sign of their reward or are 0. */
export const signsKept = (rollouts: ReadonlyArray<Rollout>, settings: Coefficients): ReadonlyArray<Insight> =>
  names.flatMap((algorithm) => {
    const credited = credit(rollouts, algorithm, settings);
    const kept = credited.filter(({ advantages, reward }) => advantages.every((one) => one * reward >= 0));
    return credited.length === 0 ? [] : [{
      section: "4.3",
      insight: "the advantage keeps the sign",
      algorithm,
      quantity: "share of responses",
      value: kept.length / credited.length,
      count: credited.length,
      of: "responses",
    }];
  });

/** The paper's algorithms, which its Sections 4.2 and 4.3 are about; those that came later add no rows to recorded studies. */
export const names: ReadonlyArray<AlgorithmName> = ["ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"];

/** The algorithms that learn from one sign only. */
const oneSigned: ReadonlyArray<AlgorithmName> = names.filter((name) =>
  (["positive", "negative"] as const).filter((sign) => algorithms[name].weight(sign, { lambda: 1 }) === 0).length === 1
);
