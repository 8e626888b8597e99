/**
 * Where a stage's work is done. A stage hands its work to `Jobs`: by default it is done here, in this process, with no server and nothing
 * written; in a cluster its blocks become jobs. A stage asks in the same way in both cases.
 */
import { Context, type Effect, type Stream } from "effect";
import type { Json } from "@effect/schema";
import type { Model } from "../models/model.ts";
import type { Policy } from "../models/policy.ts";
import type { Failure } from "../settings/command.ts";

/** A piece of the input of a stage: its records as text, and settings that are its own. */
export interface InputBlock {
  readonly text: string;
  readonly settings?: Readonly<Record<string, Json>>;
  /** Makes again those blobs that the text names and that are lost; false if none was. */
  readonly mend?: Effect.Effect<boolean, Failure>;
}

/** The weights of a model on this process's device. */
export interface Weights {
  /** Another object whenever the numbers have changed. */
  readonly version: object;
  readonly model: Model;
  /** The directory with the model's configuration and tokenizer. */
  readonly dir: string;
}

/** Bytes by their hash, which a result may name beside its text: numbers of a gradient. */
export interface Blobs {
  readonly put: (bytes: Uint8Array) => Effect.Effect<string, Failure>;
  readonly get: (name: string) => Effect.Effect<Uint8Array, Failure>;
}

/** Blobs as the process that asked for a result has them. */
export interface ResultBlobs extends Blobs {
  /** Names blobs of the result that are read when all results are there; a transient work removes them in the end. */
  readonly spend: (names: ReadonlyArray<string>) => void;
}

/** The blobs that results named; one that is lost, or whose hash is wrong, is made again by its own job. */
export interface SpentBlobs extends Pick<Blobs, "get"> {
  /** Makes again those that are lost; false if none of them ever was. */
  readonly mend: (names: ReadonlyArray<string>) => Effect.Effect<boolean, Failure>;
}

/** Work of a stage that can be cut into blocks; the records of the blocks, in order, are the records of the whole. */
export interface StageWork<A, E, R> {
  readonly stage: string;
  /** What the result depends on besides the input. */
  readonly settings: Readonly<Record<string, Json>>;
  /** The directory of the model, if the stage needs one. */
  readonly model?: string;
  /** The weights that the stage runs, instead of a directory's. */
  readonly weights?: Weights | undefined;
  /** Whether nobody asks for the results again: they and their blobs are removed when all have been read. */
  readonly transient?: boolean;
  readonly blocks: ReadonlyArray<InputBlock>;
  /** The whole work in this process. */
  readonly here: Stream.Stream<A, E, R>;
  /** The records of a block from the text of its result, one block after the other. */
  readonly decode: (text: string, block: number, blobs: ResultBlobs) => Effect.Effect<ReadonlyArray<A>, E | Failure>;
  /** Records that follow those of the blocks; made once all blocks are there, and before the blobs of a transient work are removed. */
  readonly last?: ((blobs: SpentBlobs) => Effect.Effect<ReadonlyArray<A>, E | Failure>) | undefined;
}

/** What hands out work. */
export interface Executor {
  /** How many works it takes at a time; undefined for this process, which has a device to share. */
  readonly atOnce?: number;
  readonly run: <A, E, R>(work: StageWork<A, E, R>) => Stream.Stream<A, E | Failure, R>;
}

/** The executor that does all work in this process. */
export const thisProcess: Executor = { run: (work) => work.here };

/** The current executor: this process, unless a command has `--cluster`. */
export const Jobs: Context.Reference<Executor> = Context.Reference("signum/pipelines/cluster/Jobs", {
  defaultValue: () => thisProcess,
});

/** What a worker gives to a stage that runs a block. */
export interface BlockInput {
  readonly settings: Readonly<Record<string, Json>>;
  /** The text of the block. */
  readonly text: string;
  /** The directory of the model, on this machine; where the job names weights, that of their configuration and tokenizer. */
  readonly model: string | undefined;
  /** The weights that the job names, on the device; they stay with the worker. */
  readonly weights?: Model | undefined;
  readonly blobs: Blobs;
}

/** Runs blocks of one stage; what it keeps between blocks (a loaded model) is its own. */
export type Runner = (input: BlockInput) => Effect.Effect<string, Failure, Policy>;

/** A runner, made when the first block of its stage comes. */
export type MakeRunner = Effect.Effect<Runner, Failure, Policy>;
