/**
 * The records of runs that a page shows, as lines of a file (`excerpts.ndjson`): one prompt's records of every stage in one step, and some
 * graded responses, each line with the record as the run wrote it. With it, a page is derived from its folder of results alone.
 */
import { Result } from "effect";
import { decodeRecord, encode } from "../../records/record.ts";
import { optionalField, recordSchema, type ValuesOf } from "../../records/record_schema.ts";
import * as Records from "../../records/schema.ts";
import type { SampledGroup, SampledResponse } from "./responses_section.ts";
import type { Kept, Walk } from "./walk.ts";

/** Responses of some runs, and one prompt's records through the stages. */
export interface ShownRecords {
  readonly responses: ReadonlyArray<SampledGroup>;
  readonly walk?: Walk;
}

const head = {
  kind: { literals: ["walk", "response"] },
  /** The group of a response. */
  where: optionalField("string"),
  run: optionalField("string"),
  algorithm: optionalField("string"),
  step: optionalField("count"),
  miniBatch: optionalField("count"),
  stage: optionalField("string"),
  file: optionalField("string"),
  line: optionalField("count"),
  advantages: optionalField("floats"),
} as const;

/** A line without its record; `pieces`, the texts of the record's response tokens, are not in the table and are checked when it is read. */
const Head: Records.RecordSchema<Head> = recordSchema("Excerpt", head);
type Head = ValuesOf<typeof head> & { readonly pieces?: ReadonlyArray<string> };

const mark = `,"record":`;

/** The record comes last and verbatim, so its numbers are not printed again. */
const lineOf = (head: Head, record: string): string => `${encode(head).slice(0, -1)}${mark}${record}}`;

const stages = [
  "prompts",
  "rollouts",
  "verdicts",
  "rewarded",
  "dynamics",
  "signed",
  "scored",
  "credited",
  "gradients",
  "states",
] as const;

/** The lines of the file. */
export const excerptLines = ({ responses, walk }: ShownRecords): ReadonlyArray<string> => {
  const walked = walk === undefined ? [] : stages.flatMap((stage) =>
    walk[stage].map(({ file, line, text, record }) => {
      const { run, algorithm, step, miniBatch } = walk;
      const pieces = stage === "rollouts" && "responseTokens" in record ? walk.pieces(record) : undefined;
      return lineOf(
        { kind: "walk", run, algorithm, step, miniBatch, stage, file, line, ...(pieces && { pieces }) },
        text,
      );
    })
  );
  const sampled = responses.flatMap(({ where, responses }) =>
    responses.map(({ record, pieces, advantages }) =>
      lineOf(
        { kind: "response", where, pieces, ...(advantages && { advantages: Float32Array.from(advantages) }) },
        encode(record),
      )
    )
  );
  return [...walked, ...sampled];
};

interface Line {
  readonly head: Head;
  readonly text: string;
  readonly number: number;
}

const needsOf = <A extends object>(noun: Records.RecordSchema<A>) =>
  noun.fields.filter(({ optional }) => !optional).map(({ name }) => name);

/** Reads the lines of the file; `source` is its name in messages. */
export const fromExcerpts = (lines: ReadonlyArray<string>, source: string): Result.Result<ShownRecords, string> =>
  Result.gen(function* () {
    const read: Line[] = [];
    for (const [i, line] of lines.entries()) {
      const place = { source, line: i + 1 };
      const head = yield* Result.mapError(decodeRecord(Head, needsOf(Head), line, place), ({ message }) => message);
      const at = line.indexOf(mark);
      const isText = head.pieces === undefined ||
        Array.isArray(head.pieces) && head.pieces.every((piece) => typeof piece === "string");
      if (at < 0 || !isText) {
        const field = at < 0 ? `field "record" must stand last` : `field "pieces" must be a list of texts`;
        return yield* Result.fail(`Cannot read Excerpt from "${source}", line ${i + 1}: ${field}`);
      }
      read.push({ head, text: line.slice(at + mark.length, -1), number: i + 1 });
    }
    const record = <A extends object>(noun: Records.RecordSchema<A>, { text, number }: Line) =>
      Result.mapError(decodeRecord(noun, needsOf(noun), text, { source, line: number }), ({ message }) => message);
    const walked = read.filter(({ head }) => head.kind === "walk");
    const kept = <A extends object>(stage: typeof stages[number], noun: Records.RecordSchema<A>) =>
      Result.all(
        walked.filter(({ head }) => head.stage === stage).map((one) =>
          Result.map(record(noun, one), (found): Kept<A> => ({
            file: one.head.file ?? "",
            line: one.head.line ?? 0,
            text: one.text,
            record: found,
          }))
        ),
      );
    const rollouts = yield* kept("rollouts", Records.Rollout);
    const pieces = new Map(
      rollouts.map(({ record: { sampleIndex }, line }) => [
        sampleIndex,
        walked.find(({ head }) => head.stage === "rollouts" && head.line === line)?.head.pieces ?? [],
      ]),
    );
    const [first] = walked;
    const walk: Walk | undefined = first === undefined ? undefined : {
      run: first.head.run ?? "run",
      step: first.head.step ?? 0,
      algorithm: first.head.algorithm ?? "the algorithm",
      miniBatch: first.head.miniBatch ?? 1,
      problemId: rollouts[0]?.record.problemId ?? "",
      prompts: yield* kept("prompts", Records.Prompt),
      rollouts,
      verdicts: yield* kept("verdicts", Records.Verdict),
      rewarded: yield* kept("rewarded", Records.Rewarded),
      dynamics: yield* kept("dynamics", Records.Dynamics),
      signed: yield* kept("signed", Records.Signed),
      scored: yield* kept("scored", Records.Scored),
      credited: yield* kept("credited", Records.Credited),
      gradients: yield* kept("gradients", Records.Gradient),
      states: yield* kept("states", Records.PolicyState),
      pieces: ({ sampleIndex }) => pieces.get(sampleIndex) ?? [],
    };
    const sampled = yield* Result.all(
      read.filter(({ head }) => head.kind === "response").map((one) =>
        Result.map(record(Records.Rewarded, one), (found) => {
          const { where = "", pieces = [], advantages } = one.head;
          const { logProbs, entropy } = found;
          const response: SampledResponse = {
            record: found,
            pieces,
            logProbs,
            entropy,
            ...(advantages && { advantages }),
          };
          return { where, response };
        })
      ),
    );
    const groups = [...Map.groupBy(sampled, ({ where }) => where)].map(([where, some]) => ({
      where,
      responses: some.map(({ response }) => response),
    }));
    return { responses: groups, ...(walk && { walk }) };
  });
