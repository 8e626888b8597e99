import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { doubling, linear, named, percents, steps } from "../../../../pipelines/reports/figures/axes.ts";
import { svg } from "../../../../pipelines/reports/figures/render_chart.ts";
import { training } from "../../../../pipelines/reports/figures/training.ts";

const domainOf = ({ scale }: ReturnType<typeof linear>) => scale.domain;

Deno.test("percents never go beyond 100, and never magnify hundredths", () => {
  assert.deepEqual(domainOf(percents("", [100, 100])), [98, 100]);
  assert.deepEqual(domainOf(percents("", [62, 99])), [60, 100]);
  const [low, high] = domainOf(percents("", [99.97, 99.99]));
  assert.ok(high === 100 && low <= 98);
});

Deno.test("a linear axis holds its values at even steps of 1, 2 or 5, with the digits of a step", async () => {
  assert.deepEqual(linear("x", [0.12, 0.47]), {
    type: "quantitative",
    title: "x",
    scale: { domain: [0.1, 0.5], nice: false },
    axis: { labelFlush: false, tickCount: 4, format: ".1f" },
  });
  assert.deepEqual(domainOf(linear("", [-0.1, 0.1])), [-0.1, 0.1]);
  assert.deepEqual(linear("", [0, 0]).axis, {
    labelFlush: false,
    values: [0, 1],
    labelExpr: "datum.value ? ' ' : '0'",
  });
  assert.deepEqual(linear("", [1e-6, 7e-6]).axis, { labelFlush: false, tickCount: 6, format: ".2~e" });
  const chart = Result.getOrThrow(training.build([-4e-6, 6e-6].map((approxKl, i) => ({ step: i + 1, approxKl }))));
  const drawn = await Effect.runPromise(svg(chart));
  const labels = [...drawn.matchAll(/>([^<]*)<\/text>/g)].map(([, text]) => text);
  assert.ok(labels.includes("0") && labels.includes("2e-6") && !labels.includes("0e+0"), labels.join(" "));
  for (const one of [0, 5, -3, 1e-9]) {
    const [low, high] = domainOf(linear("", [one]));
    assert.ok(low <= one && one <= high && low < high, `${one}: ${low} to ${high}`);
  }
});

Deno.test("steps go from the first to the last, one alone has an axis too", () => {
  assert.deepEqual([domainOf(steps([0, 60, 10])), domainOf(steps([5]))], [[0, 60], [5, 6]]);
});

Deno.test("doublings are equally long with a third at both ends, names equally far apart", () => {
  const { scale, axis } = doubling("k", [1, 2, 256, 2]);
  assert.deepEqual([scale.type, scale.base], ["log", 2]);
  assert.deepEqual(axis, { labelFlush: false, values: [1, 2, 256], format: "d", labelOverlap: true });
  assert.ok(Math.abs(scale.domain[0] ** 3 - 1 / 2) < 1e-12 && Math.abs((scale.domain[1] / 256) ** 3 - 2) < 1e-12);
  assert.deepEqual(named("lambda", ["0", "0.1"]).scale, { type: "point", domain: ["0", "0.1"], padding: 0.5 });
});
