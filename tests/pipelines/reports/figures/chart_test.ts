import assert from "node:assert/strict";
import { Resvg } from "@resvg/resvg-js";
import { Effect, Result } from "effect";
import { figure2 } from "../../../../pipelines/reports/figures/figure_2.ts";
import { figure4 } from "../../../../pipelines/reports/figures/figure_4.ts";
import { png, svg } from "../../../../pipelines/reports/figures/render_chart.ts";
import { dynamics, evaluations } from "../study_rows.ts";

const count = (text: string, part: string) => text.split(part).length - 1;

Deno.test("figure-2 has a panel for each evaluation, a curve for each model, and the same bytes each time", async () => {
  const chart = Result.getOrThrow(figure2.build(evaluations));
  const drawn = await Effect.runPromise(svg(chart));
  assert.equal(await Effect.runPromise(svg(chart)), drawn);
  for (
    const text of ["countdown, T 0.6, 128 problems", "countdown, T 0.6, hard slice, 28 problems", "countdown, T 1"]
  ) {
    assert.ok(drawn.includes(text), text);
  }
  for (const name of ["Base model", "PPO", "NSR"]) assert.equal(count(drawn, `>${name}</text>`), 1, name);
  // Each model's own colour and dash, on three curves and in the legend.
  assert.ok(count(drawn, 'stroke="#0072b2"') >= 4 && count(drawn, 'stroke-dasharray="5,3"') >= 4);
  assert.match(drawn, /<rect [^>]*fill="white"/);
  assert.ok(!drawn.includes("NaN") && !drawn.includes("undefined"));
});

Deno.test("figure-2 needs no names and no intervals", async () => {
  const chart = Result.getOrThrow(figure2.build([{ k: 1, passAtK: 0.5 }, { k: 3, passAtK: 0.75 }]));
  const drawn = await Effect.runPromise(svg(chart));
  assert.ok(drawn.includes(">model</text>") && !drawn.includes("bootstrap") && !drawn.includes("NaN"));
});

Deno.test("figure-4 has the panels for which there are numbers", async () => {
  const all = await Effect.runPromise(svg(Result.getOrThrow(figure4.build(dynamics))));
  for (const letter of ["(a)", "(b)", "(c)", "(d)"]) assert.ok(all.includes(`>${letter} `), letter);
  assert.ok(all.includes("centred mean"));
  const untested = dynamics.filter(({ step }) => step > 0 && step < 10)
    .map(({ step, correctRatio }) => ({ step, correctRatio }));
  const one = await Effect.runPromise(svg(Result.getOrThrow(figure4.build(untested))));
  assert.ok(one.includes(">(c) ") && !one.includes(">(a) ") && !one.includes("centred mean"));
  assert.match(Result.getOrThrow(Result.flip(figure4.build([{ step: 1 }]))), /no row has "testAccuracy"/);
});

Deno.test("a PNG carries its own letters: it needs no font of the system", async () => {
  const chart = Result.getOrThrow(figure4.build(dynamics));
  const bytes = await Effect.runPromise(png(chart));
  assert.deepEqual([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const withoutText = (await Effect.runPromise(svg(chart))).replaceAll(/>[^<]+<\/text>/g, "></text>");
  const bare = new Resvg(withoutText, { fitTo: { mode: "zoom", value: 2 } }).render().asPng();
  assert.ok(bytes.length > 1.2 * bare.length, `${bytes.length} bytes with letters, ${bare.length} without`);
});
