/**
 * Makes a base for the tiny study: a Qwen3 of 79,040 parameters that learns countdown from noisy demonstrations, 1,000 steps of 256 with
 * AdamW (0.9, 0.98), warm-up and a cosine to 5 % of the peak rate. The seed decides weights and demonstrations, so the shipped bases can be
 * made again, byte for byte on one adapter.
 */
import { Effect } from "effect";
import * as Countdown from "../data/tasks/countdown.ts";
import {
  countdownGenerationConfig,
  countdownTokenizer,
  countdownTokenizerConfig,
  endOfResponse,
  promptLength,
  responseLength,
  vocabulary,
} from "../data/tasks/countdown_vocabulary.ts";
import { Key } from "../data/random.ts";
import * as Checkpoint from "./models/checkpoint.ts";
import { formatJson, writeText } from "./models/checkpoint_directory.ts";
import { likelihoodGradient } from "./models/gradient.ts";
import { initialize } from "./models/initialize.ts";
import { layerPolicy } from "./models/layer_policy.ts";
import { fileTensors } from "./models/model.ts";
import { faultMessage, parseModelConfig } from "./models/model_config.ts";
import * as Optimizer from "./models/optimizer.ts";
import { release } from "./models/parameters.ts";
import { Policy } from "./models/policy.ts";
import * as Command from "./runtime/command.ts";
import * as Progress from "./runtime/progress.ts";
import { StandardStreams } from "./runtime/standard_streams.ts";
import { join } from "node:path";

/** The architecture of the tiny study's bases. */
const architecture = {
  architectures: ["Qwen3ForCausalLM"],
  model_type: "qwen3",
  vocab_size: vocabulary.length,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  hidden_act: "silu",
  max_position_embeddings: 32,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  tie_word_embeddings: true,
  attention_bias: false,
  attention_dropout: 0,
  bos_token_id: null,
  eos_token_id: endOfResponse,
  dtype: "float32",
};

const beta2 = 0.98;
const floor = 0.05;

/** The learning rate of a step (from 0): linear warm-up, then a cosine to 5 % of the peak. */
export const rateAt = (step: number, steps: number, peak: number, warmup: number): number =>
  peak * Math.min(1, (step + 1) / warmup) * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * step / steps)));

/** Demonstrations, each up to its first end token. */
const sequencesOf = ({ prompts, responses }: Countdown.Demonstrations, count: number) =>
  Array.from({ length: count }, (_, row) => {
    const response = responses.subarray(row * responseLength, (row + 1) * responseLength);
    const end = response.indexOf(endOfResponse);
    return {
      promptTokens: prompts.subarray(row * promptLength, (row + 1) * promptLength),
      responseTokens: response.subarray(0, end < 0 ? responseLength : end + 1),
    };
  });

/** The sequences of one pretraining step; with a latent mode half of them are shown under each tag, those under `direct` mostly wrong. */
export const demonstrationBatch = (seed: number, step: number, count: number, latent = false) => {
  const key = Key.fold(Key.make(seed), "pretrain");
  if (!latent) return sequencesOf(Countdown.demonstrations(key, count, { from: step * count }), count);
  const half = Math.ceil(count / 2);
  const parts = [["think", half], ["direct", count - half]] as const;
  return parts.flatMap(([tag, share]) =>
    sequencesOf(
      Countdown.demonstrations(Key.fold(key, tag), share, {
        from: step * share,
        tag,
        noise: Countdown.latentNoise[tag],
      }),
      share,
    )
  );
};

/** `deno task pretrain`. */
export const pretrainCommand = Command.make({
  name: "pretrain",
  summary: "Makes a small base model for countdown from noisy demonstrations",
  settings: [
    "out",
    "seed",
    "steps",
    "demonstrations",
    "latent",
    "learningRate",
    "warmup",
    "weightDecay",
    "maxGradNorm",
    "gradientChunk",
  ],
  required: ["out"],
  defaults: { seed: 1, steps: 1000, learningRate: 4e-3 },
  run: (config) =>
    Effect.scoped(Effect.gen(function* () {
      const policy = yield* Policy;
      const { report } = yield* StandardStreams;
      const steps = config.steps ?? 1000;
      const parsed = parseModelConfig({ file: "config.json", text: JSON.stringify(architecture) });
      if (!parsed.ok) return yield* new Command.UsageError({ message: faultMessage(parsed.fault) });
      const model = initialize(policy.encoder, parsed.config, config.seed);
      let optimizer = Optimizer.make(model);
      const progress = yield* Progress.make("pretrain", steps);
      let last = 0;
      for (let step = 0; step < steps; step++) {
        const batch = demonstrationBatch(config.seed, step, config.demonstrations, config.latent);
        const { gradient, gradNorm, loss } = yield* likelihoodGradient(model, batch, config.gradientChunk);
        const learningRate = rateAt(step, steps, config.learningRate, config.warmup);
        optimizer = Optimizer.update(model, optimizer, gradient, gradNorm, { ...config, learningRate, beta2 });
        release(model.encoder, gradient);
        last = loss;
        yield* progress.advance(1, `loss ${loss.toFixed(4)}`);
      }
      yield* Checkpoint.write(config.out, {
        config: parsed.config,
        tensors: fileTensors(model.encoder, model.parameters),
        also: (partial) =>
          Effect.gen(function* () {
            yield* writeText(join(partial, "tokenizer.json"), formatJson(countdownTokenizer()));
            yield* writeText(join(partial, "tokenizer_config.json"), formatJson(countdownTokenizerConfig()));
            yield* writeText(join(partial, "generation_config.json"), formatJson(countdownGenerationConfig()));
            yield* writeText(join(partial, "README.md"), modelCard(config, steps, last));
          }),
      });
      yield* report(`wrote "${config.out}", loss ${last.toFixed(4)} at the end`);
    })).pipe(Effect.provide(layerPolicy)),
});

const modelCard = (
  config: { readonly seed: number; readonly demonstrations: number; readonly latent: boolean },
  steps: number,
  loss: number,
): string =>
  `# countdown base${config.latent ? " with a latent mode" : ""}, seed ${config.seed}

A Qwen3 of 79,040 parameters, pretrained on noisy demonstrations of the task \`countdown\` (${steps} steps of ${config.demonstrations}; loss at
the end ${loss.toFixed(4)}). ${
    config.latent ? "Strong where its prompt begins with `<think>`, weak where it begins with `<direct>`. " : ""
  }Made by

    deno task pretrain --seed ${config.seed}${config.latent ? " --latent" : ""} --out DIR

The base of the tiny study, not a model for any other use. Apache-2.0.
`;
