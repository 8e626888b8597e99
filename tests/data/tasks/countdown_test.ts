import assert from "node:assert/strict";
import { Tokenizer } from "@huggingface/tokenizers";
import { Key } from "../../../data/random.ts";
import { countdown, demonstrations, problems } from "../../../data/tasks/countdown.ts";
import { countdownLarge } from "../../../data/tasks/countdown_large.ts";
import { isTest } from "../../../data/tasks/countdown_derivation.ts";
import { readQuestion } from "../../../data/tasks/countdown_grade.ts";
import {
  countdownTokenizer,
  countdownTokenizerConfig,
  endOfResponse,
  spell,
  tags,
  tokenId,
  vocabulary,
} from "../../../data/tasks/countdown_vocabulary.ts";

const grade = (question: string, response: string) => countdown.grade({ question, goldAnswer: "" }, response, "strict");
const numbersOf = (question: string) => readQuestion(question)?.numbers ?? assert.fail(`cannot read "${question}"`);

Deno.test("countdown has 2,048 training and 128 test problems, no duplicates, each with a right goldAnswer", () => {
  for (const [split, size] of [["train", 2048], ["test", 128]] as const) {
    const made = problems(split);
    assert.equal(made.length, size);
    assert.equal(new Set(made.map((problem) => problem.problemId)).size, size);
    const sorted = made.map(({ question }) => [...numbersOf(question)].sort().join() + question.slice(7));
    assert.equal(new Set(sorted).size, size);
    for (const problem of made) {
      assert.ok(grade(problem.question, problem.goldAnswer).correct, JSON.stringify(problem));
      assert.equal(isTest(numbersOf(problem.question)), split === "test");
    }
  }
});

Deno.test("problems() is the same on every call, only grows with count, and changes with the seed", () => {
  const few = problems("test", 10);
  assert.deepEqual(problems("test").slice(0, 10), few);
  assert.deepEqual(few[0], {
    problemId: "countdown/test/0",
    question: "9 7 5 7 36 ~12",
    goldAnswer: "7 + 7 = 14 14 - 9 = 5 5 * 5 = 25",
  });
  const other = problems("test", 10, 7);
  assert.equal(other[3].problemId, "countdown/test@7/3");
  assert.notDeepEqual(other.map((problem) => problem.question), few.map((problem) => problem.question));
});

Deno.test("countdown draws its four tolerances and its lengths in the stated shares", () => {
  const made = problems("train");
  const share = (of: (question: string) => boolean) => made.filter(({ question }) => of(question)).length / made.length;
  for (const [tolerance, expected] of [["~0", 0.2], ["~2", 0.2], ["~5", 0.3], ["~12", 0.3]] as const) {
    assert.ok(Math.abs(share((question) => question.endsWith(` ${tolerance}`)) - expected) < 0.05, tolerance);
  }
  assert.ok(Math.abs(share((question) => question.includes("_")) - 0.5) < 0.06);
});

Deno.test("about a fifth of all number multisets belongs to the test split, in any order of the numbers", () => {
  let test = 0;
  let all = 0;
  for (let a = 1; a <= 9; a++) {
    for (let b = a; b <= 9; b++) {
      for (let c = b; c <= 9; c++) {
        for (let d = c; d <= 9; d++) {
          all++;
          if (isTest([a, b, c, d])) test++;
          assert.equal(isTest([d, b, a, c]), isTest([a, b, c, d]));
        }
      }
    }
  }
  assert.ok(Math.abs(test / all - 0.2) < 0.03, `${test / all}`);
});

Deno.test("demonstrations() is right four times of five, guesses 15 in 100, and shows no test numbers", () => {
  const count = 8000;
  const { prompts, responses } = demonstrations(Key.make(5), count);
  let right = 0;
  let guesses = 0;
  for (let row = 0; row < count; row++) {
    const prompt = prompts.subarray(row * 8, row * 8 + 8);
    const response = responses.subarray(row * 16, row * 16 + 16);
    assert.equal(prompt[0], tags.direct);
    assert.equal(vocabulary[prompt[7]], ">");
    assert.equal(response[15], endOfResponse);
    const question = spell(prompt.subarray(1, 7));
    assert.equal(isTest(numbersOf(question)), false);
    const found = grade(question, spell(response.subarray(0, response.indexOf(endOfResponse))));
    if (found.correct) right++;
    if (found.reason.startsWith("a bare guess")) guesses++;
  }
  assert.ok(Math.abs(right / count - 0.8) < 0.02, `${right / count} right`);
  assert.ok(Math.abs(guesses / count - 0.15) < 0.015, `${guesses / count} guesses`);
});

Deno.test("demonstrations() gives the same rows in one batch and in two, and carries the tag that is asked for", () => {
  const whole = demonstrations(Key.make(1), 6, { tag: "think" });
  const second = demonstrations(Key.make(1), 4, { from: 2, tag: "think" });
  assert.deepEqual(whole.prompts.subarray(16), second.prompts);
  assert.deepEqual(whole.responses.subarray(32), second.responses);
  assert.equal(whole.prompts[0], tags.think);
});

