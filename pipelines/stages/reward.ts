/**
 * Turns a verdict into a reward: +1 for a correct response, -1 for any other (Eq. 1). `--as-published` gives 1 and 0, as the authors' code;
 * this affects only PPO, since the other algorithms treat a wrong response as -1 in both cases.
 */
import { Stream } from "effect";
import * as Records from "../records/schema.ts";
import { makeStage } from "./stage.ts";
import type { Settings } from "../settings/settings.ts";
import { published } from "../settings/groups.ts";

/** The verdict with its reward: +1 or -1, or 1 or 0 as published. */
export const reward = <A extends Pick<Records.Verdict, "correct">>(
  verdict: A,
  { asPublished }: Partial<Pick<Settings, "asPublished">> = {},
): A & { readonly reward: number } => ({
  ...verdict,
  reward: verdict.correct ? 1 : asPublished === true ? 0 : -1,
});

/** Verdict to Rewarded, one by one. */
export const rewardStage = makeStage({
  name: "reward",
  summary: "Gives +1 to correct responses and -1 to all others",
  settings: published,
  input: Records.Verdict,
  needs: ["correct"],
  output: Records.Rewarded,
  run: (input, config) => Stream.map(input, (verdict) => reward(verdict, config)),
});
