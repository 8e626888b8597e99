/**
 * Rejects duplicate responses: the same problem, sample index and seed would count twice in every result, so a second one is an error that
 * names its line. With `--allow-duplicates` a record equal to the earlier one in every field is dropped; one that differs is still an
 * error. A record without a sample index cannot be checked.
 */
import { Effect, Result, Stream } from "effect";
import { createHash } from "node:crypto";
import type * as Records from "../records/schema.ts";
import { encode, placeOf } from "../records/record.ts";
import * as Stage from "./stage.ts";

type Named = Pick<Records.Rollout, "problemId"> & Partial<Pick<Records.Rollout, "sampleIndex" | "seed">>;

const digest = (record: object): string => createHash("sha256").update(encode(record)).digest("base64");

/** The filter of one input: true keeps a record, false drops an allowed duplicate; else the error. */
const sieve = (allowDuplicates: boolean) => {
  const seen = new Map<string, { readonly place: string; readonly content: string }>();
  return (record: Named): Result.Result<boolean, string> => {
    const { problemId, sampleIndex, seed } = record;
    if (sampleIndex === undefined) return Result.succeed(true);
    const name = JSON.stringify([problemId, sampleIndex, seed]);
    const before = seen.get(name);
    const content = allowDuplicates ? digest(record) : "";
    if (before === undefined) {
      seen.set(name, { place: placeOf(record), content });
      return Result.succeed(true);
    }
    if (allowDuplicates && before.content === content) return Result.succeed(false);
    const advice = allowDuplicates ? "the two differ" : "--allow-duplicates drops records that are equal";
    return Result.fail(
      `problem "${problemId}" has sampleIndex ${sampleIndex} twice: here${
        placeOf(record)
      } and before${before.place}; ${advice}`,
    );
  };
};

/** The records of an input without duplicates. */
export const unique = <A extends Named>(
  stage: string,
  allowDuplicates: boolean,
  input: Stream.Stream<A, Stage.StageError>,
): Stream.Stream<A, Stage.StageError> =>
  Stream.suspend(() => {
    const keeps = sieve(allowDuplicates);
    return Stream.filterEffect(
      input,
      (record) =>
        Effect.fromResult(
          Result.mapError(
            keeps(record),
            (problem) => new Stage.StageError({ stage, message: `Cannot count what is there twice: ${problem}` }),
          ),
        ),
    );
  });
