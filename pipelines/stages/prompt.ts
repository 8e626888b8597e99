/**
 * Emits the prompts of a task: with `--prompts P --step S` the P problems of training step S (from 1), otherwise a split as stored.
 * Training shuffles the split, draws without replacement, and drops the short last batch of an epoch. It leaves out prompts of more than
 * 1,024 tokens and counts them (Appendix D).
 */
import { Effect, Stream, Struct } from "effect";
import { Key, permutation } from "../../data/random.ts";
import { type Problem, type Task, tasks } from "../../data/mod.ts";
import { loadProblems, type SourceError } from "../files/source.ts";
import { userMessage } from "../../data/template.ts";
import type * as ChatTemplate from "../models/chat_template.ts";
import { hasChatTemplate, openChatTemplate } from "../models/chat_template.ts";
import type { CheckpointError } from "../files/safetensors.ts";
import * as Tokenizer from "../models/tokenizer.ts";
import { openTokenizer } from "../models/tokenizer.ts";
import { type HubError, resolveData, resolveModel } from "../files/hub.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import * as Records from "../records/schema.ts";
import { sha256, toText } from "../records/text.ts";
import type { Settings } from "../settings/settings.ts";
import { models, problems, sampling, schedule } from "../settings/groups.ts";

/** The maximum number of tokens of a training prompt. */
export const maxPromptTokens = 1024;

/** The settings that select the problems and form their prompts. */
export type PromptSettings =
  & Pick<Settings, "task" | "split" | "data" | "limit" | "template">
  & Partial<Pick<Settings, "date">>
  & Partial<Pick<Settings, "problemSeed" | "alike" | "holdout">>;

/** A prompt before tokenization, with the task's metadata (`level`, `type`). */
export type UntokenizedPrompt = Omit<Records.Prompt, "promptTokens">;

/** The SHA-256 of problems with their prompts, including tokens if there is a tokenizer. */
export const problemsDigest = (prompts: ReadonlyArray<UntokenizedPrompt>): string => sha256(toText(prompts));

type PromptFailure = SourceError | HubError | ChatTemplate.ChatTemplateError | CheckpointError | Stage.StageError;

/** Every problem of a split with its prompt; `dir` is a model's directory, which the template `chat` needs. */
export const askedOf = Effect.fn("Prompt.asked")(function* (
  settings: PromptSettings,
  dir: string | undefined,
): Effect.fn.Return<ReadonlyArray<UntokenizedPrompt>, PromptFailure> {
  const task = tasks[settings.task];
  const data = settings.data === undefined ? undefined : yield* resolveData(settings.data, settings.split);
  const { problems, dropped } = yield* loadProblems(task, settings.split, {
    data,
    limit: settings.limit,
    holdout: settings.holdout,
    seed: settings.problemSeed,
    alike: settings.alike,
  });
  const { report } = yield* StandardStreams;
  for (const { problemId, reason } of dropped) yield* report(`left out "${problemId}": ${reason}`);
  const textOf = yield* asker(task, settings, dir);
  return yield* Effect.forEach(problems, (problem) =>
    Effect.map(textOf(problem), (promptText): UntokenizedPrompt => ({
      ...problem.meta,
      task: task.name,
      split: settings.split,
      problemId: problem.problemId,
      question: problem.question,
      goldAnswer: problem.goldAnswer,
      ...(problem.goldAnswers && { goldAnswers: problem.goldAnswers }),
      promptText,
    })));
});

/** Every prompt of a split, as stored. */
export const promptsOf = Effect.fn("Prompt.all")(function* (
  settings: PromptSettings,
  dir: string,
): Effect.fn.Return<ReadonlyArray<Records.Prompt>, PromptFailure | Tokenizer.TokenizerError> {
  const asked = yield* askedOf(settings, dir);
  const tokenizer = yield* openTokenizer(dir);
  const { name, responseWords } = tasks[settings.task];
  if (responseWords !== undefined) yield* Tokenizer.encodeAll(tokenizer, responseWords, `responses to task "${name}"`);
  return yield* Effect.forEach(asked, (prompt) => tokenized(tokenizer, prompt));
});

