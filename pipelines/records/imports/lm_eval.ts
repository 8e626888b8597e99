/**
 * lm-evaluation-harness logs (`--log_samples`): `samples_TASK_DATE.jsonl`, one line per problem and filter, with `doc_id`, `doc`, `target`,
 * `arguments`, `resps` (all responses), `filtered_resps` and the metrics by name. `doc_id` is unique within a task, so a problem's name
 * includes the task from the file name. A problem that appears once per filter is read once. A target may be a list, also as text; any of
 * its items is right. A metric covers all responses of a line, so it is a verdict only for a single response.
 */
import { Result } from "effect";
import { isObject } from "../../../data/is_object.ts";
import { goldsOf } from "../../../data/tasks/golds.ts";
import {
  count,
  counter,
  type Fault,
  goldFields,
  type Importer,
  metricOf,
  partOf,
  type ReaderOptions,
  type Row,
  sourceName,
  written,
} from "./importer.ts";

/** Metrics that give a verdict, for files that do not list theirs. */
const usual = ["exact_match", "math_verify", "acc"];

const promptOf = ({ arguments: given }: Row): string | undefined => {
  const [first] = isObject(given) ? Object.values(given) : Array.isArray(given) ? given : [];
  const prompt = isObject(first) ? first.arg_0 : Array.isArray(first) ? first[0] : undefined;
  return typeof prompt === "string" ? prompt : undefined;
};

const questionOf = (row: Row, prompt: string | undefined): string | undefined => {
  const doc = isObject(row.doc) ? row.doc : {};
  return [doc.problem, doc.question, doc.query, prompt].find((one) => typeof one === "string");
};

/** The accepted answers, trimmed. */
const goldsOfTarget = (target: unknown): ReadonlyArray<string> | null => {
  const golds = goldsOf(Array.isArray(target) ? target.map((one) => written(one)) : target);
  return golds?.map((gold) => gold.trim()) ?? null;
};

const responsesOf = (row: Row): Result.Result<ReadonlyArray<string>, Fault> => {
  const { resps } = row;
  const [first] = Array.isArray(resps) ? resps : [];
  const listed = Array.isArray(first) ? first : resps;
  return Array.isArray(listed) && listed.every((one) => typeof one === "string")
    ? Result.succeed(listed)
    : Result.fail({ field: "resps", expected: "a list with one list of texts", found: resps });
};

const verdictOf = (row: Row, responses: ReadonlyArray<string>, options: ReaderOptions) => {
  if (responses.length !== 1) return Result.succeed({});
  const names = Array.isArray(row.metrics) ? row.metrics.filter((name) => typeof name === "string") : usual;
  const asked = options.metric === undefined || names.includes(options.metric) ? names : [...names, options.metric];
  return Result.map(metricOf(asked.map((name) => [name, row[name]] as const), options), (metric) => {
    if (metric === undefined) return {};
    const [answer] = Array.isArray(row.filtered_resps) ? row.filtered_resps : [];
    const [name, correct] = metric;
    return { answer: written(answer) ?? null, correct, reason: `lm-eval's ${name} is ${row[name]}` };
  });
};

/** Samples of lm-evaluation-harness. */
export const lmEval: Importer = {
  name: "lm-eval",
  summary: "lm-evaluation-harness's samples_*.jsonl",
  reader: (options) => {
    const { task, split } = options;
    const drawn = counter();
    const filters = new Map<string, unknown>();
    return (row, file) =>
      Result.gen(function* () {
        const problemId = sourceName(options, partOf("samples", file), yield* count(row, "doc_id"));
        if (!filters.has(problemId)) filters.set(problemId, row.filter);
        else if (filters.get(problemId) !== row.filter) {
          options.tell(`read by filter "${filters.get(problemId)}"; lines of filter "${row.filter}" are passed over`);
          return [];
        }
        const prompt = promptOf(row);
        const question = questionOf(row, prompt);
        if (question === undefined) {
          const expected = "an object with the text problem, question or query";
          return yield* Result.fail<Fault>({ field: "doc", expected, found: row.doc });
        }
        const responses = yield* responsesOf(row);
        const golds = goldFields(goldsOfTarget(row.target));
        const verdict = yield* verdictOf(row, responses, options);
        return responses.map((responseText) => ({
          task,
          split,
          problemId,
          question,
          ...golds,
          ...(prompt !== undefined && { promptText: prompt }),
          sampleIndex: drawn(problemId),
          responseText,
          ...verdict,
        }));
      });
  },
};
