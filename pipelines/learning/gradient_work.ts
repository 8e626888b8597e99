/**
 * A gradient as work that can be done elsewhere. A job is an aligned subtree of the tree that sums the chunks (`gradient_chunks.ts`): the hash
 * of the weights, the loss settings, the sequences of its chunks, and the lengths of all responses of the mini-batch, from which the denominators
 * follow. Its result is the sums of the subtree and the blobs of its gradient, one for each range of parameters.
 */
import { Effect, Result, Stream } from "effect";
import * as Schema from "@effect/schema";
import type { Chunk, Leaf } from "../algorithms/gradient_chunks.ts";
import type { Blobs, SpentBlobs, StageWork, Weights } from "../cluster/jobs.ts";
import { rangeBytes, rangesOf } from "../cluster/parameter_blobs.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { ParameterSet } from "../models/parameters.ts";
import { decodeRecord, encode } from "../records/record.ts";
import * as Records from "../records/schema.ts";
import type { Failure } from "../settings/command.ts";
import { GradientError } from "./finite_gradient.ts";
import type { Sequence } from "./packed_rows.ts";
import type { RangedSubtree } from "./range_sums.ts";

/** What the jobs of a gradient depend on besides their sequences. */
export interface HandedGradient {
  readonly weights: Weights;
  /** The loss, and whether it is the policy's or the critic's. */
  readonly settings: Readonly<Record<string, Schema.Json>>;
  /** Leaves per job, a power of two. */
  readonly span: number;
}

/** The sum of a leaf or of a subtree: a gradient on the device, and the sums over its chunks. */
export interface TreeSum<B> {
  readonly set: ParameterSet;
  readonly sums: B;
}

/** An aligned subtree: its first leaf, and those of its leaves that have chunks. */
export interface Subtree {
  readonly index: number;
  readonly leaves: ReadonlyArray<Leaf>;
}

/** The subtrees of `span` leaves. */
export const subtreesOf = (leaves: ReadonlyArray<Leaf>, span: number): ReadonlyArray<Subtree> =>
  [...Map.groupBy(leaves, ({ index }) => Math.floor(index / span))].map(([at, some]) => ({
    index: at * span,
    leaves: some,
  }));

const fields = [
  "problemId",
  "promptTokens",
  "responseTokens",
  "oldLogProbs",
  "advantages",
  "referenceLogProbs",
  "values",
  "returns",
] as const;

const count = Schema.Int.check(Schema.makeFilter((n) => n >= 0));
const Head = Schema.Struct({
  /** Tokens of each response of the mini-batch. */
  lengths: Schema.Array(count),
  /** Each leaf's index and the number of sequences in each of its chunks. */
  leaves: Schema.Array(Schema.Tuple([count, Schema.Array(count)])),
});
const decodeHead = Schema.decodeUnknownResult(Schema.fromJsonString(Head));

/** The text of a job: a line about the mini-batch and the subtree, and a line for each sequence. */
const textOf = ({ leaves }: Subtree, sequences: ReadonlyArray<Sequence>, lengths: ReadonlyArray<number>): string => {
  const head: typeof Head.Type = {
    lengths,
    leaves: leaves.map(({ index, chunks }) => [index, chunks.map(({ start, end }) => end - start)]),
  };
  const lines = leaves.flatMap(({ chunks }) => chunks).flatMap(({ start, end }) => sequences.slice(start, end))
    .map((sequence) => encode(Object.fromEntries(fields.map((field) => [field, Reflect.get(sequence, field)]))));
  return `${[JSON.stringify(head), ...lines].join("\n")}\n`;
};

/** The mini-batch's lengths, the leaves of a subtree with their chunks, and its sequences. */
export interface HandedSubtree {
  readonly lengths: ReadonlyArray<number>;
  readonly leaves: ReadonlyArray<Leaf>;
  readonly sequences: ReadonlyArray<Records.Credited>;
}

