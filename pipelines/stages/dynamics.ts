/**
 * The state of a rollout batch before responses are dropped (Fig. 4): the correct rollouts, the fully solved prompts, the entropy and the
 * length of responses. Means are over responses; entropy is first averaged over a response's tokens.
 */
import { Effect, Stream } from "effect";
import * as Records from "../records/schema.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import { unique } from "./duplicates.ts";
import { duplicates } from "../settings/groups.ts";

/** The values of one rollout that `dynamics` reads; `entropy` is the mean over its tokens, in nats. */
export interface RolloutFacts extends Pick<Records.Rewarded, "problemId" | "correct" | "reward"> {
  readonly length: number;
  readonly entropy: number;
  readonly truncated: boolean;
}

/** The values of one rollout for `dynamics`. */
export const factsOf = (
  { problemId, correct, reward, responseTokens, entropy, finish }: Pick<
    Records.Rewarded,
    "problemId" | "correct" | "reward" | "responseTokens" | "entropy" | "finish"
  >,
): RolloutFacts => ({
  problemId,
  correct,
  reward,
  length: responseTokens.length,
  entropy: entropy.length === 0 ? 0 : entropy.reduce((sum, x) => sum + x, 0) / entropy.length,
  truncated: finish === "length",
});

/** The aggregate of a batch of at least one rollout; a prompt is fully solved if all its rollouts are correct. */
export const dynamics = (batch: ReadonlyArray<RolloutFacts>): Records.Dynamics => {
  const mean = (value: (facts: RolloutFacts) => number) =>
    batch.reduce((sum, facts) => sum + value(facts), 0) / batch.length;
  const groups = Array.from(Map.groupBy(batch, ({ problemId }) => problemId).values());
  const correct = batch.filter((facts) => facts.correct).length;
  const fullySolved = groups.filter((group) => group.every((facts) => facts.correct)).length;
  return {
    rollouts: batch.length,
    prompts: groups.length,
    correct,
    correctRatio: correct / batch.length,
    fullySolved,
    fullySolvedRatio: fullySolved / groups.length,
    meanReward: mean(({ reward }) => reward),
    meanResponseLength: mean(({ length }) => length),
    meanEntropy: mean(({ entropy }) => entropy),
    truncatedRatio: mean(({ truncated }) => truncated ? 1 : 0),
  };
};

/** All Rewarded to one Dynamics; empty input is an error. */
export const dynamicsStage = makeStage({
  name: "dynamics",
  summary: "Measures a batch of rollouts: share of correct responses and of fully solved prompts, entropy, length",
  settings: duplicates,
  input: Records.Rewarded,
  needs: ["problemId", "correct", "reward", "responseTokens", "entropy", "finish"],
  output: Records.Dynamics,
  run: (input, { allowDuplicates }) =>
    Stream.fromEffect(
      Effect.flatMap(Stream.runCollect(Stream.map(unique("dynamics", allowDuplicates, input), factsOf)), (batch) =>
        batch.length > 0 ? Effect.succeed(dynamics(batch)) : Effect.fail(
          new Stage.StageError({ stage: "dynamics", message: "Cannot measure a batch: there are no rollouts" }),
        )),
    ),
});
