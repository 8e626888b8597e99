import assert from "node:assert/strict";
import {
  countVerdicts,
  diagnose,
  type DiagnosedSettings,
  type Diagnosis,
  type JudgedResponse,
  linesOf,
  type SaidAt,
} from "../../../pipelines/training/diagnostics.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";

const settings: DiagnosedSettings = {
  algorithm: "w-reinforce",
  task: "math",
  extract: "strict",
  responses: 4,
  temperature: 1,
};

/** A row of a healthy step. */
const healthy = { step: 1, updates: 1, meanEntropy: 0.3, gradNorm: 0.8, approxKl: 0.001 };

/** Responses of 4 a prompt by a letter each: c correct, w wrong, n without an answer; a capital letter is cut off. */
const responses = (letters: string): JudgedResponse[] =>
  [...letters].map((letter, i) => {
    const correct = letter.toLowerCase() === "c";
    return {
      problemId: `p${Math.floor(i / 4)}`,
      correct,
      answer: letter.toLowerCase() === "n" ? null : "1",
      finish: letter === letter.toUpperCase() ? "length" : "stop",
      reward: correct ? 1 : -1,
      responseTokens: { length: letter === letter.toUpperCase() ? 16 : 5 },
    };
  });

const said = (letters: string, more: Partial<DiagnosedSettings> = {}, row = {}) =>
  diagnose(responses(letters), { ...healthy, ...row }, { ...settings, ...more });

const only = (kind: Diagnosis["kind"], diagnoses: ReadonlyArray<Diagnosis>) =>
  diagnoses.filter((one) => one.kind === kind).map(({ text, advice }) => `${text}: ${advice}`);

Deno.test("verdicts are counted: correct, wrong and without an answer add up, cut off is counted beside", () => {
  assert.deepEqual(countVerdicts(responses("ccwnNW")), { correct: 2, wrong: 2, noAnswer: 2, cutOff: 2 });
  assert.deepEqual(countVerdicts([]), { correct: 0, wrong: 0, noAnswer: 0, cutOff: 0 });
});

Deno.test("a healthy step has its shares to say and nothing to turn", () => {
  assert.deepEqual(said("ccwwcwwn"), [{
    kind: "responses",
    text: "3 of 8 correct, 0 of 8 cut off, 1 without a box",
    advice: "",
  }]);
});

Deno.test("what most responses lack names the flag to turn, by task and grading", () => {
  const cases: ReadonlyArray<readonly [string, Partial<DiagnosedSettings>, string]> = [
    [
      "NNNNNNNN",
      {},
      "0 of 8 correct, 8 of 8 cut off at 16 tokens, 8 without a box: raise --max-tokens, or --extract lenient",
    ],
    ["WWWWcwcw", {}, "2 of 8 correct, 4 of 8 cut off at 16 tokens, 0 without a box: raise --max-tokens"],
    ["nnnncwcw", {}, "2 of 8 correct, 0 of 8 cut off, 4 without a box: --extract lenient"],
    [
      "nnnncwcw",
      { extract: "lenient" },
      "2 of 8 correct, 0 of 8 cut off, 4 without an answer: a --template that asks for the answer",
    ],
    [
      "nnnncwcw",
      { task: "countdown" },
      "2 of 8 correct, 0 of 8 cut off, 4 without an answer: a --template that asks for the answer",
    ],
    [
      "wwwwwwwn",
      {},
      "0 of 8 correct, 0 of 8 cut off, 1 without a box: all wrong: take easier problems, or raise --responses",
    ],
    [
      "cccccccC",
      {},
      "8 of 8 correct, 1 of 8 cut off at 16 tokens, 0 without a box: all right, nothing is left to learn: take harder problems",
    ],
  ];
  for (const [letters, more, line] of cases) assert.deepEqual(only("responses", said(letters, more)), [line]);
});

Deno.test("equal rewards in every group are said of the algorithms that compare within a group, and of those alone", () => {
  for (const algorithm of Object.keys(algorithms) as ReadonlyArray<keyof typeof algorithms>) {
    const compares = ["grpo", "dr-grpo", "rloo", "gspo", "cispo", "gpg"].includes(algorithm);
    assert.equal(only("groups", said("ccccwwww", { algorithm })).length, compares ? 1 : 0, algorithm);
    assert.deepEqual(only("groups", said("ccccwwwc", { algorithm })), [], algorithm);
  }
  assert.deepEqual(only("groups", said("ccccwwww", { algorithm: "grpo" })), [
    "all rewards are equal in each of 2 groups, so grpo learns nothing from them: " +
    "raise --responses or --temperature, or take problems that are sometimes solved",
  ]);
  const alone = responses("cw").map((one, i) => ({ ...one, problemId: `p${i}` }));
  const ofAlone = (algorithm: keyof typeof algorithms) =>
    only("groups", diagnose(alone, healthy, { ...settings, algorithm, responses: 1 }));
  for (const algorithm of ["grpo", "rloo", "dr-grpo", "gspo", "cispo"] as const) {
    assert.deepEqual(ofAlone(algorithm), [
      `each of 2 groups is one response, so ${algorithm} has no baseline: --responses 1 leaves nothing to compare, raise it`,
    ]);
  }
  assert.deepEqual(ofAlone("gpg"), [
    "all rewards are equal in each of 2 groups, so gpg learns nothing from them: --responses 1 leaves nothing to compare, raise it",
  ]);
});