/** A prompt with its tokens; a word that the tokenizer lacks is an error, which says so where the template brings the word. */
export const tokenized = <A extends UntokenizedPrompt>(
  tokenizer: Tokenizer.Tokenizer,
  prompt: A,
): Effect.Effect<A & Pick<Records.Prompt, "promptTokens">, Tokenizer.TokenizerError> => {
  const { task, problemId, question, promptText } = prompt;
  const isOfTemplate = tasks[task].templates.includes("none") && tokenizer.missingWord(promptText) !== undefined &&
    tokenizer.missingWord(question) === undefined;
  const advice = isOfTemplate ? " by its template; --template none asks the question alone" : "";
  return Effect.map(
    Tokenizer.encodeAll(tokenizer, promptText, `problem "${problemId}"${advice}`),
    (promptTokens) => ({ ...prompt, promptTokens }),
  );
};

type Ask = (problem: Problem) => Effect.Effect<string, ChatTemplate.ChatTemplateError | Stage.StageError>;

/** Formats problems by a template of the task, or by `chat`, the model's own. */
const asker = Effect.fnUntraced(function* (
  task: Task,
  { template, date }: Pick<PromptSettings, "template" | "date">,
  dir: string | undefined,
) {
  if (template === "chat") {
    if (dir === undefined) {
      const message = 'Cannot ask by template "chat": it is the model\'s own, and no --model names its directory';
      return yield* new Stage.StageError({ stage: "prompt", message });
    }
    const chat = yield* openChatTemplate(dir);
    const ask: Ask = ({ question }) =>
      chat.render([{ role: "user", content: userMessage(question) }], {
        addGenerationPrompt: true,
        date,
        variables: { enable_thinking: false },
      });
    return ask;
  }
  const ask: Ask = (problem) => {
    const text = task.promptText(problem, template);
    return text !== null ? Effect.succeed(text) : Effect.fail(
      new Stage.StageError({
        stage: "prompt",
        message: `Cannot ask a problem of task "${task.name}" by template "${template}": it has ${
          task.templates.join(", ")
        }`,
      }),
    );
  };
  return ask;
});

/** Settings with the default template of a model in `dir`: `chat` if the task prefers it and the model has one. */
export const withTemplate = Effect.fnUntraced(function* <A extends Pick<PromptSettings, "task" | "template">>(
  settings: A,
  dir: string | undefined,
) {
  const isOpen = settings.template === undefined && tasks[settings.task].prefersChat === true && dir !== undefined;
  return isOpen && (yield* hasChatTemplate(dir)) ? { ...settings, template: "chat" } : settings;
});

/** The prompts that training may draw, and the number of longer ones. */
export const trainable = (prompts: ReadonlyArray<Records.Prompt>) => {
  const kept = prompts.filter(({ promptTokens }) => promptTokens.length <= maxPromptTokens);
  return { prompts: kept, tooLong: prompts.length - kept.length };
};

/** The `count` prompts of training step `step` (from 1): each epoch in an order drawn from the seed. */
export const draw = (
  prompts: ReadonlyArray<Records.Prompt>,
  count: number,
  step: number,
  seed: number,
): ReadonlyArray<Records.Prompt> => {
  const perEpoch = Math.floor(prompts.length / count);
  const epoch = Math.floor((step - 1) / perEpoch);
  const order = permutation(Key.fold(Key.make(seed), "prompt", epoch), prompts.length);
  const first = (step - 1) % perEpoch * count;
  return Array.from(order.subarray(first, first + count), (index) => prompts[index]);
};

/** The error for a batch that the split cannot fill, or undefined. */
export const cannotDraw = (available: number, count: number): string | undefined =>
  count <= available ? undefined : `Cannot draw ${count} prompts (--prompts) for a step: there are ${available}`;

/** Starts a pipe with the prompts of a split or of a training step. */
export const promptStage = makeStage({
  name: "prompt",
  summary: "Writes the prompts of a task, tokenized for a model",
  settings: {
    ...Struct.pick(models, ["model"]),
    ...problems,
    prompts: schedule.prompts,
    step: schedule.step,
    ...Struct.pick(sampling, ["seed"]),
  },
  required: ["model"],
  output: Records.Prompt,
  run: (_input, config) =>
    Stream.fromArrayEffect(Effect.gen(function* () {
      const dir = yield* resolveModel(config.model);
      const all = yield* promptsOf(yield* withTemplate(config, dir), dir);
      if (config.prompts === undefined) return all;
      const { prompts, tooLong } = trainable(all);
      const { report } = yield* StandardStreams;
      if (tooLong > 0) yield* report(`left out ${tooLong} prompts of more than ${maxPromptTokens} tokens`);
      const message = cannotDraw(prompts.length, config.prompts);
      if (message !== undefined) return yield* new Stage.StageError({ stage: "prompt", message });
      return draw(prompts, config.prompts, Math.max(1, config.step), config.seed);
    })),
});
