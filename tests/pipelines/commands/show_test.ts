// deno-lint-ignore-file no-control-regex -- escape codes are what is looked for
import assert from "node:assert/strict";
import { Effect } from "effect";
import { join } from "node:path";
import { run } from "../../../pipelines/cli.ts";
import { memory, OutputIsTerminal, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { differenceOf } from "../../../pipelines/reports/responses/answer_difference.ts";
import { harmless, responseText } from "../../../pipelines/reports/responses/response_text.ts";
import { writeRun } from "../reports/page/made_up_run.ts";

const show = async (words: ReadonlyArray<string>, stdin: string, isTerminal = false) => {
  const io = memory(stdin);
  const result = await Effect.runPromise(
    Effect.result(
      run(["show", ...words]).pipe(
        Effect.provideService(StandardStreams, io.streams),
        Effect.provideService(OutputIsTerminal, isTerminal),
      ),
    ),
  );
  return {
    stdout: io.stdout(),
    stderr: io.stderr(),
    error: result._tag === "Failure" ? result.failure.message : undefined,
  };
};

const verdict = {
  problemId: "math/test/7",
  sampleIndex: 3,
  question: "What is half of\none?",
  goldAnswer: "\\frac{1}{2}",
  responseText: "It is\n\\boxed{\\frac{1}{3}}",
  responseTokens: [1, 2, 3],
  finish: "length",
  answer: "\\frac{1}{3}",
  correct: false,
  reason: "is not",
  level: "Level 1",
};
const right = { ...verdict, problemId: "math/test/17", answer: "0.5", correct: true };
const lines = [verdict, right].map((record) => `${JSON.stringify(record)}\n`).join("");

Deno.test("a response is shown with its question, both answers, what differs in them, the reason and its text", async () => {
  const { stdout } = await show(["--incorrect"], lines);
  assert.equal(
    stdout,
    [
      "math/test/7 #3  ✗ incorrect  Level 1, 3 tokens, cut off",
      "question  What is half of",
      "          one?",
      "gold      \\frac{1}{2}",
      "                   ^",
      "answer    \\frac{1}{3}",
      "                   ^",
      "reason    is not",
      "response  It is",
      "          \\boxed{\\frac{1}{3}}",
      "",
      "",
    ].join("\n"),
  );
});

Deno.test("responses are chosen by verdict, by problem and by number", async () => {
  const heads = async (...words: ReadonlyArray<string>) =>
    [...(await show(words, lines)).stdout.matchAll(/^math\S+/gm)].map(([head]) => head);
  assert.deepEqual(await heads(), ["math/test/7", "math/test/17"]);
  assert.deepEqual(await heads("--correct"), ["math/test/17"]);
  assert.deepEqual(await heads("--problem", "7"), ["math/test/7"]);
  assert.deepEqual(await heads("--problem", "math/test/17"), ["math/test/17"]);
  assert.deepEqual(await heads("--first", "1"), ["math/test/7"]);
  const none = await show(["--problem", "8"], lines);
  assert.deepEqual([none.stdout, none.stderr], ["", "no response is left to show"]);
  assert.match((await show(["--correct", "--incorrect"], lines)).error ?? "", /leave nothing/);
});

Deno.test("the responses of a run are those of a step, of the latest where none is named, whole lines alone", async () => {
  const path = await Deno.makeTempDir();
  await writeRun(path);
  await Deno.mkdir(join(path, "steps/000002"));
  await Deno.writeTextFile(join(path, "steps/000002/sample.ndjson"), `${JSON.stringify(verdict)}\n{"problemId":"ma`);
  const latest = await show([path], "");
  assert.match(latest.stdout, /^math\/test\/7 #3 [^\n]*\n/);
  assert.equal(latest.stderr, `step 2 of "${path}", not graded yet; steps 1 to 2 are recorded, --step N shows another`);
  const first = await show([path, "--step", "1", "--wrong", "--first", "1"], "");
  assert.match(first.stdout, /^countdown\/train\/7 #\d {2}✗ incorrect/);
  assert.equal(first.stderr, `step 1 of "${path}"`);
  assert.match(
    (await show([path, "--step", "3"], "")).error ?? "",
    /step 3 \(--step\) is not recorded; steps 1 to 2 are$/,
  );
  assert.match((await show(["--step", "3"], lines)).error ?? "", /--step 3: "<stdin>" is no run$/);
  await Deno.remove(path, { recursive: true });
});

Deno.test("a long response is shown from its end unless it is asked for whole", async () => {
  const long = { ...verdict, responseText: Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n") };
  const { stdout } = await show([], JSON.stringify(long));
  assert.match(stdout, /… \d+ characters before \(--whole shows them\)\n +line 28\n/);
  assert.doesNotMatch(stdout, /line 27\n/);
  assert.match((await show(["--whole"], JSON.stringify(long))).stdout, /response {2}line 0\n[^]*line 39\n/);
});

Deno.test("colours are for terminals, and not with NO_COLOR", async () => {
  const before = Deno.env.get("NO_COLOR");
  Deno.env.delete("NO_COLOR");
  assert.match(
    (await show([], lines, true)).stdout,
    /\x1b\[31m✗ incorrect\x1b\[39m[^]*\\frac\{1\}\{\x1b\[7m2\x1b\[27m\}/,
  );
  assert.doesNotMatch((await show([], lines, false)).stdout, /\x1b/);
  Deno.env.set("NO_COLOR", "1");
  assert.doesNotMatch((await show([], lines, true)).stdout, /\x1b/);
  if (before === undefined) Deno.env.delete("NO_COLOR");
});

Deno.test("what a model wrote cannot command the terminal", () => {
  assert.equal(harmless("a\x1b[2Jb\x07\r\nc\td\u009b\u202e\u200f"), "a␛[2Jb␇\nc\td\ufffd\ufffd\ufffd");
  const text = responseText(
    {
      problemId: "\x1b]0;x\x07",
      question: "\x1b[1m",
      answer: "\x1b",
      goldAnswer: "\x9b",
      correct: false,
      reason: "\x08",
      responseText: "\x1b",
    },
    { colours: false, whole: true },
  );
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

Deno.test("differenceOf() finds the part that each text has for itself", () => {
  const middle = (a: string, b: string) => differenceOf(a, b).map(({ own }) => own);
  assert.deepEqual(middle("(1,2)", "(1,3)"), ["2", "3"]);
  assert.deepEqual(middle("aa", "aaa"), ["", "a"]);
  assert.deepEqual(middle("same", "same"), ["", ""]);
  assert.deepEqual(middle("π𝟙", "π𝟚"), ["𝟙", "𝟚"]);
  for (const parts of differenceOf("abcbd", "abd")) assert.equal(`${parts.begin}|${parts.end}`, "ab|d");
});

Deno.test("a line that is no response is refused with its place and field", async () => {
  const { stdout, error } = await show([], '{"problemId":"a"}\n');
  assert.deepEqual([stdout, error], [
    "",
    'Cannot read Rollout or Verdict from "<stdin>", line 1: field "responseText" must be a string, found nothing',
  ]);
  const wrong = await show([], '{"problemId":"a","responseText":"b","correct":"yes"}\n');
  assert.match(wrong.error ?? "", /field "correct" must be true or false, found "yes"/);
  assert.match((await show(["no_such_file"], "")).error ?? "", /Cannot read "no_such_file": there is no such file/);
});
