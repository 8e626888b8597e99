/**
 * Python's clients of the server, where a Python has them. `SIGNUM_PYTHON` names one with `openai`, `lm-eval`, `torch` and `transformers` (default:
 * python3): lm-eval's figures over completions and chat completions must be those of its own backend on the same checkpoint.
 * `SIGNUM_LIGHTEVAL` and `SIGNUM_INSPECT` name those with `lighteval` and `inspect-ai`, whose texts must be the server's own answers.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { integer, Key } from "../../data/random.ts";
import { post, type TestServer, testServer } from "../pipelines/serving/served_model.ts";

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

/** What a Python's script says of itself with these arguments: the JSON of its last line. */
// deno-lint-ignore no-explicit-any
const said = async (python: string, script: string, ...args: ReadonlyArray<string>): Promise<any> => {
  const path = new URL(script, import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(python, {
    args: ["-B", path, ...args],
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, `${text}\n${new TextDecoder().decode(stderr).slice(-4000)}`);
  return JSON.parse(text.trim().split("\n").at(-1) ?? "");
};

const inFolder = async (use: (folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), "signum-clients-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

testServer(
  "openai and lm-eval of Python get from the server what transformers gives",
  { kind: "chat" },
  (server) =>
    inFolder(async (folder) => {
      for (const name of ["choices", "texts"]) await writeFile(join(folder, `${name}.json`), JSON.stringify(problems));
      const python = Deno.env.get("SIGNUM_PYTHON") || "python3";
      console.error(JSON.stringify(await said(python, "clients.py", `${server.url}/v1`, server.dir, folder)));
    }),
);

/** The server's own greedy answer to a question. */
const answerOf = async ({ url }: TestServer, content: string, more: object) => {
  const body = { messages: [{ role: "user", content }], temperature: 0, max_tokens: 12, seed: 1, ...more };
  const { choices: [choice], usage } = await post(`${url}/v1/chat/completions`, body);
  return { text: choice.message.content, logprobs: choice.logprobs, stop: choice.finish_reason, usage };
};

/** The problems as conversations with the server's own answers; every other problem has its answer as the right one. */
const asked = async (server: TestServer, more: object = {}) => {
  const all = [];
  for (const [i, { question: whole, answer: made }] of problems.entries()) {
    // The template writes the tag that each question of a conversation lacks.
    const question = whole.replace(" <direct>", "");
    const own = await answerOf(server, question, more);
    all.push({ ...own, question, answer: i % 2 === 0 && own.text !== "" ? own.text.trim() : made });
  }
  const right = all.filter(({ text, answer }) => text.trim() === answer).length / all.length;
  assert.ok(right > 0 && right < 1, `${right}`);
  return { all, right, lines: all.map(({ question, answer }) => `${JSON.stringify({ question, answer })}\n`).join("") };
};

/** A test with a Python that a variable names, left out where it names none. */
const testPython = (variable: string, name: string, body: (server: TestServer, python: string) => Promise<void>) => {
  const python = Deno.env.get(variable);
  if (python) return testServer(name, { kind: "chat" }, (server) => body(server, python));
  Deno.test({ name: `${name} (${variable} names no Python)`, ignore: true, fn: () => undefined });
};

testPython(
  "SIGNUM_LIGHTEVAL",
  "lighteval's endpoint backend gets the server's own answers",
  (server, python) =>
    inFolder(async (folder) => {
      const { all, right, lines } = await asked(server);
      const data = join(folder, "data");
      await mkdir(data);
      await writeFile(join(data, "test.jsonl"), lines);
      const { results, texts } = await said(python, "lighteval_run.py", `${server.url}/v1`, data, folder);
      assert.deepEqual(texts, Object.fromEntries(all.map(({ question, text }) => [question, [text]])));
      assert.equal(results["texts|0"].em, right);
      console.error(JSON.stringify(results));
    }),
);

testPython(
  "SIGNUM_INSPECT",
  "inspect gets the server's own answers and log-probs",
  (server, python) =>
    inFolder(async (folder) => {
      const { all, right, lines } = await asked(server, { stop: ["="], logprobs: true, top_logprobs: 2 });
      const data = join(folder, "texts.jsonl");
      await writeFile(data, lines);
      const { results, samples } = await said(python, "inspect_run.py", `${server.url}/v1`, data, join(folder, "logs"));
      const expected = all.map(({ question, text, stop, logprobs, usage }) => [question, {
        text,
        stop: stop === "length" ? "max_tokens" : stop,
        logprobs: logprobs.content.map(({ logprob }: { logprob: number }) => logprob),
        usage: usage.completion_tokens,
      }]);
      assert.deepEqual(samples, Object.fromEntries(expected));
      assert.equal(results.accuracy, right);
      console.error(JSON.stringify(results));
    }),
);
