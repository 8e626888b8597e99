import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigProvider, Effect } from "effect";
import { tasks } from "../../../data/mod.ts";
import { type LoadOptions, loadProblems, type SourceError } from "../../../pipelines/files/source.ts";
import type { Split, Task } from "../../../data/task.ts";

const fixtures = new URL("../../data/fixtures", import.meta.url).pathname;

const withEnvironment = (environment: Record<string, string>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(environment));

const loaded = (task: Task, split: Split, options?: LoadOptions, environment = {}) =>
  Effect.runPromise(loadProblems(task, split, options).pipe(withEnvironment(environment)));

const failure = (task: Task, split: Split, options?: LoadOptions, environment = {}): Promise<SourceError> =>
  Effect.runPromise(Effect.flip(loadProblems(task, split, options)).pipe(withEnvironment(environment)));

const withFile = async (name: string, text: string, use: (file: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), "signum-source-"));
  try {
    await writeFile(join(folder, name), text);
    await use(join(folder, name));
  } finally {
    await rm(folder, { recursive: true });
  }
};

Deno.test("load() reads MATH from JSONL under SIGNUM_DATA and takes the gold answer from the last box", async () => {
  const { problems, dropped } = await loaded(tasks.math, "test", {}, { SIGNUM_DATA: fixtures });
  assert.equal(problems.length, 20);
  assert.deepEqual(dropped, []);
  assert.equal(problems[0].problemId, "math/test/0");
  assert.equal(problems[6].goldAnswer, "\\begin{pmatrix} 1 \\\\ 4 \\\\ 3 \\end{pmatrix}");
  assert.deepEqual(Object.keys(problems[0].meta ?? {}), ["level", "type"]);
});

Deno.test("load() reads compressed Parquet, drops the row with an empty gold answer and keeps the others' numbers", async () => {
  const { problems, dropped, file } = await loaded(tasks.math, "train", { data: fixtures });
  assert.deepEqual(problems.map((problem) => problem.problemId), ["math/train/0", "math/train/2", "math/train/3"]);
  assert.deepEqual(dropped, [{ problemId: "math/train/1", reason: "the gold answer is empty" }]);
  assert.match(problems[1].goldAnswer, /0 & 3 \\\\ 0 & -1/);
  assert.ok(file?.endsWith("math/train.parquet"));
});

Deno.test("every gold answer of the fixture is right when a response boxes it, and wrong for the next problem", async () => {
  const { problems } = await loaded(tasks.math, "test", { data: fixtures });
  for (const [i, problem] of problems.entries()) {
    assert.ok(
      tasks.math.grade(problem, `So it is $\\boxed{${problem.goldAnswer}}$.`, "strict").correct,
      problem.goldAnswer,
    );
    const other = problems[(i + 1) % problems.length].goldAnswer;
    assert.ok(!tasks.math.grade(problem, `So it is $\\boxed{${other}}$.`, "strict").correct, other);
  }
});

Deno.test("load() makes countdown without any file and keeps the first of them under a limit", async () => {
  const { problems, file } = await loaded(tasks.countdown, "test", { limit: 3 });
  assert.deepEqual(problems.map((problem) => problem.problemId), [0, 1, 2].map((i) => `countdown/test/${i}`));
  assert.equal(file, null);
});

Deno.test("load() says where it looked and how to set SIGNUM_DATA", async () => {
  const error = await failure(tasks["amc-23"], "test", {}, { SIGNUM_HOME: "/nowhere" });
  assert.equal(error.reason, "missing");
  assert.match(
    error.message,
    /^Cannot find the test problems of task "amc-23": looked at "\/nowhere\/data\/amc23\/test\.parquet"/,
  );
  assert.match(
    error.message,
    /"\.signum\/data\/amc23\/test\.jsonl".*set SIGNUM_DATA to a folder that holds amc23\/test\.parquet/,
  );
});