Deno.test("an update that does nothing, low entropy, no gradient and a long step are said, at their bounds and not before", () => {
  assert.deepEqual(only("update", said("wwww", { algorithm: "psr" }, { updates: 0 })), [
    "psr uses none of these responses: no weight changed: " +
    "take problems that are sometimes solved, or an algorithm that uses both signs",
  ]);
  const masked = said("WWww", { algorithm: "nsr", truncated: "mask" }, { updates: 0, truncatedRatio: 0.5 });
  assert.deepEqual(only("update", masked), [
    "nsr uses none of these responses: no weight changed: --truncated mask leaves out what was cut off: raise --max-tokens",
  ]);
  assert.deepEqual(only("update", said("wwww", { algorithm: "dapo" }, { updates: 0 })), [
    "dapo uses none of these responses: no weight changed: " +
    "raise --responses or --temperature, or take problems that are sometimes solved",
  ]);
  assert.deepEqual(only("entropy", said("ccww", {}, { meanEntropy: 0.0042 })), [
    "entropy 0.0042 nats a token: responses hardly differ: raise --temperature or --entropy-coef, or lower --learning-rate",
  ]);
  assert.deepEqual(only("entropy", said("ccww", {}, { meanEntropy: 0.01 })), []);
  assert.deepEqual(only("entropy", said("ccww", { temperature: 0 }, { meanEntropy: 0 })), []);
  assert.equal(only("gradient", said("ccww", {}, { gradNorm: 0 })).length, 1);
  assert.deepEqual(only("gradient", said("ccww", {}, { gradNorm: 1e-8 })), []);
  assert.deepEqual(only("gradient", said("ccww", {}, { gradNorm: undefined })), []);
  assert.equal(only("step KL", said("ccww", {}, { approxKl: 0.2 })).length, 1);
  assert.deepEqual(only("step KL", said("ccww", {}, { approxKl: 0.1 })), []);
});

Deno.test("the distance from the reference is the mean over all tokens of the scored responses", () => {
  const away = (...distances: ReadonlyArray<number>) => [
    {
      oldLogProbs: Float32Array.from(distances, () => -1),
      referenceLogProbs: Float32Array.from(distances, (d) => -1 - d),
    },
    {},
  ];
  const kinds = (distances: ReadonlyArray<number>) =>
    only("reference KL", diagnose(responses("ccww"), healthy, settings, away(...distances)));
  assert.deepEqual(kinds([1, 4]), [
    "the policy is 2.5 nats a token away from the reference: raise --kl-coef, or lower --learning-rate",
  ]);
  assert.deepEqual(kinds([1, 1]), []);
  assert.deepEqual(diagnose([], healthy, settings), []);
});

Deno.test("the first step always speaks; later ones say what is new, and every ten steps what stays", () => {
  const shares: Diagnosis = { kind: "responses", text: "3 of 8 correct", advice: "" };
  const bad: Diagnosis = { kind: "responses", text: "0 of 8 correct", advice: "raise --max-tokens" };
  const low: Diagnosis = { kind: "entropy", text: "entropy 0", advice: "raise --temperature" };
  let memory: SaidAt | undefined;
  const spoken = new Map<number, ReadonlyArray<string>>();
  for (let step = 1; step <= 25; step++) {
    const diagnoses = [step < 3 || step === 7 ? shares : bad, ...step >= 12 ? [low] : []];
    const { lines, said } = linesOf(diagnoses, step, memory);
    memory = said;
    if (lines.length > 0) spoken.set(step, lines);
  }
  assert.deepEqual([...spoken], [
    [1, ["step 1: 3 of 8 correct"]],
    [3, ["step 3: 0 of 8 correct: raise --max-tokens"]],
    [12, ["step 12: entropy 0: raise --temperature"]],
    [13, ["step 13: 0 of 8 correct: raise --max-tokens"]],
    [22, ["step 22: entropy 0: raise --temperature"]],
    [23, ["step 23: 0 of 8 correct: raise --max-tokens"]],
  ]);
  // A run that goes on speaks first again.
  assert.deepEqual(linesOf([bad], 4, undefined).lines, ["step 4: 0 of 8 correct: raise --max-tokens"]);
});
