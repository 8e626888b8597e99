/** Log-probs, entropies and values of given responses: the trainer's forward pass without its backward. */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { tokenLogProbs } from "../../kernels/ops/token_log_probs/token_log_probs.ts";
import { Tape } from "../../kernels/gpu/tape.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { gradientChunks } from "../algorithms/gradient_chunks.ts";
import type { Model } from "../models/model.ts";
import { packedLength, type PackedRows, packRows, type Sequence } from "./packed_rows.ts";
import { transformer } from "../models/transformer.ts";
import { valueHead } from "../models/value_head.ts";

/** Tokens per scoring pass; rows are independent, so this does not change the result. */
export const passTokens = 8192;

/** Hidden states [R, C] at the rows that predict response tokens. */
export const predictorStates = (tape: Tape, model: Model, packed: PackedRows): Tensor => {
  const hidden = transformer(tape, model, model.table(packed.longest), packed.rows);
  const indices = tape.encoder.upload(packed.predictors, 1, packed.predictors.length);
  const states = embedding(tape, hidden, indices, packed.predictors.length, packed.predictors);
  tape.encoder.release(indices);
  return states;
};

/** The results of a pass for each sequence, in order: one number per response token. */
export interface Scores {
  readonly logProbs: ReadonlyArray<Float32Array<ArrayBuffer>>;
  readonly entropy: ReadonlyArray<Float32Array<ArrayBuffer>>;
}

/** The input of a pass: packed sequences, the first of which has the index `start` in the batch. */
export interface ScoringPass {
  readonly tape: Tape;
  readonly packed: PackedRows;
  readonly part: ReadonlyArray<Sequence>;
  readonly start: number;
}

/** Runs `run` on several sequences at a time, in order, and releases the tape after each pass. */
export const eachPass = Effect.fnUntraced(function* (
  { encoder }: Model,
  sequences: ReadonlyArray<Sequence>,
  run: (pass: ScoringPass) => Effect.Effect<void, DeviceError>,
) {
  for (const { start, end } of gradientChunks(sequences.map(packedLength), passTokens)) {
    const part = sequences.slice(start, end);
    const packed = packRows(encoder, part);
    const tape = new Tape(encoder, "inference");
    yield* run({ tape, packed, part, start });
    tape.free();
    packed.release();
  }
});

/** Log-probs and entropies (nats) of every response token of `sequences`, of the softmax at `temperature`. */
export const score = Effect.fn("Model.score")(function* (
  model: Model,
  sequences: ReadonlyArray<Sequence>,
  temperature: number,
): Effect.fn.Return<Scores, DeviceError> {
  const { encoder } = model;
  const logProbs: Float32Array<ArrayBuffer>[] = [];
  const entropy: Float32Array<ArrayBuffer>[] = [];
  yield* eachPass(model, sequences, ({ tape, packed, part }) =>
    Effect.gen(function* () {
      const targets = encoder.upload(packed.targets, 1, packed.targets.length);
      const states = predictorStates(tape, model, packed);
      const result = tokenLogProbs(tape, states, model.weights.head, targets, temperature);
      logProbs.push(...cut(yield* encoder.read(result.logProbs), part));
      entropy.push(...cut(yield* encoder.read(result.entropy), part));
      encoder.release(targets);
    }));
  return { logProbs, entropy };
});

/** The critic's value before each response token of `sequences`. */
export const values = Effect.fn("Model.values")(function* (
  critic: Model,
  sequences: ReadonlyArray<Sequence>,
): Effect.fn.Return<ReadonlyArray<Float32Array<ArrayBuffer>>, DeviceError> {
  const all: Float32Array<ArrayBuffer>[] = [];
  yield* eachPass(critic, sequences, ({ tape, packed, part }) =>
    Effect.gen(function* () {
      const output = valueHead(tape, critic, predictorStates(tape, critic, packed));
      all.push(...cut(yield* critic.encoder.read(output), part));
    }));
  return all;
});

/** Cuts the concatenated numbers of all responses into one list per response. */
export const cut = (
  flat: Float32Array<ArrayBuffer>,
  sequences: ReadonlyArray<Sequence>,
): Float32Array<ArrayBuffer>[] => {
  let start = 0;
  return sequences.map(({ responseTokens }) => flat.slice(start, start += responseTokens.length));
};
