/**
 * The graded responses of an evaluation on disk. Each is appended to `samples.ndjson.partial` as it comes and is on disk before the next is
 * requested. After a kill, the reopened log has all of them but a truncated last line. When the last one is there, the records are sorted
 * by problem and sample index, and the file is renamed to `samples.ndjson`, which marks the evaluation as finished.
 */
import { Effect, Result, type Scope, Stream } from "effect";
import { Buffer } from "node:buffer";
import { open as openFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { exists, pieces, reasonOf } from "../files/text_file.ts";
import type { Failure } from "../settings/command.ts";
import { decodeLines } from "../records/ndjson.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { type Fact, factFrom } from "./facts.ts";
import type { Graded } from "./graded.ts";

/** The file of a finished evaluation. */
export const samplesFile = "samples.ndjson";

/** The greedy responses of an evaluation, one to each problem, where they are drawn besides. */
export const greedyFile = "greedy.ndjson";

/** Graded responses by problem and sample index. */
export interface SampleLog {
  readonly has: (problemId: string, sampleIndex: number) => boolean;
  /** The number of responses. */
  readonly count: () => number;
  readonly keep: (graded: ReadonlyArray<Graded>) => Effect.Effect<void, Failure>;
  /** All responses, in the order of problems and sample indices. */
  readonly facts: () => ReadonlyArray<Fact>;
  /** Writes the finished file; requires all responses. */
  readonly finish: Effect.Effect<void, Failure>;
}

/** The position of a record in the file. */
interface Place {
  readonly offset: number;
  readonly length: number;
}

interface Index {
  readonly add: (fact: Fact, length: number) => string | undefined;
  readonly has: (problemId: string, sampleIndex: number) => boolean;
  readonly facts: () => ReadonlyArray<Fact>;
  readonly places: () => ReadonlyArray<Place>;
  readonly inOrder: () => boolean;
  readonly count: () => number;
}

/** The records by problem and sample index; they are added in the order of the file. */
const indexOf = (problems: ReadonlyArray<string>, responses: number): Index => {
  const rows = new Map(problems.map((problemId, row) => [problemId, row]));
  const facts: Array<Fact | undefined> = Array.from({ length: problems.length * responses });
  const places: Array<Place | undefined> = Array.from({ length: problems.length * responses });
  let [end, count, last, ordered] = [0, 0, -1, true];
  const at = (problemId: string, sampleIndex: number): number | undefined => {
    const row = rows.get(problemId);
    return row === undefined || sampleIndex >= responses ? undefined : row * responses + sampleIndex;
  };
  return {
    add: (fact, length) => {
      const place = at(fact.problemId, fact.sampleIndex);
      const name = `response ${fact.sampleIndex} to "${fact.problemId}"`;
      if (place === undefined) return `${name} was not asked for`;
      if (facts[place] !== undefined) return `${name} is there twice`;
      facts[place] = fact;
      places[place] = { offset: end, length };
      ordered &&= place > last;
      [end, count, last] = [end + length, count + 1, place];
      return undefined;
    },
    has: (problemId, sampleIndex) => facts[at(problemId, sampleIndex) ?? -1] !== undefined,
    facts: () => facts.filter((fact) => fact !== undefined),
    places: () => places.filter((place) => place !== undefined),
    inOrder: () => ordered,
    count: () => count,
  };
};

const failure = (message: string) => new RunDirectory.RunError({ reason: "file", message });

/** Adds one line to the index; `line` counts from 1. */
const addLine = (index: Index, source: string, text: string, line: number): Result.Result<void, Failure> =>
  Result.flatMap(
    factFrom(text, { source, line }),
    (fact): Result.Result<void, Failure> => {
      const problem = index.add(fact, Buffer.byteLength(text) + 1);
      return problem === undefined
        ? Result.void
        : Result.fail(failure(`Cannot use "${source}", line ${line}: ${problem}`));
    },
  );

/** A log in memory, for an evaluation without `--out`. */
export const inMemory = (problems: ReadonlyArray<string>, responses: number): SampleLog => {
  const index = indexOf(problems, responses);
  return {
    ...index,
    keep: (graded) => Effect.sync(() => graded.forEach(({ line: _, ...fact }) => index.add(fact, 0))),
    finish: Effect.void,
  };
};

/** Opens a log in the folder `out`: the finished file if it exists, else the partial one. */
export const openSampleLog = Effect.fn("SampleLog.open")(function* (
  out: string,
  problems: ReadonlyArray<string>,
  responses: number,
  file: string = samplesFile,
): Effect.fn.Return<SampleLog, Failure, Scope.Scope> {
  const index = indexOf(problems, responses);
  const [whole, partial] = [join(out, file), join(out, `${file}.partial`)];
  if (yield* exists(whole)) {
    yield* Stream.runDrain(decodeLines(pieces(whole), whole, (text, line) => addLine(index, whole, text, line)));
    const expected = problems.length * responses;
    if (index.count() !== expected) {
      return yield* failure(`Cannot use "${whole}": it has ${index.count()} responses, expected ${expected}`);
    }
    // A kill between the last two steps of finishing leaves the partial file behind.
    yield* attempt("remove", partial, () => rm(partial, { force: true }));
    return {
      ...index,
      keep: () => Effect.fail(failure(`Cannot add to "${whole}": it is finished`)),
      finish: Effect.void,
    };
  }
  let fault: Failure | undefined;
  let line = 0;
  const log = yield* RunDirectory.openLog(partial, (text) => {
    line++;
    if (fault === undefined) {
      const added = addLine(index, partial, text, line);
      if (Result.isFailure(added)) fault = added.failure;
    }
    return true;
  });
  if (fault !== undefined) return yield* Effect.fail(fault);
  return {
    ...index,
    keep: Effect.fnUntraced(function* (graded) {
      const lines = graded.map(({ line }) => line());
      yield* log.append(lines);
      for (const [i, { line: _, ...fact }] of graded.entries()) {
        const problem = index.add(fact, Buffer.byteLength(lines[i]) + 1);
        if (problem !== undefined) return yield* failure(`Cannot keep what was sampled: ${problem}`);
      }
    }),
    finish: Effect.suspend(() =>
      index.inOrder()
        ? attempt("rename", partial, () => rename(partial, whole))
        : Effect.andThen(order(partial, whole, index.places()), attempt("remove", partial, () => rm(partial)))
    ),
  };
});

const attempt = <A>(action: string, path: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => failure(`Cannot ${action} "${path}": ${reasonOf(cause)}`),
  });

const opened = (path: string, mode: "r" | "w") =>
  Effect.acquireRelease(
    attempt(mode === "r" ? "read" : "write", path, () => openFile(path, mode)),
    (file) => Effect.promise(() => file.close()),
  );

/** Writes the records of one file to another in the order of `places`, through a temporary file that is synced and renamed. */
const order = (from: string, to: string, places: ReadonlyArray<Place>) =>
  Effect.scoped(Effect.gen(function* () {
    const apart = `${to}.ordered`;
    const source = yield* opened(from, "r");
    const target = yield* opened(apart, "w");
    for (const { offset, length } of places) {
      const bytes = new Uint8Array(length);
      const { bytesRead } = yield* attempt("read", from, () => source.read(bytes, 0, length, offset));
      if (bytesRead !== length) return yield* failure(`Cannot read "${from}": it ended at byte ${offset + bytesRead}`);
      yield* attempt("write", apart, () => target.appendFile(bytes));
    }
    yield* attempt("write", apart, () => target.sync());
    yield* attempt("rename", apart, () => rename(apart, to));
  }));
