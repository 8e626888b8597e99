/** Chat templates against transformers' renderings (`tests/golden/models/make_tokenizer_golden.py`). */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import type * as ChatTemplate from "../../../pipelines/models/chat_template.ts";
import { openChatTemplate, parseChatTemplate } from "../../../pipelines/models/chat_template.ts";

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
    const parsed = await Effect.runPromise(parseChatTemplate(template, "golden", constants));
    assert.equal(await Effect.runPromise(parsed.render(messages, { addGenerationPrompt, variables })), text);
  }
});

Deno.test("open() takes the template of chat_template.jinja or of tokenizer_config.json", async () => {
  for (const name of ["qwen3_tied", "llama_tied"]) {
    const template = await Effect.runPromise(openChatTemplate(`${folder}${name}`));
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
  const template = await Effect.runPromise(openChatTemplate(dir));
  assert.equal(await Effect.runPromise(template.render(user, { addGenerationPrompt: false })), "Hi</s>");
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("a template cannot ask for the date", async () => {
  const source = "\n{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}26 Jul 2024{% endif %}";
  const template = await Effect.runPromise(parseChatTemplate(source, "clock"));
  assert.equal(await Effect.runPromise(template.render(user, { addGenerationPrompt: false })), "\n26 Jul 2024");
});

Deno.test("a template that is missing, malformed or raises is an error that names the file", async () => {
  const dir = Deno.makeTempDirSync();
  const missing = await Effect.runPromise(Effect.flip(openChatTemplate(dir)));
  assert.match(missing.message, /no chat_template\.jinja and none in tokenizer_config\.json/);
  Deno.writeTextFileSync(`${dir}/chat_template.jinja`, "{% if %}");
  const malformed = await Effect.runPromise(Effect.flip(openChatTemplate(dir)));
  assert.match(malformed.message, /chat_template\.jinja"/);
  const template = await Effect.runPromise(
    parseChatTemplate("{{ raise_exception('System role not supported') }}", "x"),
  );
  const raised = await Effect.runPromise(Effect.flip(template.render(user, { addGenerationPrompt: false })));
  assert.equal(raised.message, 'Cannot use chat template of "x": System role not supported');
  Deno.removeSync(dir, { recursive: true });
});

interface Feature {
  readonly template: string;
  readonly text?: string;
  readonly error?: true;
}
const features: { readonly messages: ReadonlyArray<ChatTemplate.Message>; readonly cases: ReadonlyArray<Feature> } =
  JSON
    .parse(Deno.readTextFileSync(`${folder}chat_features.json`));
const render = (template: string, options: Partial<ChatTemplate.RenderOptions> = {}) =>
  Effect.runPromise(Effect.result(Effect.flatMap(
    parseChatTemplate(template, "x"),
    (parsed) => parsed.render(features.messages, { addGenerationPrompt: false, ...options }),
  )));

Deno.test("a feature of Jinja is rendered as transformers renders it, or refused in a line", async () => {
  let [same, refused] = [0, 0];
  const wrong: Array<string> = [];
  for (const { template, text, error } of features.cases) {
    // Whether the date is there is the one thing that differs by intent.
    const expected = template.includes("strftime_now") ? "False" : text;
    const rendered = await render(template);
    if (Result.isFailure(rendered)) {
      assert.match(rendered.failure.message, /^Cannot use chat template of "x": [^\n]+$/, template);
      refused++;
      continue;
    }
    if (error === true || rendered.success !== expected) {
      wrong.push(`${template}: ${JSON.stringify(rendered.success)}, expected ${JSON.stringify(expected)}`);
    }
    same++;
  }
  assert.deepEqual(wrong, []);
  assert.ok(same >= 70 && refused <= 27, `${same} the same, ${refused} refused`);
});

Deno.test("a template that needs the date is refused by name, and told the day that is given", async () => {
  const template = "{{ strftime_now('%d %B %Y, %a %-d') }}";
  const refused = await render(template);
  assert.ok(Result.isFailure(refused));
  assert.match(refused.failure.message, /strftime_now asks for the date of today.*--date YYYY-MM-DD/);
  const told = await render(template, { date: "2025-03-09" });
  assert.ok(Result.isSuccess(told));
  assert.equal(told.success, "09 March 2025, Sun 9");
  assert.deepEqual(await render("{{ strftime_now is defined }}", { date: "2024-02-29" }), Result.succeed("True"));
  assert.deepEqual(await render("{{ strftime_now('%j%%d') }}", { date: "2024-02-29" }), Result.succeed("060%d"));
  for (const code of ["%e", "%x", "%-H", "%c", "%U", "%-", "% ", "%", "%😀"]) {
    const unknown = await render(`{{ strftime_now('%Y ${code}') }}`, { date: "2024-02-29" });
    assert.ok(Result.isFailure(unknown), code);
    assert.ok(unknown.failure.message.endsWith(`strftime_now has no "${code}"`), unknown.failure.message);
  }
  for (const date of ["2025-02-29", "2025-13-01", "today", "2025-1-1", ""]) {
    const wrong = await render(template, { date });
    assert.ok(Result.isFailure(wrong), date);
    assert.match(wrong.failure.message, /\(--date\) is no date YYYY-MM-DD$/);
  }
});

Deno.test("special tokens come from special_tokens_map.json too; tokenizer_config.json wins", async () => {
  const dir = Deno.makeTempDirSync();
  const write = (name: string, value: unknown) => Deno.writeTextFileSync(`${dir}/${name}`, JSON.stringify(value));
  Deno.writeTextFileSync(`${dir}/chat_template.jinja`, "{{ bos_token }}{{ eos_token }}");
  write("special_tokens_map.json", { bos_token: { content: "<|bos|>" }, eos_token: "<map>" });
  const rendered = async () =>
    await Effect.runPromise(
      (await Effect.runPromise(openChatTemplate(dir))).render(user, { addGenerationPrompt: false }),
    );
  assert.equal(await rendered(), "<|bos|><map>");
  write("tokenizer_config.json", { eos_token: "<config>", bos_token: null });
  assert.equal(await rendered(), "<|bos|><config>");
  Deno.writeTextFileSync(`${dir}/special_tokens_map.json`, "[]");
  assert.match(
    (await Effect.runPromise(Effect.flip(openChatTemplate(dir)))).message,
    /special_tokens_map.json": not a/,
  );
  Deno.removeSync(dir, { recursive: true });
});
