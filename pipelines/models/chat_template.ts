/**
 * Renders a conversation as a chat model's prompt: the Jinja template of `chat_template.jinja`, else of `tokenizer_config.json`, as in
 * transformers (`python_jinja.ts`), with the special tokens of `tokenizer_config.json` and `special_tokens_map.json`. A prompt never
 * depends on the clock: a template receives the given date or none, and one that requires a date without one is refused.
 */
import * as Schema from "@effect/schema";
import { Template } from "@huggingface/jinja";
import * as Effect from "effect/Effect";
import { join } from "node:path";
import { readOptional } from "../files/checkpoint_directory.ts";
import { strftimeOf } from "./given_date.ts";
import { isObject, type Json, parseObject } from "../files/json.ts";
import { oneLine } from "../files/plain_text.ts";
import { reasonOf } from "../files/text_file.ts";
import { mendInterpreter } from "./python_jinja.ts";
import type { CheckpointError } from "../files/safetensors.ts";

/** A chat template that is missing, malformed, or refuses a conversation. */
export class ChatTemplateError extends Schema.TaggedError<ChatTemplateError>()("ChatTemplateError", {
  file: Schema.String,
  problem: Schema.String,
}) {
  override get message(): string {
    return `Cannot use chat template of "${this.file}": ${oneLine(this.problem)}`;
  }
}

/** One turn of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Rendering options; `variables` are the template's own switches, such as `enable_thinking`. */
export interface RenderOptions {
  readonly addGenerationPrompt: boolean;
  /** The date for the template, YYYY-MM-DD. */
  readonly date?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A parsed chat template. */
export interface ChatTemplate {
  readonly render: (
    messages: ReadonlyArray<Message>,
    options: RenderOptions,
  ) => Effect.Effect<string, ChatTemplateError>;
}

/** The text of a directory's chat template and the file that holds it, with what its configuration says; the text is undefined where there is none. */
const readTemplate = Effect.fnUntraced(function* (dir: string) {
  const configPath = join(dir, "tokenizer_config.json");
  const config = parseObject(configPath, (yield* readOptional(configPath)) ?? "{}");
  if (!config.ok) return yield* new ChatTemplateError({ file: configPath, problem: "not a JSON object" });
  const filePath = join(dir, "chat_template.jinja");
  const inFile = yield* readOptional(filePath);
  const file = inFile === undefined ? configPath : filePath;
  return { config: config.object, file, source: inFile ?? templateOf(config.object) };
});

/** Whether a Hugging Face directory has a chat template. */
export const hasChatTemplate = (dir: string): Effect.Effect<boolean, ChatTemplateError | CheckpointError> =>
  Effect.map(readTemplate(dir), ({ source }) => source !== undefined);

/** Opens the chat template of a Hugging Face directory. */
export const openChatTemplate = Effect.fn("ChatTemplate.open")(
  function* (dir: string): Effect.fn.Return<ChatTemplate, ChatTemplateError | CheckpointError> {
    const { config, file, source } = yield* readTemplate(dir);
    if (source === undefined) {
      return yield* new ChatTemplateError({
        file: dir,
        problem: "no chat_template.jinja and none in tokenizer_config.json",
      });
    }
    const mapPath = join(dir, "special_tokens_map.json");
    const map = parseObject(mapPath, (yield* readOptional(mapPath)) ?? "{}");
    if (!map.ok) return yield* new ChatTemplateError({ file: mapPath, problem: "not a JSON object" });
    return yield* parseChatTemplate(source, file, { ...specialTokens(map.object), ...specialTokens(config) });
  },
);

/** Parses a template; `file` names it in errors, `constants` are variables of every rendering. */
export const parseChatTemplate = Effect.fnUntraced(function* (
  source: string,
  file: string,
  constants: Readonly<Record<string, unknown>> = {},
): Effect.fn.Return<ChatTemplate, ChatTemplateError> {
  const failed = (cause: unknown) => new ChatTemplateError({ file, problem: reasonOf(cause) });
  mendInterpreter();
  const template = yield* Effect.try({ try: () => new Template(`${withoutClock}${source}`), catch: failed });
  return {
    render: Effect.fnUntraced(function* (messages, { addGenerationPrompt, date, variables }) {
      const clock = date === undefined ? undefined : strftimeOf(date);
      if (date !== undefined && clock === undefined) {
        return yield* new ChatTemplateError({ file, problem: `"${date}" (--date) is no date YYYY-MM-DD` });
      }
      return yield* Effect.try({
        try: () =>
          template.render({
            messages,
            tools: null,
            documents: null,
            add_generation_prompt: addGenerationPrompt,
            ...constants,
            ...variables,
            ...(clock && { given_clock: clock }),
          }),
        catch: failed,
      });
    }),
  };
});

// The newline belongs to the block and is not rendered.
const withoutClock = "{% set strftime_now = given_clock %}\n";

/** The template, or the "default" one of a list of named ones. */
const templateOf = (config: Json): string | undefined => {
  const { chat_template: template } = config;
  if (typeof template === "string") return template;
  const named = Array.isArray(template) ? template.filter(isObject) : [];
  const source = named.find(({ name }) => name === "default")?.template;
  return typeof source === "string" ? source : undefined;
};

/** `bos_token`, `eos_token` and so on, each a text or an object with the text in `content`. */
const specialTokens = (config: Json): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(config)
      .filter(([name]) => /^(bos|eos|unk|sep|pad|cls|mask)_token$/.test(name))
      .map(([name, value]) => [name, isObject(value) ? value.content : value])
      .filter(([, value]) => typeof value === "string"),
  );
