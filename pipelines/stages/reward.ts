/** Turns a verdict into a reward: +1 for a correct response, -1 for any other (Eq. 1). The paper's code scores 1 and 0. */
import { Stream } from "effect";
import * as Noun from "../schema.ts";
import * as Stage from "../runtime/stage.ts";

/** The verdict with its reward, +1 or -1. */
export const reward = <A extends Pick<Noun.Verdict, "correct">>(verdict: A): A & { readonly reward: number } => ({
  ...verdict,
  reward: verdict.correct ? 1 : -1,
});

/** Verdict to Rewarded, one by one. */
export const rewardStage = Stage.make({
  name: "reward",
  summary: "Gives +1 to correct responses and -1 to all others",
  settings: [],
  input: Noun.Verdict,
  needs: ["correct"],
  output: Noun.Rewarded,
  run: (input) => Stream.map(input, reward),
});