/** Reads a job's text. */
export const subtreeFrom = (text: string): Result.Result<HandedSubtree, Failure> => {
  const [first, ...lines] = text.split("\n").slice(0, -1);
  const head = decodeHead(first);
  if (Result.isFailure(head)) {
    return Result.fail(new GradientError({ message: "Cannot read the job of a gradient: its first line is wrong" }));
  }
  const { lengths, leaves: counts } = head.success;
  let at = 0;
  const leaves = counts.map(([index, sizes]) => ({
    index,
    chunks: sizes.map((size): Chunk => ({ start: at, end: at += size })),
  }));
  if (at !== lines.length) {
    const message = `Cannot read the job of a gradient: expected ${at} sequences, found ${lines.length}`;
    return Result.fail(new GradientError({ message }));
  }
  const needs = ["problemId", "promptTokens", "responseTokens"] as const;
  const read = lines.map((line, i) => decodeRecord(Records.Credited, needs, line, { source: "the job", line: i + 2 }));
  return Result.map(Result.all(read), (sequences) => ({ lengths, leaves, sequences }));
};

const Answer = Schema.Struct({
  /** Numbers; those that JSON has no word for, as text. */
  sums: Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.String])),
  ranges: Schema.Array(Schema.String),
});
const decodeAnswer = Schema.decodeUnknownEffect(Schema.fromJsonString(Answer));

const numberText = (x: number): number | string => Object.is(x, -0) ? "-0" : Number.isFinite(x) ? x : String(x);

/** The text of a result; puts the ranges of the gradient into the store. */
export const answerOf = Effect.fnUntraced(function* (
  encoder: Encoder,
  { set, sums }: TreeSum<object>,
  { put }: Pick<Blobs, "put">,
) {
  const ranges: string[] = [];
  for (const range of rangesOf(set.layout)) ranges.push(yield* put(yield* rangeBytes(encoder, set, range)));
  const numbers = Object.entries(sums).map(([key, value]) => [key, numberText(Number(value))]);
  return JSON.stringify({ sums: Object.fromEntries(numbers), ranges });
});

/** A gradient to hand out. */
export interface GradientRequest<A, B, E> extends HandedGradient {
  readonly subtrees: ReadonlyArray<Subtree>;
  readonly sequences: ReadonlyArray<A>;
  /** Tokens of each response of the whole mini-batch. */
  readonly lengths: ReadonlyArray<number>;
  /** The sums over nothing, whose fields a result has too. */
  readonly none: B;
  readonly here: Effect.Effect<TreeSum<B>, E>;
  /** Joins the gradients of all subtrees from their blobs. */
  readonly joined: (parts: ReadonlyArray<NamedSum<B>>, blobs: SpentBlobs) => Effect.Effect<TreeSum<B>, E | Failure>;
}

/** A subtree's sums, and the blobs of its gradient. */
export interface NamedSum<B> extends RangedSubtree {
  readonly sums: B;
}

/** The gradient as work, a subtree per block; it gives one sum. */
export const gradientWork = <A extends Sequence, B extends object, E>(
  { weights, settings, subtrees, sequences, lengths, none, here, joined }: GradientRequest<A, B, E>,
): StageWork<TreeSum<B>, E | Failure, never> => {
  const parts: NamedSum<B>[] = [];
  return {
    stage: "gradient",
    settings,
    weights,
    transient: true,
    // A text is made when its job is.
    blocks: subtrees.map((subtree) => ({
      get text() {
        return textOf(subtree, sequences, lengths);
      },
    })),
    here: Stream.fromEffect(here),
    decode: Effect.fnUntraced(function* (text, block, { spend }) {
      const { sums, ranges } = yield* Effect.mapError(
        decodeAnswer(text),
        () => new GradientError({ message: `Cannot read part ${block + 1} of a gradient: it has no sums` }),
      );
      const added: B = { ...none };
      for (const key of Object.keys(none)) Reflect.set(added, key, Number(sums[key]));
      spend(ranges);
      parts.push({ index: subtrees[block].index, ranges, sums: added });
      return [];
    }),
    last: (blobs) => Effect.map(joined(parts, blobs), (sum) => [sum]),
  };
};
