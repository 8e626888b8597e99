/** Chat templates against transformers' renderings (`tests/golden/models/make_tokenizer_golden.py`). */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as ChatTemplate from "../../../pipelines/models/chat_template.ts";

const folder = new URL("../../golden/models/", import.meta.url).pathname;
const { chats }: {
  readonly chats: ReadonlyArray<{
    template: string;
    messages: ReadonlyArray<ChatTemplate.Message>;
    variables: Record<string, unknown>;
    constants: Record<string, unknown>;
    addGenerationPrompt: boolean;
    text: string;
  }>;
} = JSON.parse(Deno.readTextFileSync(`${folder}tokenizers/golden.json`));

const user = [{ role: "user", content: "Hi" }] as const;

Deno.test("render() gives what transformers gives, switches and blocks included", async () => {
  for (const { template, messages, variables, constants, addGenerationPrompt, text } of chats) {
    const parsed = await Effect.runPromise(ChatTemplate.parse(template, "golden", constants));
    assert.equal(await Effect.runPromise(parsed.render(messages, { addGenerationPrompt, variables })), text);
  }
});

Deno.test("open() takes the template of chat_template.jinja or of tokenizer_config.json", async () => {
  for (const name of ["qwen3_tied", "llama_tied"]) {
    const template = await Effect.runPromise(ChatTemplate.open(`${folder}${name}`));
    const text = await Effect.runPromise(template.render(user, { addGenerationPrompt: true }));
    assert.equal(text, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  }
});

Deno.test("open() takes the template named default of a list, and special tokens written as objects", async () => {
  const dir = Deno.makeTempDirSync();
  const config = {
    eos_token: { content: "</s>", special: true },
    chat_template: [{ name: "tool_use", template: "no" }, {
      name: "default",
      template: "{{ messages[0].content }}{{ eos_token }}",
    }],
  };
  Deno.writeTextFileSync(`${dir}/tokenizer_config.json`, JSON.stringify(config));
  const template = await Effect.runPromise(ChatTemplate.open(dir));
  assert.equal(await Effect.runPromise(template.render(user, { addGenerationPrompt: false })), "Hi</s>");
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("a template cannot ask for the date", async () => {
  const source = "\n{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}26 Jul 2024{% endif %}";
  const template = await Effect.runPromise(ChatTemplate.parse(source, "clock"));
  assert.equal(await Effect.runPromise(template.render(user, { addGenerationPrompt: false })), "\n26 Jul 2024");
});

Deno.test("a template that is missing, malformed or raises is an error that names the file", async () => {
  const dir = Deno.makeTempDirSync();
  const missing = await Effect.runPromise(Effect.flip(ChatTemplate.open(dir)));
  assert.match(missing.message, /no chat_template\.jinja and none in tokenizer_config\.json/);
  Deno.writeTextFileSync(`${dir}/chat_template.jinja`, "{% if %}");
  const malformed = await Effect.runPromise(Effect.flip(ChatTemplate.open(dir)));
  assert.match(malformed.message, /chat_template\.jinja"/);
  const template = await Effect.runPromise(
    ChatTemplate.parse("{{ raise_exception('System role not supported') }}", "x"),
  );
  const raised = await Effect.runPromise(Effect.flip(template.render(user, { addGenerationPrompt: false })));
  assert.equal(raised.message, 'Cannot use chat template of "x": System role not supported');
  Deno.removeSync(dir, { recursive: true });
});
