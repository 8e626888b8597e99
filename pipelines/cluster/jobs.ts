/**
 * Where a stage's work is done. A stage hands its work to `Jobs`: by default it is done here, in this process, with no server and nothing
 * written; in a cluster its blocks become jobs. A stage asks in the same way in both cases.
 */
import { Context, type Effect, type Stream } from "effect";
import type { Json } from "@effect/schema";
import type { Policy } from "../models/policy.ts";
import type { Failure } from "../settings/command.ts";

/** A piece of the input of a stage: its records as text, and settings that are its own. */
export interface Block {
  readonly text: string;
  readonly settings?: Readonly<Record<string, Json>>;
}

/** Work of a stage that can be cut into blocks; the records of the blocks, in order, are the records of the whole. */
export interface Work<A, E, R> {
  readonly stage: string;
  /** What the result depends on besides the input. */
  readonly settings: Readonly<Record<string, Json>>;
  /** The directory of the model, if the stage needs one. */
  readonly model?: string;
  readonly blocks: ReadonlyArray<Block>;
  /** The whole work in this process. */
  readonly here: Stream.Stream<A, E, R>;
  /** The records of a block from the text of its result. */
  readonly decode: (text: string, block: number) => Effect.Effect<ReadonlyArray<A>, Failure>;
}

/** What hands out work. */
export interface Executor {
  /** How many works it takes at a time; undefined for this process, which has a device to share. */
  readonly atOnce?: number;
  readonly run: <A, E, R>(work: Work<A, E, R>) => Stream.Stream<A, E | Failure, R>;
}

/** The current executor: this process, unless a command has `--cluster`. */
export const Jobs: Context.Reference<Executor> = Context.Reference("signum/pipelines/cluster/Jobs", {
  defaultValue: (): Executor => ({ run: (work) => work.here }),
});

/** What a worker gives to a stage that runs a block. */
export interface BlockInput {
  readonly settings: Readonly<Record<string, Json>>;
  /** The text of the block. */
  readonly text: string;
  /** The directory of the model, on this machine. */
  readonly model: string | undefined;
}

/** Runs blocks of one stage; what it keeps between blocks (a loaded model) is its own. */
export type Runner = (input: BlockInput) => Effect.Effect<string, Failure, Policy>;

/** A runner, made when the first block of its stage comes. */
export type MakeRunner = Effect.Effect<Runner, Failure, Policy>;
