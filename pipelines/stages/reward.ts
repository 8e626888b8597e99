/**
 * Turns a verdict into a reward: +1 for a correct response, -1 for any other (Eq. 1). `--as-published` gives 1 and 0, as the authors' code;
 * this affects only PPO, since the other algorithms treat a wrong response as -1 in both cases. `--false-accepts` and `--false-rejects` turn a
 * share of the rewards of one sign into the other's, as an unreliable verifier does; `correct` stays what the grader said. Each draw depends
 * on the run's seed, the step, the problem and the sample alone.
 */
import { Stream, Struct } from "effect";
import { Key, uniform } from "../../data/random.ts";
import * as Records from "../records/schema.ts";
import { makeStage } from "./stage.ts";
import type { Settings } from "../settings/settings.ts";
import { published, schedule, signals } from "../settings/groups.ts";

type Rewardable =
  & Pick<Records.Verdict, "correct">
  & Partial<Pick<Records.Verdict, "seed" | "problemId" | "sampleIndex">>;

type RewardSettings = Partial<Pick<Settings, "asPublished" | "falseAccepts" | "falseRejects" | "step">>;

/** Whether the verifier errs on a response: it accepts a wrong one, or rejects a correct one. */
const errs = (
  { correct, seed = 0, problemId = "", sampleIndex = 0 }: Rewardable,
  { falseAccepts = 0, falseRejects = 0, step = 0 }: RewardSettings,
): boolean => {
  const share = correct ? falseRejects : falseAccepts;
  if (share === 0) return false;
  return uniform(Key.fold(Key.make(seed), "verifier error", step, problemId, sampleIndex), 0) < share;
};

/** The verdict with its reward: +1 or -1, or 1 or 0 as published. */
export const reward = <A extends Rewardable>(
  verdict: A,
  settings: RewardSettings = {},
): A & { readonly reward: number } => ({
  ...verdict,
  reward: verdict.correct !== errs(verdict, settings) ? 1 : settings.asPublished === true ? 0 : -1,
});

/** Verdict to Rewarded, one by one. */
export const rewardStage = makeStage({
  name: "reward",
  summary: "Gives +1 to correct responses and -1 to all others",
  settings: {
    ...published,
    ...Struct.pick(signals, ["falseAccepts", "falseRejects"]),
    ...Struct.pick(schedule, ["step"]),
  },
  input: Records.Verdict,
  needs: ["correct"],
  needsUnder: ({ falseAccepts = 0, falseRejects = 0 }) =>
    falseAccepts + falseRejects > 0 ? ["seed", "problemId", "sampleIndex"] : [],
  output: Records.Rewarded,
  run: (input, config) => Stream.map(input, (verdict) => reward(verdict, config)),
});
