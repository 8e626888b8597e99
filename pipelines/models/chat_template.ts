/**
 * A conversation as the text that a chat model was trained on: the Jinja template of `chat_template.jinja`, else of
 * `tokenizer_config.json`, rendered as transformers does. One thing differs: a template cannot ask for the date, because a
 * prompt does not depend on a clock; templates that want one have a fixed date for that case.
 */
import * as Schema from "@effect/schema";
import { Template } from "@huggingface/jinja";
import * as Effect from "effect/Effect";
import { join } from "node:path";
import { exists, readText } from "./checkpoint_directory.ts";
import { isObject, type Json, parseObject } from "./model_config.ts";
import type { CheckpointError } from "./safetensors.ts";

/** A chat template that is missing, malformed, or refuses a conversation. */
export class ChatTemplateError extends Schema.TaggedError<ChatTemplateError>()("ChatTemplateError", {
  file: Schema.String,
  problem: Schema.String,
}) {
  override get message(): string {
    return `Cannot use chat template of "${this.file}": ${this.problem}`;
  }
}

/** One turn of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** How a conversation is rendered; `variables` are the template's own switches, such as `enable_thinking`. */
export interface RenderOptions {
  readonly addGenerationPrompt: boolean;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A parsed chat template. */
export interface ChatTemplate {
  readonly render: (
    messages: ReadonlyArray<Message>,
    options: RenderOptions,
  ) => Effect.Effect<string, ChatTemplateError>;
}

/** Opens the chat template of a Hugging Face directory. */
export const open = Effect.fn("ChatTemplate.open")(
  function* (dir: string): Effect.fn.Return<ChatTemplate, ChatTemplateError | CheckpointError> {
    const configPath = join(dir, "tokenizer_config.json");
    const config = parseObject(configPath, (yield* exists(configPath)) ? yield* readText(configPath) : "{}");
    if (!config.ok) return yield* new ChatTemplateError({ file: configPath, problem: "not a JSON object" });
    const filePath = join(dir, "chat_template.jinja");
    const inFile = yield* exists(filePath);
    const file = inFile ? filePath : configPath;
    const source = inFile ? yield* readText(filePath) : templateOf(config.object);
    if (source === undefined) {
      return yield* new ChatTemplateError({
        file: dir,
        problem: "no chat_template.jinja and none in tokenizer_config.json",
      });
    }
    return yield* parse(source, file, specialTokens(config.object));
  },
);

/** Parses a template; `file` names it in errors, `constants` are variables that every rendering has. */
export const parse = Effect.fnUntraced(function* (
  source: string,
  file: string,
  constants: Readonly<Record<string, unknown>> = {},
): Effect.fn.Return<ChatTemplate, ChatTemplateError> {
  const failed = (cause: unknown) =>
    new ChatTemplateError({ file, problem: cause instanceof Error ? cause.message : String(cause) });
  const template = yield* Effect.try({ try: () => new Template(`${withoutClock}${source}`), catch: failed });
  return {
    render: (messages, { addGenerationPrompt, variables }) =>
      Effect.try({
        try: () =>
          template.render({
            messages,
            tools: null,
            documents: null,
            add_generation_prompt: addGenerationPrompt,
            ...constants,
            ...variables,
          }),
        catch: failed,
      }),
  };
});

// The newline belongs to the block and is not rendered.
const withoutClock = "{% set strftime_now = no_clock %}\n";

/** One template, or the "default" one of a list of named ones. */
const templateOf = (config: Json): string | undefined => {
  const { chat_template: template } = config;
  if (typeof template === "string") return template;
  const named = Array.isArray(template) ? template.filter(isObject) : [];
  const source = named.find(({ name }) => name === "default")?.template;
  return typeof source === "string" ? source : undefined;
};

/** `bos_token`, `eos_token` and the like, each a text or an object with the text in `content`. */
const specialTokens = (config: Json): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(config)
      .filter(([name]) => /^(bos|eos|unk|sep|pad|cls|mask)_token$/.test(name))
      .map(([name, value]) => [name, isObject(value) ? value.content : value])
      .filter(([, value]) => typeof value === "string"),
  );
