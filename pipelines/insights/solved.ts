/**
 * Which problems a step learns nothing from, by algorithm: those of which every token's advantage is exactly 0, or of which no response is kept
 * (Section 4.2: NSR's updates stop once a problem is solved), and whether an advantage keeps its reward's sign (Section 4.3). PPO is measured
 * at its start, where the critic values everything 0.
 */
import { type AlgorithmName, algorithms } from "../algorithms/mod.ts";
import { advantage } from "../stages/advantage.ts";
import { split } from "../stages/split.ts";
import type { Insight } from "./insight.ts";

/** What is read of a rewarded rollout under the policy that drew it. */
export interface Rollout {
  readonly problemId: string;
  readonly reward: number;
  readonly responseTokens: Int32Array;
  readonly oldLogProbs: Float32Array;
}

interface Coefficients {
  readonly lambda: number;
  readonly klCoef: number;
}

/** The advantages that an algorithm gives on-policy, with the policy as its own reference. */
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
    { ...settings, algorithm },
  );

/** The share of problems without any gradient of the loss, its entropy bonus apart, of the solved ones and of all. */
export const stopped = (rollouts: ReadonlyArray<Rollout>, settings: Coefficients): ReadonlyArray<Insight> => {
  const problems = [...Map.groupBy(rollouts, ({ problemId }) => problemId)];
  const solved = problems.filter(([, group]) => group.every(({ reward }) => reward > 0)).map(([name]) => name);
  return names.flatMap((algorithm) => {
    const moved = new Set(
      credit(rollouts, algorithm, settings)
        .filter(({ advantages }) => advantages.some((one) => one !== 0))
        .map(({ problemId }) => problemId),
    );
    const share = (some: ReadonlyArray<string>, what: string): ReadonlyArray<Insight> =>
      some.length === 0 ? [] : [{
        section: "4.2",
        insight: "a solved problem gives no update",
        algorithm,
        quantity: `share of ${what}, no gradient`,
        value: some.filter((name) => !moved.has(name)).length / some.length,
        count: some.length,
        of: "problems",
      }];
    return [...share(solved, "solved problems"), ...share(problems.map(([name]) => name), "all problems")];
  });
};

/** The share of responses whose advantages, all of them, have the sign of their reward or are 0. */
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

const names = Object.keys(algorithms).filter((name): name is AlgorithmName => name in algorithms);
