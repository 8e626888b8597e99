/** A stage that only the tests have: keeps responses of at most so many tokens. */
import { Effect, Stream } from "effect";
import { stageLoaders } from "../../pipelines/commands/loaders.ts";
import { stages } from "../../pipelines/commands/stages.ts";
import * as Records from "../../pipelines/records/schema.ts";
import { integer, setting } from "../../pipelines/settings/setting.ts";
import { makeStage } from "../../pipelines/stages/stage.ts";

/** The stage. */
export const throwAwayStage = makeStage({
  name: "throw-away",
  summary: "Keeps short responses",
  settings: { longest: setting(4, integer({ min: 1 }), "tokens of the longest response that stays") },
  input: Records.Rewarded,
  needs: ["responseTokens"],
  output: Records.Rewarded,
  run: (input, { longest }) => Stream.filter(input, ({ responseTokens }) => responseTokens.length <= longest),
});

Object.assign(stages, { [stages.length]: throwAwayStage });
Object.assign(stageLoaders, { [throwAwayStage.name]: Effect.succeed(throwAwayStage.command) });
