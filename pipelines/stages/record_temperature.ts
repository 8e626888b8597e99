/**
 * The temperature of a record's log-probs: its own, at which the response was drawn, else `--temperature`, else 1. If both are given and
 * differ, that is an error, since one would silently make the record off-policy. Greedy (0) counts as 1, as everywhere.
 */
import { Result } from "effect";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import { placeOf } from "../records/record.ts";

/** The field of a record that the rule reads; a foreign record may hold any value there. */
interface Drawn {
  readonly problemId: string;
  readonly temperature?: unknown;
}

/** The positive temperature of one record, or the error. */
export const temperatureOf = (record: Drawn, given: number | undefined): Result.Result<number, string> => {
  const { problemId, temperature: own } = record;
  if (own === undefined || own === null) return Result.succeed(logitTemperature(given ?? 1));
  const about = `the response to problem "${problemId}"${placeOf(record)}: field "temperature"`;
  if (typeof own !== "number" || !Number.isFinite(own) || own < 0) {
    return Result.fail(`${about} must be a number, at least 0, found ${JSON.stringify(own)}`);
  }
  return given === undefined || logitTemperature(given) === logitTemperature(own)
    ? Result.succeed(logitTemperature(own))
    : Result.fail(`${about} is ${own}, --temperature is ${given}`);
};

/** The common temperature of a mini-batch, or the error. */
export const commonTemperature = (
  records: ReadonlyArray<Drawn>,
  given: number | undefined,
): Result.Result<number, string> =>
  Result.gen(function* () {
    let common: number | undefined;
    for (const record of records) {
      const own = yield* temperatureOf(record, given);
      if (common !== undefined && common !== own) {
        const about = `the response to problem "${record.problemId}"${placeOf(record)}`;
        return yield* Result.fail(`${about}: field "temperature" is ${own}, those before have ${common}`);
      }
      common = own;
    }
    return common ?? logitTemperature(given ?? 1);
  });