Deno.test("load() refuses a split that a task does not have", async () => {
  const error = await failure(tasks["aime-2025"], "train");
  assert.equal(error.message, 'Cannot load task "aime-2025": it has no split "train", only test');
});

Deno.test("the task jsonl reads one's own file, and asks for it where none is named", async () => {
  const rows = [
    { question: "What is 2+2?", answer: 4, level: "easy" },
    { problem: "Half?", solution: "It is \\boxed{\\frac12}." },
  ];
  await withFile("mine.jsonl", `\ufeff${rows.map((row) => JSON.stringify(row)).join("\n\n")}\n`, async (file) => {
    const { problems } = await loaded(tasks.jsonl, "train", { data: file });
    assert.deepEqual(problems, [
      { problemId: "jsonl/train/0", question: "What is 2+2?", goldAnswer: "4", meta: { level: "easy" } },
      { problemId: "jsonl/train/1", question: "Half?", goldAnswer: "\\frac12" },
    ]);
  });
  const error = await failure(tasks.jsonl, "train");
  assert.match(error.message, /name a file with --data FILE$/);
});

Deno.test("a line that is no JSON and a row without an answer are errors that name file, place, field and value", async () => {
  await withFile("bad.jsonl", '{"question":"a","answer":"1"}\n{"question":\n', async (file) => {
    const error = await failure(tasks.jsonl, "test", { data: file });
    assert.ok(
      error.reason === "unreadable" && error.message.startsWith(`Cannot read line 2 of "${file}": `),
      error.message,
    );
  });
  await withFile("bad.jsonl", '{"question":"a","answer":"1"}\n{"question":"b","answer":[2]}\n', async (file) => {
    const error = await failure(tasks.jsonl, "test", { data: file });
    assert.equal(
      error.message,
      `Cannot read row 1 of "${file}": expected "answer" to be text or a number, found [2]`,
    );
  });
  // What is not UTF-8 is named by its line; a mark of byte order opens a file and stands nowhere else.
  const row = '{"question":"a","answer":"1"}\n';
  for (const [text, line] of [[`\ufeff${row}`, 0], [`${row}\ufeff${row}`, 2], [`${row}\r\n \n${row}`, 0]] as const) {
    await withFile("marks.jsonl", text, async (file) => {
      if (line === 0) return void assert.ok((await loaded(tasks.jsonl, "test", { data: file })).problems.length > 0);
      const { message } = await failure(tasks.jsonl, "test", { data: file });
      assert.ok(message.startsWith(`Cannot read line ${line} of "${file}": `), message);
    });
  }
  await withFile("latin.jsonl", row, async (file) => {
    await writeFile(file, Uint8Array.of(10), { flag: "a" });
    await writeFile(file, Uint8Array.of(34, 233, 34, 10), { flag: "a" });
    const { message } = await failure(tasks.jsonl, "test", { data: file });
    assert.equal(message, `Cannot read line 3 of "${file}": it is not UTF-8`);
  });
  await withFile("bad.parquet", "not parquet at all", async (file) => {
    assert.equal((await failure(tasks.jsonl, "test", { data: file })).reason, "unreadable");
  });
});

const data = Deno.env.get("SIGNUM_DATA");
if (data === undefined) {
  console.error("pipelines/files/source: SIGNUM_DATA is not set, so the full data sets are not read");
}

Deno.test({
  name: "the full data sets have their published sizes, and every gold answer grades itself as right",
  ignore: data === undefined,
  async fn() {
    const environment = { SIGNUM_DATA: data ?? "" };
    for (
      const [task, split, size] of [
        [tasks.math, "train", 7498],
        [tasks.math, "test", 5000],
        [tasks["aime-2025"], "test", 30],
        [tasks["amc-23"], "test", 40],
      ] as const
    ) {
      const { problems } = await loaded(task, split, {}, environment);
      assert.equal(problems.length, size);
      for (const problem of problems) {
        assert.ok(task.grade(problem, `\\boxed{${problem.goldAnswer}}`, "strict").correct, problem.problemId);
      }
    }
  },
});
