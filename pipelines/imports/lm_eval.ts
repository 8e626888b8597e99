/**
 * What lm-evaluation-harness logs (`--log_samples`): `samples_TASK_DATE.jsonl`, a line a problem and filter, with `doc_id`, `doc`, `target`,
 * `arguments`, `resps` (all responses), `filtered_resps` and the metrics by name. A problem that stands there once for each filter is read
 * once. A metric is about all responses of a line, so it is a verdict only where there is one response.
 */
import { Result } from "effect";
import { count, counter, type Fault, type Importer, isRow, judged, type Row, written } from "./importer.ts";

/** Metrics that say right or wrong, for files that do not list theirs. */
const usual = ["exact_match", "math_verify", "acc"];

const promptOf = ({ arguments: given }: Row): string | undefined => {
  const [first] = isRow(given) ? Object.values(given) : Array.isArray(given) ? given : [];
  const prompt = isRow(first) ? first.arg_0 : Array.isArray(first) ? first[0] : undefined;
  return typeof prompt === "string" ? prompt : undefined;
};

const questionOf = (row: Row, prompt: string | undefined): string | undefined => {
  const doc = isRow(row.doc) ? row.doc : {};
  return [doc.problem, doc.question, doc.query, prompt].find((one) => typeof one === "string");
};

/** The gold answer; of a solution as GSM8K has it, what stands after the last `####`. */
const goldOf = (target: unknown): string | undefined => written(target)?.split("####").at(-1)?.trim();

const responsesOf = (row: Row): Result.Result<ReadonlyArray<string>, Fault> => {
  const { resps } = row;
  const [first] = Array.isArray(resps) ? resps : [];
  const listed = Array.isArray(first) ? first : resps;
  return Array.isArray(listed) && listed.every((one) => typeof one === "string")
    ? Result.succeed(listed)
    : Result.fail({ field: "resps", expected: "a list with one list of texts", found: resps });
};

const verdictOf = (row: Row, responses: ReadonlyArray<string>) => {
  if (responses.length !== 1) return {};
  const names = Array.isArray(row.metrics) ? row.metrics.filter((name) => typeof name === "string") : usual;
  const name = names.find((one) => judged(row[one]) !== undefined);
  const correct = name === undefined ? undefined : judged(row[name]);
  if (correct === undefined) return {};
  const [answer] = Array.isArray(row.filtered_resps) ? row.filtered_resps : [];
  return { answer: written(answer) ?? null, correct, reason: `lm-eval's ${name} is ${row[name ?? ""]}` };
};

/** Samples of lm-evaluation-harness. */
export const lmEval: Importer = {
  name: "lm-eval",
  summary: "lm-evaluation-harness's samples_*.jsonl",
  reader: ({ task, split }) => {
    const drawn = counter();
    const filters = new Map<string, unknown>();
    return (row) =>
      Result.gen(function* () {
        const problemId = `${task}/${split}/${yield* count(row, "doc_id")}`;
        if (!filters.has(problemId)) filters.set(problemId, row.filter);
        else if (filters.get(problemId) !== row.filter) return [];
        const prompt = promptOf(row);
        const question = questionOf(row, prompt);
        if (question === undefined) {
          const expected = "an object with the text problem, question or query";
          return yield* Result.fail<Fault>({ field: "doc", expected, found: row.doc });
        }
        const responses = yield* responsesOf(row);
        const gold = goldOf(row.target);
        return responses.map((responseText) => ({
          task,
          split,
          problemId,
          question,
          ...(gold !== undefined && { goldAnswer: gold }),
          ...(prompt !== undefined && { promptText: prompt }),
          sampleIndex: drawn(problemId),
          responseText,
          ...verdictOf(row, responses),
        }));
      });
  },
};
