/** The stage `sample`: prompts in, rollouts out, drawn in this process or by the workers of a cluster. */
import { Effect, Layer, Stream, Struct } from "effect";
import { layerJobs } from "../cluster/layer_jobs.ts";
import { resolveModel } from "../files/hub.ts";
import { makeProgress } from "../files/progress.ts";
import { openCheckpoint } from "../models/checkpoint.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import * as Records from "../records/schema.ts";
import { defaultBatch } from "../sampling/pool_shape.ts";
import { blocks, cluster, device, memory, models, passes, sampling, schedule } from "../settings/groups.ts";
import { fault } from "./sample_rollouts.ts";
import { drawRollouts } from "./sample_work.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";

/** Prompt to Rollout. */
export const sampleStage = makeStage({
  name: "sample",
  summary: "Draws responses to each prompt, with their log-probs and entropies",
  settings: {
    ...Struct.pick(models, ["model"]),
    ...sampling,
    ...Struct.pick(schedule, ["step"]),
    ...Struct.pick(memory, ["batch", "cache"]),
    ...passes,
    ...device,
    ...cluster,
    ...blocks,
  },
  required: ["model"],
  input: Records.Prompt,
  needs: ["problemId", "promptTokens"],
  output: Records.Rollout,
  buffered: true,
  layer: (config) => Layer.provideMerge(layerJobs(config), layerPolicy(config)),
  run: (input, config) =>
    Stream.unwrap(Effect.gen(function* () {
      const prompts = yield* Stream.runCollect(input);
      const checkpoint = yield* openCheckpoint(yield* resolveModel(config.model));
      for (const prompt of prompts) {
        const message = fault(prompt, checkpoint.config);
        if (message !== undefined) return yield* new Stage.StageError({ stage: "sample", message });
      }
      const together = config.batch ?? defaultBatch;
      const progress = yield* makeProgress("sample", prompts.length * config.responses, { together });
      return drawRollouts({ model: config.model, prompts, settings: config, finished: progress.advance });
    })),
});
