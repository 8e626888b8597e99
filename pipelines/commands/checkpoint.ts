/**
 * `deno task checkpoint`: a model's weights in another element type, as a Hugging Face directory that transformers and vLLM load.
 * Training goes on from float32 alone: at a rate of 1e-6 a bfloat16 weight would lose nearly every update, so 16 bits are an export.
 */
import { Effect, Struct } from "effect";
import { openCheckpoint, writeModelDirectory } from "../models/checkpoint.ts";
import type { CheckpointError } from "../files/safetensors.ts";
import { makeCommand } from "../settings/command.ts";
import { files, models } from "../settings/groups.ts";
import { parameterSpecs } from "../models/parameter_specs.ts";
import { resolveModel } from "../files/hub.ts";
import { StandardStreams } from "../files/standard_streams.ts";

/** `deno task checkpoint`; needs no GPU. */
export const checkpointCommand = makeCommand({
  name: "checkpoint",
  summary: "Writes a model's weights in another element type, as a Hugging Face directory",
  settings: { ...Struct.pick(models, ["model"]), dtype: files.dtype, out: files.out },
  required: ["model", "out"],
  run: ({ model, dtype, out }) =>
    Effect.gen(function* () {
      const dir = yield* resolveModel(model);
      const { report } = yield* StandardStreams;
      const { config, notes, read } = yield* openCheckpoint(dir);
      for (const note of notes) yield* report(note);
      const tensors = parameterSpecs(config).map(({ name, shape }) => ({ name, shape, read: read(name) }));
      const { sha256 } = yield* writeModelDirectory<CheckpointError>(out, {
        config,
        sourceDir: dir,
        tensors,
        type: dtype,
      });
      yield* report(`wrote "${out}" in ${dtype}, SHA-256 ${sha256}`);
    }),
});
