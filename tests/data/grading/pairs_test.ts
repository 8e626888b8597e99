import assert from "node:assert/strict";
import { equivalent } from "../../../data/grading/equivalence.ts";
import { grade } from "../../../data/grading/grade.ts";

const pairs = Deno.env.get("SIGNUM_PAIRS");
if (pairs === undefined) console.error("data/grading: SIGNUM_PAIRS is not set, so the labelled pairs are not graded");

interface Pair {
  readonly id: string;
  readonly gold: string;
  readonly prediction: string | null;
  readonly response: string | null;
  readonly label: boolean | null;
  readonly hard?: boolean;
  readonly tags?: ReadonlyArray<string>;
}

const rows = (file: string): ReadonlyArray<Pair> =>
  Deno.readTextFileSync(`${pairs}/${file}`).trim().split("\n").map((line) => JSON.parse(line));

const has = (row: Pair, ...tags: ReadonlyArray<string>) => tags.some((tag) => row.tags?.includes(tag));

const judged = (row: Pair): boolean =>
  grade(row.gold, row.prediction === null ? row.response ?? "" : `\\boxed{${row.prediction}}`, "lenient").correct;

Deno.test({
  name: "answers of real models are judged right in 99.8 of 100 cases, with at most two accepted by mistake",
  ignore: pairs === undefined,
  fn() {
    const scored = rows("dev.jsonl").filter((row) =>
      row.hard === true && row.label !== null && !has(row, "choice", "sentence", "suite")
    );
    const wrong = scored.filter((row) => judged(row) !== row.label);
    assert.ok(wrong.length <= 0.002 * scored.length, `${wrong.length} of ${scored.length}`);
    assert.ok(wrong.filter(({ label }) => !label).length <= 2);
  },
});

Deno.test({
  name: "the tests of other graders are passed in 95 of 100 cases",
  ignore: pairs === undefined,
  fn() {
    const suite = rows("dev.jsonl").filter((row) => row.label !== null && has(row, "suite"));
    const right = suite.filter((row) => judged(row) === row.label);
    assert.ok(right.length >= 0.95 * suite.length, `${right.length} of ${suite.length}`);
  },
});

Deno.test({
  name: "no look-alike is accepted, whichever of the two is the gold answer",
  ignore: pairs === undefined,
  fn() {
    const accepted = rows("cross_negatives.jsonl").filter(({ gold, prediction }) =>
      equivalent(gold, prediction ?? "") || equivalent(prediction ?? "", gold)
    );
    assert.deepEqual(accepted.map(({ id }) => id), []);
  },
});

Deno.test({
  name: "the cases of public issues are all judged right",
  ignore: pairs === undefined,
  fn() {
    const wrong = rows("issue_cases.jsonl").filter((row) => row.label !== null && judged(row) !== row.label);
    assert.deepEqual(wrong.map(({ id }) => id), []);
  },
});
