/**
 * Python's clients of the server, where a Python with `openai`, `lm-eval`, `torch` and `transformers` is there: `SIGNUM_PYTHON` names it (default:
 * python3). lm-eval's figures over completions and chat completions must be those of its own backend on the same checkpoint.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { integer, Key } from "../../data/random.ts";
import { testServer } from "../pipelines/serving/served_model.ts";

/** Countdown prompts, each with four made-up continuations. */
const problems = Array.from({ length: 24 }, (_, i) => {
  const key = Key.fold(Key.make(3), "lm-eval", i);
  const number = (nth: number, most: number) => 1 + integer(key, nth, most);
  const question = `${number(0, 9)} ${number(1, 9)} ${number(2, 9)} ~5 ${number(3, 40)} <direct>`;
  const choices = [0, 1, 2, 3].map((c) =>
    `${number(4 + 4 * c, 9)} ${["+", "-", "*"][c % 3]} ${number(5 + 4 * c, 9)} = ${number(6 + 4 * c, 40)}`
  );
  return { question, choices, gold: integer(key, 40, 4), answer: `${number(30, 9)} + ${number(31, 9)}` };
});

testServer(
  "openai and lm-eval of Python get from the server what transformers gives",
  { kind: "chat" },
  async (server) => {
    const folder = await mkdtemp(join(tmpdir(), "signum-clients-"));
    try {
      for (const name of ["choices", "texts"]) await writeFile(join(folder, `${name}.json`), JSON.stringify(problems));
      const script = new URL("clients.py", import.meta.url).pathname;
      const { code, stdout, stderr } = await new Deno.Command(Deno.env.get("SIGNUM_PYTHON") || "python3", {
        args: [script, `${server.url}/v1`, server.dir, folder],
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert.equal(code, 0, `${text}\n${new TextDecoder().decode(stderr).slice(-4000)}`);
      console.error(text.trim().split("\n").at(-1));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
