/**
 * Makes a base for countdown: a Qwen3, of 79,040 parameters where no other size is asked for, that learns from noisy demonstrations, 1,000
 * steps of 256 with AdamW (0.9, 0.98), warm-up and a cosine to 5 % of the peak rate. The seed decides weights and demonstrations, so the
 * shipped bases can be made again, byte for byte on the same kind of adapter.
 */
import { Effect, Struct } from "effect";
import * as Elementary from "../../data/elementary/mod.ts";
import * as Countdown from "../../data/tasks/countdown.ts";
import {
  countdownGenerationConfig,
  countdownTokenizer,
  countdownTokenizerConfig,
  endOfResponse,
  promptLength,
  responseLength,
  vocabulary,
} from "../../data/tasks/countdown_vocabulary.ts";
import { Key } from "../../data/random.ts";
import { writeModelDirectory } from "../models/checkpoint.ts";
import { formatJson, writeText } from "../files/checkpoint_directory.ts";
import { likelihoodGradient } from "../learning/gradient.ts";
import { initialize } from "../models/initialize.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { fileTensors } from "../models/model.ts";
import { parseModelConfig } from "../models/model_config.ts";
import { faultMessage } from "../files/json.ts";
import { makeOptimizer } from "../learning/optimizer.ts";
import { applyGradient, type TrainedModel } from "../learning/optimizer_step.ts";
import { parameterCount } from "../models/parameter_specs.ts";
import { Policy } from "../models/policy.ts";
import * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { base, device, files, optimizing, sampling, schedule } from "../settings/groups.ts";
import { withDefault } from "../settings/setting.ts";
import { makeProgress } from "../files/progress.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { defaults, flagOf, type Settings } from "../settings/settings.ts";
import { join } from "node:path";

/**
 * The `config.json` of a base: heads of 16 channels, two query heads to a key head, a feed-forward block twice as wide. Surplus ids stand after those
 * of the tokenizer; pretraining counts them among the tokens that it makes improbable, as that of a published padded model does.
 */
export const architecture = (width: number, layers: number, surplusIds = 0) => ({
  architectures: ["Qwen3ForCausalLM"],
  model_type: "qwen3",
  vocab_size: vocabulary.length + surplusIds,
  hidden_size: width,
  intermediate_size: 2 * width,
  num_hidden_layers: layers,
  num_attention_heads: width / 16,
  num_key_value_heads: width / 32,
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
});

/** What `pretrain` sets where nobody says otherwise. */
const tinyBase = { seed: 1, steps: 1000, learningRate: 4e-3 };

const beta2 = 0.98;
const floor = 0.05;

/** The learning rate of a step (from 0): linear warm-up, then a cosine to 5 % of the peak. */
export const rateAt = (step: number, steps: number, peak: number, warmup: number): number =>
  peak * Math.min(1, (step + 1) / warmup) * (floor + (1 - floor) * 0.5 * (1 + Elementary.cos(Math.PI * step / steps)));

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
const demonstrationBatch = (seed: number, step: number, count: number, latent = false) => {
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
export const pretrainCommand = makeCommand({
  name: "pretrain",
  summary: "Makes a small base model for countdown from noisy demonstrations",
  settings: {
    ...Struct.pick(files, ["out"]),
    seed: withDefault(sampling.seed, tinyBase.seed),
    ...Struct.pick(base, ["width", "layers", "surplusIds"]),
    steps: withDefault(schedule.steps, tinyBase.steps),
    ...Struct.pick(base, ["demonstrations", "latent"]),
    learningRate: withDefault(optimizing.learningRate, tinyBase.learningRate),
    ...base,
    ...Struct.pick(optimizing, ["weightDecay", "maxGradNorm"]),
    ...Struct.pick(schedule, ["gradientChunk"]),
    ...device,
  },
  required: ["out"],
  run: (config) => {
    const { width, layers, surplusIds } = config;
    if (width % 32 !== 0) {
      const message = `Cannot pretrain a model of --width "${width}": expected a multiple of 32`;
      return Effect.fail(new Command.UsageError({ message }));
    }
    return Effect.scoped(Effect.gen(function* () {
      const policy = yield* Policy;
      const { report } = yield* StandardStreams;
      const steps = config.steps ?? tinyBase.steps;
      const shape = architecture(width, layers, surplusIds);
      const parsed = parseModelConfig({ file: "config.json", text: JSON.stringify(shape) });
      if (!parsed.ok) return yield* new Command.UsageError({ message: faultMessage(parsed.fault) });
      const model = initialize(policy.encoder, parsed.config, config.seed);
      let trained: TrainedModel = { model, optimizer: makeOptimizer(model) };
      const progress = yield* makeProgress("pretrain", steps);
      let last = 0;
      for (let step = 0; step < steps; step++) {
        const batch = demonstrationBatch(config.seed, step, config.demonstrations, config.latent);
        const gradient = yield* likelihoodGradient(model, batch, config.gradientChunk);
        const learningRate = rateAt(step, steps, config.learningRate, config.warmup);
        trained = applyGradient(trained, gradient, { ...config, learningRate, beta2 });
        last = gradient.loss;
        yield* progress.advance(1, `loss ${last.toFixed(4)}`);
      }
      yield* writeModelDirectory(config.out, {
        config: parsed.config,
        tensors: fileTensors(model.encoder, model.parameters),
        also: (partial) =>
          Effect.gen(function* () {
            yield* writeText(join(partial, "tokenizer.json"), formatJson(countdownTokenizer()));
            yield* writeText(join(partial, "tokenizer_config.json"), formatJson(countdownTokenizerConfig()));
            yield* writeText(join(partial, "generation_config.json"), formatJson(countdownGenerationConfig()));
            yield* writeText(join(partial, "README.md"), modelCard(config, steps, last, parameterCount(parsed.config)));
          }),
      });
      yield* report(`wrote "${config.out}", loss ${last.toFixed(4)} at the end`);
    })).pipe(Effect.provide(layerPolicy(config)));
  },
});

/** The settings that make a base what it is, beside its seed and its mode. */
const shaping = [
  "width",
  "layers",
  "surplusIds",
  "steps",
  "demonstrations",
  "learningRate",
  "warmup",
  "weightDecay",
  "maxGradNorm",
  "gradientChunk",
  "kernels",
] as const;

const modelCard = (
  config: Pick<Settings, "seed" | "latent" | typeof shaping[number]>,
  steps: number,
  loss: number,
  parameters: number,
): string => {
  const usual: Partial<Settings> = { ...defaults, ...tinyBase };
  const flags = shaping.flatMap((key) => config[key] === usual[key] ? [] : [` --${flagOf(key)} ${config[key]}`]).join(
    "",
  );
  return `# countdown base${config.latent ? " with a latent mode" : ""}, seed ${config.seed}

A Qwen3 of ${
    parameters.toLocaleString("en-US")
  } parameters, pretrained on noisy demonstrations of the task \`countdown\` (${steps} steps of ${config.demonstrations}; loss at
the end ${loss.toFixed(4)}). ${
    config.latent ? "Strong where its prompt begins with `<think>`, weak where it begins with `<direct>`. " : ""
  }Made by

    deno task pretrain --seed ${config.seed}${config.latent ? " --latent" : ""}${flags} --out DIR

${
    flags === ""
      ? "The base of the tiny study"
      : "A base for a study of countdown"
  }, not a model for any other use. Apache-2.0.
`;
};
