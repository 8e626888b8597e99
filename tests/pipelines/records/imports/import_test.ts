/** Files of other programs become records that the stages take; what they lack is named. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Effect } from "effect";
import { run } from "../../../../pipelines/cli.ts";
import { importers } from "../../../../pipelines/records/imports/mod.ts";
import { memory, StandardStreams } from "../../../../pipelines/files/standard_streams.ts";

const fixtures = new URL("fixtures/", import.meta.url).pathname;

const withFiles = async <A>(
  files: Readonly<Record<string, ReadonlyArray<object> | string>>,
  use: (paths: ReadonlyArray<string>) => Promise<A>,
): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "signum-import-"));
  try {
    for (const [name, rows] of Object.entries(files)) {
      const text = typeof rows === "string" ? rows : rows.map((row) => `${JSON.stringify(row)}\n`).join("");
      await writeFile(join(folder, name), text);
    }
    return await use(Object.keys(files).map((name) => join(folder, name)));
  } finally {
    await rm(folder, { recursive: true });
  }
};

const cli = async (words: ReadonlyArray<string>, stdin = "") => {
  const io = memory(stdin);
  const result = await Effect.runPromise(
    Effect.result(run(words).pipe(Effect.provideService(StandardStreams, io.streams))),
  );
  return {
    stdout: io.stdout(),
    stderr: io.stderr(),
    error: result._tag === "Failure" ? result.failure.message : undefined,
  };
};

// deno-lint-ignore no-explicit-any -- records as they stand
const recordsOf = (text: string): ReadonlyArray<any> => text.split("\n").slice(0, -1).map((line) => JSON.parse(line));

const imported = async (from: string, file: string, ...more: ReadonlyArray<string>) => {
  const { stdout, error } = await cli(["import", "--from", from, ...more, `${fixtures}${file}`]);
  assert.equal(error, undefined);
  return recordsOf(stdout);
};

const names = (records: ReadonlyArray<{ problemId: string; sampleIndex: number }>) =>
  records.map(({ problemId, sampleIndex }) => `${problemId}#${sampleIndex}`);

Deno.test("the authors' eval.py: problems have the names that they have here, the labels are kept", async () => {
  const records = await imported("authors", "authors.jsonl");
  assert.deepEqual(names(records), ["math/test/0#0", "math/test/0#1", "math/test/1#0", "math/test/1#1"]);
  assert.deepEqual(records.map(({ correct }) => correct), [true, false, true, false]);
  assert.deepEqual(records.map(({ answer }) => answer), ["5/6", "\\frac{2}{5}", "1024", ""]);
  assert.equal(records[0].goldAnswer, "\\frac{5}{6}");
  const [aime] = await imported("authors", "authors.jsonl", "--task", "aime-2025");
  assert.deepEqual([aime.task, aime.problemId], ["aime-2025", "aime-2025/test/0"]);
});

Deno.test("verl's dumps: one input is one problem, right is what acc calls so, else a score above 0", async () => {
  const records = await imported("verl", "verl.jsonl");
  assert.deepEqual(records.map(({ sampleIndex }) => sampleIndex), [0, 0, 1, 1]);
  assert.equal(new Set(records.map(({ problemId }) => problemId)).size, 2);
  assert.ok(records.every(({ problemId }) => /^verl\/[0-9a-f]{12}$/.test(problemId)));
  assert.deepEqual(records.map(({ correct }) => correct), [true, true, false, false]);
  assert.deepEqual(records.map(({ answer }) => answer), ["5/6", undefined, "\\frac{2}{5}", undefined]);
  const [acc, score] = ["verl's acc is", "verl's score is"];
  assert.deepEqual(records.map(({ reason }) => reason), [`${acc} true`, `${score} 1`, `${acc} false`, `${score} -1`]);
  assert.match(records[0].question, /^What is \$1\/2 \+ 1\/3\$\?\nPlease reason/);
});

Deno.test("lighteval's details: Parquet with and without underscores, and the older form", async () => {
  for (const file of ["lighteval.parquet", "lighteval_underscores.parquet"]) {
    const records = await imported("lighteval", file);
    assert.deepEqual(names(records), ["math/test/10#0", "math/test/10#1", "math/test/11#0", "math/test/11#1"]);
    // pass@k of two responses says nothing of either.
    assert.ok(records.every(({ correct }) => correct === undefined));
  }
  const former = await imported("lighteval", "lighteval_former.jsonl");
  assert.deepEqual(names(former), ["math/test/0#0", "math/test/1#0"]);
  assert.deepEqual(former.map(({ correct, goldAnswer }) => [correct, goldAnswer]), [
    [true, "\\frac{5}{6}"],
    [true, "1024"],
  ]);
});

Deno.test("lm-eval's samples: a problem is read once though it stands there for each filter", async () => {
  const records = await imported("lm-eval", "lm_eval.jsonl");
  assert.deepEqual(names(records), ["math/test/0#0", "math/test/1#0"]);
  assert.deepEqual(records.map(({ correct, answer }) => [correct, answer]), [[true, "5/6"], [false, "[invalid]"]]);
  const repeats = await imported("lm-eval", "lm_eval_repeats.jsonl");
  assert.deepEqual(names(repeats), ["math/test/0#0", "math/test/0#1"]);
  assert.deepEqual(repeats.map(({ correct, goldAnswer }) => [correct, goldAnswer]), [[undefined, "5/6"], [
    undefined,
    "5/6",
  ]]);
});

Deno.test("what is imported goes through verify, pass-at-k and show", async () => {
  for (
    const [from, file] of [["authors", "authors.jsonl"], ["verl", "verl.jsonl"], ["lighteval", "lighteval.parquet"]]
  ) {
    const { stdout } = await cli(["import", "--from", from, `${fixtures}${file}`]);
    const verified = await cli(["verify", "--extract", "lenient"], stdout);
    assert.equal(verified.error, undefined);
    assert.equal(recordsOf(verified.stdout).filter(({ correct }) => correct).length, 2, from);
    const pass = recordsOf((await cli(["pass-at-k"], verified.stdout)).stdout);
    assert.deepEqual(pass.map(({ k, passAtK }) => [k, passAtK]), [[1, 0.5], [2, 1]], from);
    assert.match((await cli(["show", "--correct", "--first", "1"], verified.stdout)).stdout, /✓ correct[^]*5\/6/, from);
  }
});

Deno.test("a line that lacks something is named with file, line, field and value, and nothing is printed", async () => {
  const bad: Record<string, ReadonlyArray<readonly [string, RegExp]>> = {
    authors: [['{"question_id":"x"}', /"<stdin>", line 1: field "question_id" must be a whole number.*found "x"/]],
    verl: [['{"input":"a","output":"b"}', /line 1: field "score" must be a number, found nothing/]],
    lighteval: [
      ['{"doc":{"query":"q"}}', /field "model_response" must be an object, found nothing/],
      ['{"predictions":"[\'a\']","full_prompt":"q"}', /field "predictions" must be a list of texts/],
    ],
    "lm-eval": [
      ['{"doc_id":0,"doc":{}}', /field "doc" must be an object with the text problem/],
      ['{"doc_id":0,"doc":{"problem":"p"},"resps":[[1]]}', /field "resps" must be a list/],
    ],
    openrlhf: [['{"input":"a"}', /field "output" must be a text, found nothing/]],
    easyr1: [
      ['{"prompt":"a","output":"b","score":"x"}', /field "score" must be a number, found "x"/],
      ["[prompt] a\n[output] b", /line 1: field "prompt" must be a text, found nothing/],
    ],
    "openai-batch": [
      ['{"custom_id":"a"}', /field "response" must be an object, found nothing/],
      ['{"custom_id":"a","response":{"status_code":200,"body":{}}}', /field "response.body.choices" must be a list/],
    ],
  };
  assert.deepEqual(Object.keys(bad).toSorted(), Object.keys(importers).toSorted());
  for (const [from, cases] of Object.entries(bad)) {
    for (const [line, expected] of [...cases, ["not json", /line 1/] as const]) {
      const { stdout, error } = await cli(["import", "--from", from], `${line}\n`);
      assert.equal(stdout, "");
      assert.match(error ?? "", expected);
    }
  }
  const absent = await cli(["import", "--from", "verl", "no_such_file.jsonl"]);
  assert.equal(absent.error, 'Cannot read "no_such_file.jsonl": there is no such file');
  assert.match((await cli(["import", "x.jsonl"])).error ?? "", /--from is missing/);
});

const sample = (doc_id: number, problem: string, more: object = {}) => ({
  doc_id,
  doc: { problem },
  target: "1",
  resps: [["\\boxed{1}"]],
  filter: "none",
  metrics: ["exact_match"],
  exact_match: 1,
  ...more,
});

Deno.test("subtasks of lm-eval and lighteval stay apart, by the file's name or the row's task", async () => {
  const harness = {
    "samples_minerva_math_algebra_2025-01-01T00-00-00.123456.jsonl": [sample(0, "a"), sample(1, "b")],
    "samples_minerva_math_geometry_2025-01-01T00-00-00.123456.jsonl": [
      sample(0, "c"),
      sample(1, "d", { exact_match: 0 }),
    ],
  };
  await withFiles(harness, async (files) => {
    const { stdout } = await cli(["import", "--from", "lm-eval", ...files]);
    assert.deepEqual(names(recordsOf(stdout)), [
      "math/test/minerva_math_algebra/0#0",
      "math/test/minerva_math_algebra/1#0",
      "math/test/minerva_math_geometry/0#0",
      "math/test/minerva_math_geometry/1#0",
    ]);
    const [pass] = recordsOf((await cli(["pass-at-k"], stdout)).stdout);
    assert.deepEqual([pass.problems, pass.passAtK], [4, 0.75]);
  });
  const row = (task_name: string, query: string) => ({
    doc: { id: "0", query, choices: ["1"], gold_index: 0, task_name },
    model_response: { text: ["\\boxed{1}"] },
    metric: { em: 1 },
  });
  const lines = [row("lighteval|math:algebra|0", "a"), row("lighteval|math:geometry|4", "b"), row("gsm8k|0", "c")];
  const { stdout } = await cli(
    ["import", "--from", "lighteval"],
    lines.map((one) => `${JSON.stringify(one)}\n`).join(""),
  );
  assert.deepEqual(names(recordsOf(stdout)), [
    "math/test/math:algebra/0#0",
    "math/test/math:geometry/0#0",
    "math/test/gsm8k/0#0",
  ]);
});

Deno.test("one name for two problems is an error that names both places, one file twice too", async () => {
  await withFiles({ "a.jsonl": [sample(0, "a")], "b.jsonl": [sample(0, "b")] }, async ([a, b]) => {
    const { error } = await cli(["import", "--from", "lm-eval", a, b]);
    assert.match(error ?? "", /b\.jsonl", line 1: problem "math\/test\/0" asks "b" there .*in ".*a\.jsonl", line 1/);
    assert.match((await cli(["import", "--from", "lm-eval", a, a])).error ?? "", /a\.jsonl": it is given twice/);
  });
  await withFiles({ "a.jsonl": [sample(0, "a")], "b.jsonl": [sample(0, "a", { target: "2" })] }, async (files) => {
    assert.match((await cli(["import", "--from", "lm-eval", ...files])).error ?? "", /problem "math\/test\/0"/);
  });
  // Two runs of one problem are more responses to it.
  await withFiles({ "a.jsonl": [sample(0, "a")], "b.jsonl": [sample(0, "a")] }, async (files) => {
    const { stdout } = await cli(["import", "--from", "lm-eval", ...files]);
    assert.deepEqual(names(recordsOf(stdout)), ["math/test/0#0", "math/test/0#1"]);
  });
});

Deno.test("all accepted answers are kept, and any of them is right", async () => {
  const harness = [
    sample(0, "a", { target: "['1', '2']" }),
    sample(1, "b", { target: ["2", "1"] }),
    sample(2, "c", { target: '["1"]' }),
  ];
  const doc = { id: "3", query: "d", choices: ["7", "1", "2"], gold_index: [0, 1] };
  const details = [{ doc, model_response: { text: ["\\boxed{1}"] }, metric: {} }];
  const both = await withFiles(
    { "a.jsonl": harness, "b.jsonl": details },
    async ([a, b]) =>
      (await cli(["import", "--from", "lm-eval", a])).stdout + (await cli(["import", "--from", "lighteval", b])).stdout,
  );
  assert.deepEqual(recordsOf(both).map(({ goldAnswer, goldAnswers }) => [goldAnswer, goldAnswers]), [
    ["1", ["1", "2"]],
    ["2", ["2", "1"]],
    ["1", undefined],
    ["7", ["7", "1"]],
  ]);
  const verdicts = recordsOf((await cli(["verify"], both)).stdout);
  assert.deepEqual(verdicts.map(({ correct }) => correct), [true, true, true, true]);
});

Deno.test("--metric chooses what says right and wrong, and the one taken is named", async () => {
  const rows = [sample(0, "a", { metrics: ["exact_match", "math_verify"], math_verify: 0 })];
  await withFiles({ "a.jsonl": rows }, async ([file]) => {
    const first = await cli(["import", "--from", "lm-eval", file]);
    assert.equal(recordsOf(first.stdout)[0].correct, true);
    assert.match(first.stderr, /by "exact_match", of exact_match, math_verify; --metric chooses/);
    const other = recordsOf((await cli(["import", "--from", "lm-eval", "--metric", "math_verify", file])).stdout);
    assert.deepEqual([other[0].correct, other[0].reason], [false, "lm-eval's math_verify is 0"]);
    assert.match(
      (await cli(["import", "--from", "lm-eval", "--metric", "f1", file])).error ?? "",
      /field "f1" must be true, false, 1 or 0 \(--metric\), found nothing/,
    );
  });
  const doc = { id: "3", query: "d", choices: ["7"], gold_index: 0 };
  const details = [{ doc, model_response: { text: ["7"] }, metric: { em: 0, quasi: 1 } }];
  await withFiles({ "b.jsonl": details }, async ([file]) => {
    const none = await cli(["import", "--from", "lighteval", file]);
    assert.equal("correct" in recordsOf(none.stdout)[0], false);
    assert.match(none.stderr, /no verdicts: there are em, quasi; --metric chooses/);
    assert.equal(
      recordsOf((await cli(["import", "--from", "lighteval", "--metric", "quasi", file])).stdout)[0].correct,
      true,
    );
  });
});

Deno.test("OpenRLHF's rollouts: a verifier's reward is a verdict, a reward model's is none", async () => {
  const line = (reward: unknown) => ({ input: "user\nq\nassistant\n", output: "\\boxed{5}", reward, label: "5" });
  const records = await withFiles(
    { "a.jsonl": [1, -1, 0.73, undefined].map(line) },
    async ([file]) => recordsOf((await cli(["import", "--from", "openrlhf", file])).stdout),
  );
  assert.deepEqual(records.map(({ correct }) => correct), [true, false, undefined, undefined]);
  assert.deepEqual(records.map(({ sampleIndex }) => sampleIndex), [0, 1, 2, 3]);
  assert.deepEqual([records[0].question, records[0].goldAnswer], ["q", "5"]);
});

Deno.test("EasyR1's log: blocks of several lines, a response that quotes the heads of fields", async () => {
  const log =
    "[prompt] user\nwhat?\nassistant\n[output] First.\n\n[ground_truth] is a head\n\\boxed{5}\n[ground_truth] 5\n[score] 1.0\n\n" +
    "[prompt] other\n[output] x\n[ground_truth] 6\n[score] 0.1\n\n";
  await withFiles({ "generations.log": log }, async ([file]) => {
    const records = recordsOf((await cli(["import", "--from", "easyr1", file])).stdout);
    assert.deepEqual(records.map(({ correct, goldAnswer }) => [correct, goldAnswer]), [[true, "5"], [false, "6"]]);
    assert.equal(records[0].responseText, "First.\n\n[ground_truth] is a head\n\\boxed{5}");
    assert.equal(records[0].question, "what?");
  });
  await withFiles({ "generations.log": `${log}[prompt] torn\n[output] x\n` }, async ([file]) => {
    const { error, stdout } = await cli(["import", "--from", "easyr1", file]);
    assert.match(error ?? "", /line 16: field "prompt" must be a text/);
    assert.equal(stdout, "");
  });
});

Deno.test("batch files: requests say what was asked, failed lines are passed over", async () => {
  const request = {
    custom_id: "r-1",
    method: "POST",
    url: "/v1/chat/completions",
    body: {
      messages: [{ role: "system", content: "s" }, { role: "user", content: "1+1?" }],
      metadata: { goldAnswer: "2" },
    },
  };
  const choices = [
    { index: 0, message: { role: "assistant", content: "\\boxed{2}" }, finish_reason: "stop" },
    { index: 1, message: { role: "assistant", content: null }, finish_reason: "content_filter" },
  ];
  const output = [
    { custom_id: "r-1", response: { status_code: 200, body: { choices } }, error: null },
    { custom_id: "r-2", response: { status_code: 500, body: {} }, error: null },
    { custom_id: "r-3", response: null, error: { message: "no" } },
    { custom_id: "r-4", response: { status_code: 200, body: { choices: [{ text: "4", finish_reason: "length" }] } } },
  ];
  await withFiles({ "requests.jsonl": [request], "output.jsonl": output }, async (files) => {
    const { stdout, stderr } = await cli(["import", "--from", "openai-batch", ...files]);
    assert.equal(stderr, "requests that got no response are passed over");
    const records = recordsOf(stdout);
    assert.deepEqual(names(records), ["math/test/r-1#0", "math/test/r-1#1", "math/test/r-4#0"]);
    assert.deepEqual(records.map(({ finish }) => finish), ["stop", undefined, "length"]);
    assert.deepEqual([records[0].question, records[0].goldAnswer, records[2].question], ["1+1?", "2", undefined]);
  });
});
