/** Files of other programs become records that the stages take; what they lack is named. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { run } from "../../../pipelines/cli.ts";
import { importers } from "../../../pipelines/imports/mod.ts";
import { memory, StandardStreams } from "../../../pipelines/runtime/standard_streams.ts";

const fixtures = new URL("fixtures/", import.meta.url).pathname;

const cli = async (words: ReadonlyArray<string>, stdin = "") => {
  const io = memory(stdin);
  const result = await Effect.runPromise(
    Effect.result(run(words).pipe(Effect.provideService(StandardStreams, io.streams))),
  );
  return { stdout: io.stdout(), error: result._tag === "Failure" ? result.failure.message : undefined };
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
