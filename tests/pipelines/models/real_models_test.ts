/**
 * Real models, where somebody has them: `SIGNUM_REAL_MODELS` is a folder of Hugging Face directories. Those that
 * `tests/golden/models/real.json` knows are compared with transformers: prompts, tokens and text.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { openChatTemplate } from "../../../pipelines/models/chat_template.ts";
import { openCheckpoint } from "../../../pipelines/models/checkpoint.ts";
import { openTokenizer } from "../../../pipelines/models/tokenizer.ts";

const folder = Deno.env.get("SIGNUM_REAL_MODELS") ?? "";
const golden: Record<string, {
  readonly cases: ReadonlyArray<
    { promptText: string; prompt: Array<number>; response: Array<number>; responseText: string }
  >;
}> = JSON.parse(Deno.readTextFileSync(new URL("../../golden/models/real.json", import.meta.url)));

Deno.test({
  name: "real models in SIGNUM_REAL_MODELS are opened, their first and last parameters read, their texts encoded",
  ignore: folder === "",
  fn: async () => {
    for (const { name } of Deno.readDirSync(folder)) {
      const dir = `${folder}/${name}`;
      const checkpoint = await Effect.runPromise(openCheckpoint(dir));
      for (const parameter of [checkpoint.names[0], checkpoint.names.at(-1) ?? ""]) {
        const values = await Effect.runPromise(checkpoint.read(parameter));
        assert.ok(values.every(Number.isFinite), `${name} ${parameter}`);
      }
      const tokenizer = await Effect.runPromise(openTokenizer(dir));
      assert.ok(tokenizer.size <= checkpoint.config.vocabSize, name);
      const template = await Effect.runPromise(openChatTemplate(dir));
      for (const { promptText, prompt, response, responseText } of golden[name]?.cases ?? []) {
        assert.deepEqual([...tokenizer.encode(promptText)], prompt);
        assert.equal(tokenizer.decode(response), responseText);
        const content = /user\n([^]*?)<\|im_end\|>/.exec(promptText)?.[1] ?? "";
        const rendered = template.render([{ role: "user", content }], { addGenerationPrompt: true });
        assert.equal(await Effect.runPromise(rendered), promptText);
      }
    }
  },
});