Deno.test("promptText() is eight tokens: the tag, the question and the end of the prompt", () => {
  const question = "3 5 7 _ 24 ~2";
  assert.equal(countdown.promptText({ question }), "<direct> 3 5 7 _ 24 ~2 >");
  assert.equal(countdown.promptText({ question }, "think"), "<think> 3 5 7 _ 24 ~2 >");
  assert.equal(countdown.promptText({ question }, "toString"), null);
});

Deno.test("the grader of countdown accepts true chains within the tolerance and nothing else", () => {
  const question = "3 5 7 _ 24 ~2";
  const cases: ReadonlyArray<[string, boolean, string]> = [
    ["3 * 7 = 21 21 + 5 = 26", true, "26 is 2 from the target 24, tolerance 2"],
    ["7 * 3 = 21 5 + 21 = 26", true, "26 is 2 from the target 24, tolerance 2"],
    ["3 + 5 = 8 8 + 7 = 15", false, "15 is 9 from the target 24, tolerance 2"],
    ["3 * 7 = 22 22 + 5 = 27", false, 'step 1 "3 * 7 = 22" is false: the result is 21'],
    ["3 * 7 = 21 21 + 3 = 24", false, 'step 2 "21 + 3 = 24" uses 3, which is not there'],
    ["3 * 8 = 24", false, "expected 2 steps of five tokens, found 5 tokens"],
    ["3 * 7 = 21 21 + 5 = 26 26", false, "expected 2 steps of five tokens, found 11 tokens"],
    ["3 * 7 = 21 21 + 5 > 26", false, 'step 2 "21 + 5 > 26" is not of the form a op b = c'],
    ["3 * 7 = 21 21 > 5 = 26", false, 'step 2 "21 > 5 = 26" is not of the form a op b = c'],
    ["3 * 7 = 21 21 + 05 = 26", false, 'step 2 "21 + 05 = 26" is not of the form a op b = c'],
    ["3 - 7 = -4 -4 + 5 = 1", false, 'step 1 "3 - 7 = -4" is not of the form a op b = c'],
    ["= 24", false, "a bare guess without a derivation"],
    ["", false, "expected 2 steps of five tokens, found 0 tokens"],
  ];
  for (const [response, correct, reason] of cases) {
    const found = grade(question, response);
    assert.deepEqual([found.correct, found.reason], [correct, reason], response);
  }
  assert.equal(grade(question, "3 * 7 = 21 21 + 5 = 26").answer, "26");
  assert.equal(grade(question, "3 * 7 >").answer, null);
  assert.equal(grade("2 2 5 5 20 ~0", "2 * 5 = 10 2 * 5 = 10 10 + 10 = 20").correct, true);
  assert.equal(grade("3 5 _ 7 24 ~2", "= 24").reason, 'cannot read the question "3 5 _ 7 24 ~2"');
});

Deno.test("a flood of tokens is graded without delay", () => {
  assert.equal(grade("3 5 7 _ 24 ~2", "3 ".repeat(500000)).correct, false);
});

Deno.test("the tokenizer has 77 tokens, and text and ids go round in @huggingface/tokenizers", () => {
  assert.equal(vocabulary.length, 77);
  assert.deepEqual(
    ["+", "-", "*", "=", "<eos>", ">", "_", "<direct>", "<think>", "~0", "~2", "~5", "~12"].map(tokenId),
    [
      ...Array(13).keys(),
    ].map((i) => 64 + i),
  );
  const tokenizer = new Tokenizer(countdownTokenizer(), countdownTokenizerConfig());
  const ids = [...vocabulary.keys()];
  assert.equal(tokenizer.decode(ids), spell(ids));
  assert.deepEqual([...tokenizer.encode(spell(ids), { add_special_tokens: false }).ids], ids);
  assert.equal(tokenizer.decode([3, 5, endOfResponse], { skip_special_tokens: true }), "3 5");
});

Deno.test("countdown-large begins with the problems of countdown and has ten times as many", () => {
  const { source } = countdownLarge;
  assert.ok(source.kind === "generated");
  assert.deepEqual(source.sizes, { train: 20_480, test: 1280 });
  const many = source.problems("test", source.sizes.test);
  assert.equal(many.length, 1280);
  assert.deepEqual(many.slice(0, 128), problems("test"));
  assert.equal(new Set(many.map(({ question }) => question)).size, 1280);
});

Deno.test("with at most three alike, every multiset of the test split has three problems, and there are no more", () => {
  const made = problems("test", 1000, 3, 3);
  const groups = Map.groupBy(made, ({ question }) => countdown.alikeBy?.({ question }));
  assert.deepEqual([made.length, groups.size], [405, 135]);
  assert.ok([...groups.values()].every((group) => group.length === 3));
  assert.equal(made[0].problemId, "countdown/test@3x3/0");
  assert.deepEqual(problems("test", 40, 3, 3), made.slice(0, 40));
});
