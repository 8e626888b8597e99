/** What data files say is what problems say: digits, layouts, encodings, endings. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Effect } from "effect";
import { isExact, parseExactly } from "../../data/exact_json.ts";
import { tasks } from "../../data/mod.ts";
import { loadProblems, readRows, type SourceError } from "../../pipelines/files/source.ts";
import type { Problem } from "../../data/task.ts";
import { goldsOf, listedTexts } from "../../data/tasks/golds.ts";

const fixtures = new URL("fixtures/numbers/", import.meta.url).pathname;

const problemsOf = async (data: string): Promise<ReadonlyArray<Problem>> =>
  (await Effect.runPromise(loadProblems(tasks.jsonl, "test", { data }))).problems;

const failureOf = (data: string): Promise<SourceError> =>
  Effect.runPromise(Effect.flip(loadProblems(tasks.jsonl, "test", { data })));

const withFile = async <A>(
  name: string,
  content: string | Uint8Array,
  use: (file: string) => Promise<A>,
): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "signum-numbers-"));
  try {
    await writeFile(join(folder, name), content);
    return await use(join(folder, name));
  } finally {
    await rm(folder, { recursive: true });
  }
};

const goldsIn = async (name: string, content: string | Uint8Array) =>
  (await withFile(name, content, problemsOf)).map(({ goldAnswer }) => goldAnswer);

Deno.test("a number of JSON keeps its digits where a float64 does not hold them, and is the number where it does", () => {
  const read = (text: string) => parseExactly(`[${text}]`);
  for (const text of ["0.1", "1e3", "-2.50", "9007199254740992", "123456789012345680000", "5e-324", "0", "-0.0"]) {
    assert.deepEqual(read(text), [Number(text)], text);
  }
  assert.deepEqual(read("12345678901234567890"), [12345678901234567890n]);
  assert.deepEqual(read("-9007199254740993"), [-9007199254740993n]);
  assert.deepEqual(read("0.12345678901234567890123"), ["0.12345678901234567890123"]);
  assert.deepEqual(read("1e400"), ["1e400"]);
  assert.deepEqual(parseExactly('{"a":[1,{"b":9007199254740993}],"c":"9007199254740993"}'), {
    a: [1, { b: 9007199254740993n }],
    c: "9007199254740993",
  });
  assert.ok(isExact("1.0", 1) && isExact("100e-2", 1) && !isExact("1.0000000000000000001", 1));
});

Deno.test("gold answers that are numbers are read to the last digit", async () => {
  const lines = ["12345678901234567890", "-9007199254740993", "0.1000000000000000055", "2.50", "1e3"]
    .map((answer) => `{"question":"q","answer":${answer}}\n`).join("");
  assert.deepEqual(await goldsIn("big.jsonl", lines), [
    "12345678901234567890",
    "-9007199254740993",
    "0.1000000000000000055",
    "2.5",
    "1000",
  ]);
});

Deno.test("decimals, float32 and float16 of Parquet are the decimals that were written", async () => {
  const golds = async (name: string) => (await problemsOf(`${fixtures}${name}.parquet`)).map((one) => one.goldAnswer);
  assert.deepEqual(await golds("decimals"), ["1.50", "12345678901234567.89", "-0.05", "7.00"]);
  assert.deepEqual(await golds("small_decimals"), ["1.50", "123456.89", "-0.05", "7.00"]);
  assert.deepEqual(await golds("floats"), ["0.5", "0.1", "2", "16777216"]);
  assert.deepEqual(await golds("halves"), ["0.1", "2"]);
});

Deno.test("verl's own layout: a plain ground truth, a system message before the question, an ending in capitals", async () => {
  const [one, two] = await problemsOf(`${fixtures}verl.PARQUET`);
  assert.deepEqual([one.question, one.goldAnswer, one.goldAnswers], ["q0", "42", undefined]);
  assert.deepEqual([two.question, two.goldAnswer, two.goldAnswers], ["q1", "34", ["34", "35"]]);
  const rows = await Effect.runPromise(readRows(`${fixtures}verl.PARQUET`));
  assert.deepEqual(rows.map((row) => Reflect.get(Object(row), "scores") ?? null), [["1.5", null], null]);
});

Deno.test("a prompt of several turns is no bare question, and says so", async () => {
  const user = (content: string) => ({ role: "user", content });
  const row = (prompt: unknown) => `${JSON.stringify({ prompt, reward_model: { ground_truth: "5" } })}\n`;
  const system = { role: "system", content: "You are X" };
  for (
    const [prompt, question] of [
      [[system, user("q")], "q"],
      [[user("q")], "q"],
      [[{ content: "q" }], "q"],
      [[system, { role: "developer", content: "z" }, user("q")], "q"],
      ["q", "q"],
    ] as const
  ) {
    const [problem] = await withFile("p.jsonl", row(prompt), problemsOf);
    assert.deepEqual([problem.question, problem.goldAnswer], [question, "5"]);
  }
  for (
    const prompt of [
      [system],
      [user("a"), { role: "assistant", content: "b" }, user("c")],
      [
        user("a"),
        user("b"),
      ],
      [{ role: "assistant", content: "b" }],
      [],
    ]
  ) {
    const { message } = await withFile("p.jsonl", row(prompt), failureOf);
    assert.match(
      message,
      /row 0 of ".*p\.jsonl": expected "prompt" to be one user message, after system messages or none/,
    );
  }
});

Deno.test("GSM8K's solutions end in their answer", async () => {
  const lines = [
    { question: "q", answer: "She has 3+4=<<3+4=7>>7 apples.\n#### 7" },
    { question: "q", answer: "work\n#### 70,000\n" },
    { question: "q", solution: "work\n#### -3" },
    { question: "q", answer: "a #### in the middle\nof a text" },
  ].map((row) => JSON.stringify(row)).join("\n");
  assert.deepEqual(await goldsIn("gsm8k.jsonl", lines), ["7", "70,000", "-3", "a #### in the middle\nof a text"]);
});

Deno.test("lists of accepted answers are lists, intervals are not", async () => {
  assert.deepEqual(goldsOf('["34"]'), ["34"]);
  assert.deepEqual(goldsOf(String.raw`['\\frac{1}{2}', "0.5", '0.5']`), ["\\frac{1}{2}", "0.5"]);
  assert.deepEqual(goldsOf(["a", "b", "a"]), ["a", "b"]);
  for (const text of ["[3, 4]", "[]", "['a' 'b']", "[a, b]", "['a'", "{'a'}", "['a'], ['b']"]) {
    assert.deepEqual(goldsOf(text), [text]);
    assert.equal(listedTexts(text), null);
  }
  for (const value of [[2], [], null, undefined, {}, [["a"]], NaN, true]) assert.equal(goldsOf(value), null);
  const [problem] = await withFile("l.jsonl", '{"question":"q","answer":["34","35"]}', problemsOf);
  assert.deepEqual([problem.goldAnswer, problem.goldAnswers], ["34", ["34", "35"]]);
});

Deno.test("what is not UTF-8 is an error that names the line", async () => {
  const latin1 = Uint8Array.from(
    Array.from('{"question":"a","answer":"1"}\n{"question":"caf\xe9","answer":"1"}\n', (c) => c.charCodeAt(0)),
  );
  assert.match((await withFile("l.jsonl", latin1, failureOf)).message, /^Cannot read line 2 of ".*": it is not UTF-8$/);
  const utf16 = Uint8Array.from([0xff, 0xfe, 0x7b, 0]);
  assert.match((await withFile("l.jsonl", utf16, failureOf)).message, /line 1 of .* not UTF-8/);
});

Deno.test("packed lines and endings in capitals are read, whatever the name says of the packing", async () => {
  const line = '{"question":"q","answer":"5"}\n';
  const packed = new Uint8Array(gzipSync(line));
  for (
    const [name, content] of [["a.jsonl.gz", packed], ["A.JSONL.GZ", packed], ["a.jsonl", packed], [
      "A.JSONL",
      line,
    ]] as const
  ) {
    assert.deepEqual(await goldsIn(name, content), ["5"], name);
  }
  const torn = packed.subarray(0, packed.length - 4);
  assert.equal((await withFile("a.jsonl.gz", torn, failureOf)).reason, "unreadable");
});

Deno.test("a file without a problem is an error", async () => {
  assert.match(
    (await withFile("e.jsonl", "", failureOf)).message,
    /"e?.*e\.jsonl": it has no rows, so there is no problem$/,
  );
  const dropped = '{"question":"q","answer":" "}\n';
  assert.match(
    (await withFile("e.jsonl", dropped, failureOf)).message,
    /none of its 1 rows is a problem: the gold answer/,
  );
});
