/**
 * Batch files of OpenAI's batch API and vLLM's `run-batch`: lines with `custom_id` and `response.body`, a chat completion or a completion.
 * A line without a response (`error`, a status other than 200) is skipped. The request file, given first, holds the prompts: `custom_id`
 * and `body` with `messages` or `prompt`; gold answers are in its `metadata` (`goldAnswer` or `answer`).
 */
import { Result } from "effect";
import { isObject } from "../../../data/is_object.ts";
import { goldsOf } from "../../../data/tasks/golds.ts";
import {
  counter,
  type Fault,
  goldFields,
  type Imported,
  type Importer,
  type Row,
  sourceName,
  text,
} from "./importer.ts";

type AskedFields = Pick<Imported, "question" | "goldAnswer" | "goldAnswers" | "promptText">;

const instructing: ReadonlyArray<unknown> = ["system", "developer"];

/** The prompt and gold answer of a request. */
const askedOf = (body: Row): AskedFields => {
  const { prompt, messages, metadata } = body;
  const golds = isObject(metadata) ? goldsOf(metadata.goldAnswer) ?? goldsOf(metadata.answer) : null;
  const said = Array.isArray(messages)
    ? messages.filter(isObject).filter(({ role }) => !instructing.includes(role))
    : [];
  const question = said.length === 1 ? said[0].content : prompt;
  return {
    ...(typeof question === "string" && { question }),
    ...(typeof prompt === "string" && { promptText: prompt }),
    ...goldFields(golds),
  };
};

/** The text of a choice; undefined for a message without content (a refusal, a tool call). */
const textOf = (choice: unknown): string | undefined => {
  if (!isObject(choice)) return undefined;
  if (!isObject(choice.message)) return typeof choice.text === "string" ? choice.text : undefined;
  const { content } = choice.message;
  return typeof content === "string" ? content : content === null || content === undefined ? "" : undefined;
};

const finishOf = (choice: unknown) =>
  isObject(choice) && (choice.finish_reason === "stop" || choice.finish_reason === "length")
    ? { finish: choice.finish_reason } as const
    : {};

const choicesOf = (body: unknown): Result.Result<ReadonlyArray<unknown>, Fault> => {
  const choices = isObject(body) ? body.choices : undefined;
  return Array.isArray(choices)
    ? Result.succeed(choices)
    : Result.fail({ field: "response.body.choices", expected: "a list", found: choices });
};

/** Batch files of OpenAI and vLLM. */
export const openaiBatch: Importer = {
  name: "openai-batch",
  summary: "batch files of OpenAI and vLLM",
  reader: (options) => {
    const { task, split, tell } = options;
    const drawn = counter();
    const requests = new Map<string, AskedFields>();
    return (row) =>
      Result.gen(function* () {
        const id = yield* text(row, "custom_id");
        if (isObject(row.body)) {
          requests.set(id, askedOf(row.body));
          return [];
        }
        if (!isObject(row.response) || row.response.status_code !== 200) {
          if (!isObject(row.error) && !isObject(row.response)) {
            return yield* Result.fail<Fault>({ field: "response", expected: "an object", found: row.response });
          }
          tell("requests that got no response are passed over");
          return [];
        }
        const problemId = sourceName(options, undefined, id);
        const read: Array<Imported> = [];
        for (const [i, choice] of (yield* choicesOf(row.response.body)).entries()) {
          const responseText = textOf(choice);
          if (responseText === undefined) {
            const field = `response.body.choices[${i}]`;
            return yield* Result.fail<Fault>({ field, expected: "a choice with a text or a message", found: choice });
          }
          read.push({
            task,
            split,
            problemId,
            ...requests.get(id),
            sampleIndex: drawn(problemId),
            responseText,
            ...finishOf(choice),
          });
        }
        return read;
      });
  },
};
