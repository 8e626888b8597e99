import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { positiveGradient } from "../../../../data/paper/token_gradient.ts";
import type { Explained } from "../../../../pipelines/records/explained.ts";
import { figure5 } from "../../../../pipelines/reports/figures/figure_5.ts";
import { png, svg } from "../../../../pipelines/reports/figures/render_chart.ts";
import { encode } from "../../../../pipelines/records/record.ts";

const texts = ["7", " ", "\n", "=", "=", "a long token", "", "9"];

/** A token that was sampled from `probabilities` as `explain` would tell it. */
const token = (sampled: number, probabilities: ReadonlyArray<number>, change: Partial<Explained> = {}): Explained => {
  const sign = change.sign ?? "positive";
  const direction = sign === "positive" ? 1 : -1;
  const update = positiveGradient(Float64Array.from(probabilities), sampled).map((x) => 0.01 * direction * x);
  return {
    problemId: "countdown/train/7",
    sampleIndex: 0,
    sign,
    position: 0,
    before: "",
    token: sampled,
    tokenText: texts[sampled],
    probability: probabilities[sampled],
    oldProbability: probabilities[sampled],
    tokenEntropy: -probabilities.reduce((sum, p) => sum + p * Math.log(p), 0),
    advantage: direction,
    clipped: false,
    factor: 0.01,
    paperUpdate: update[sampled],
    kernelUpdate: update[sampled],
    deviation: 0,
    scaledDeviation: 0,
    entropyUpdate: 0,
    shownTokens: Int32Array.from(probabilities, (_, v) => v),
    shownTexts: texts.slice(0, probabilities.length),
    shownProbabilities: Float32Array.from(probabilities),
    shownPaper: Float32Array.from(update),
    shownKernel: Float32Array.from(update),
    ...change,
  };
};

const even = [0.4, 0.3, 0.2, 0.1];
const draw = (rows: ReadonlyArray<Explained>) => Effect.runPromise(svg(Result.getOrThrow(figure5.build(rows))));
const count = (text: string, part: string) => text.split(part).length - 1;

Deno.test("figure-5 draws a pair from one point of one problem, with the same bars and opposite arrows", async () => {
  const rows = [
    token(0, [0.5, 0.3, 0.1, 0.1], { position: 4, before: "7 + 7 =" }),
    token(0, even),
    token(1, even, { sign: "negative" }),
    token(1, [0.5, 0.3, 0.1, 0.1], { position: 4, before: "7 - 7 =", sign: "negative" }),
  ];
  const drawn = await draw(rows);
  assert.equal(await draw(rows), drawn);
  assert.equal(await draw(rows.toReversed()), drawn);
  assert.equal(count(drawn, ">token 1, countdown/train/7</text>"), 2);
  for (const text of ["(a) correct response: PSR, Eq. 7", "(b) incorrect response: NSR, Eq. 8", "logit rises"]) {
    assert.equal(count(drawn, `>${text}</text>`), 1, text);
  }
  assert.equal(count(drawn, ">sampled</text>"), 2);
  // π (1 - π) of the sampled token up or down, π_y π_v of the others the other way.
  for (const text of ["+0.240", "−0.120", "−0.080", "−0.040", "−0.210", "+0.120", "+0.060", "+0.030"]) {
    assert.ok(drawn.includes(`>${text}</text>`), text);
  }
  assert.ok(!drawn.includes("NaN") && !drawn.includes("undefined"));
});

Deno.test("figure-5 tells tokens apart that look alike, and shows the sampled one however rare", async () => {
  const eight = [0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.04, 0.01];
  const drawn = await draw([token(7, eight, { before: "7 * 9\n= 63 63 + 1 = 64", position: 9 })]);
  for (const text of ["7", "·", "\\n", "=", "= #4", "a·long·t…", "9"]) {
    assert.ok(drawn.includes(`>${text}</text>`), text);
  }
  assert.ok(!drawn.includes(">(none)</text>"), "the seventh gave way to the sampled one");
  assert.ok(drawn.includes(">token 10 after “… = 63 63 + 1 = 64”, countdown/train/7</text>"));
  assert.equal(count(drawn, ">sampled</text>"), 1);
  const bytes = await Effect.runPromise(png(Result.getOrThrow(figure5.build([token(7, eight)]))));
  assert.deepEqual([...bytes.subarray(1, 4)], [80, 78, 71]);
});

Deno.test("figure-5 draws no token that has no gradient of its own", () => {
  const refused = (rows: ReadonlyArray<Explained>) => Result.getOrThrow(Result.flip(figure5.build(rows)));
  const none = "no token has a gradient of its own (advantage 0, or clipped)";
  assert.equal(refused([token(0, even, { clipped: true, factor: 0 })]), none);
  assert.equal(refused([token(0, even, { advantage: 0, factor: 0 })]), none);
  assert.equal(refused([]), none);
});

Deno.test("figure-5 names the line and the field that it cannot use", () => {
  const failure = (change: object) => {
    const texts = [encode(token(0, even)), encode({ ...token(1, even), ...change })];
    const lines = texts.map((text, i) => ({ text, row: JSON.parse(text), source: "e.ndjson", line: i + 1 }));
    return Result.getOrThrow(Result.flip(figure5.fromLines(lines)));
  };
  assert.match(failure({ factor: "x" }), /"e\.ndjson", line 2: field "factor" must be a finite number, found "x"$/);
  assert.match(
    failure({ shownKernel: [1] }),
    /line 2: field "shownKernel" must be as long as "shownTokens" \(4\), found 1$/,
  );
  for (const shownTexts of [["a"], "abcd", [1, 2, 3, 4], undefined]) {
    assert.equal(
      failure({ shownTexts }),
      'Cannot make "figure-5": field "shownTexts" ("e.ndjson", line 2) must be a list of texts as long as "shownTokens"',
    );
  }
});
