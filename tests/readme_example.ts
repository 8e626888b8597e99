/** The example of `pipelines/README.md`, so that the types of what people copy are checked with the rest of the tree. */
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import * as S from "../mod.ts";

const settings = {
  model: "data/models/countdown_1",
  task: "countdown",
  prompts: 4,
  responses: 4,
  algorithm: "nsr",
} as const;
const gradient = S.Stage.run(S.promptStage, [], settings).pipe(
  (_) => S.Stage.run(S.sampleStage, _, settings),
  (_) => S.Stage.run(S.verifyStage, _),
  (_) => S.Stage.run(S.rewardStage, _),
  (_) => S.Stage.run(S.splitStage, _, settings),
  (_) => S.Stage.run(S.scoreStage, _, settings),
  (_) => S.Stage.run(S.advantageStage, _, settings),
  (_) => S.Stage.run(S.gradientStage, _, settings),
);
const print = Stream.runForEach(gradient, (record) => Effect.sync(() => console.log(record.negative)));
await Effect.runPromise(Effect.provide(print, S.layerPolicy()));
