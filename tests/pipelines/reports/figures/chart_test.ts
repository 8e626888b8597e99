import assert from "node:assert/strict";
import { Resvg } from "@resvg/resvg-js";
import { Effect, Result } from "effect";
import { panelSpec } from "../../../../pipelines/reports/figures/chart.ts";
import { figure2 } from "../../../../pipelines/reports/figures/figure_2.ts";
import { figure4 } from "../../../../pipelines/reports/figures/figure_4.ts";
import { pageSvg, png, svg } from "../../../../pipelines/reports/figures/render_chart.ts";
import { dynamics, evaluations } from "../study_rows.ts";

const titles = (svg: string) =>
  [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, text]) => text.replaceAll("&#xA;", "\n"));
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
  // In the legend, and where each of the three curves ends.
  for (const name of ["Base model", "PPO", "NSR"]) assert.equal(count(drawn, `>${name}</text>`), 4, name);
  // Each model's own colour and dash, on three curves and in the legend.
  assert.ok(count(drawn, 'stroke="#0b4fa0"') >= 4 && count(drawn, 'stroke-dasharray="5,3"') >= 4);
  assert.match(drawn, /<rect [^>]*fill="#ffffff"/);
  assert.ok(!drawn.includes("NaN") && !drawn.includes("undefined") && !drawn.includes("var("));
});

Deno.test("a place says what every series has there, the highest first, in the file and on the page alike", async () => {
  const chart = Result.getOrThrow(figure2.build(evaluations));
  const drawn = await Effect.runPromise(svg(chart));
  const [said] = titles(drawn);
  assert.match(said, /^k = 1\n(?:\S.*: [\d.]+ % \([\d.]+–[\d.]+\)\n?){3}$/);
  const values = said.split("\n").slice(1).map((line) => Number(/: ([\d.]+) %/.exec(line)?.[1]));
  assert.deepEqual(values, values.toSorted((a, b) => b - a));
  const pages = chart.panels.map((panel) => pageSvg(panelSpec(panel)));
  assert.deepEqual(pages.flatMap(({ content }) => titles(content)), titles(drawn));
  // A page's picture is in its own colours, and has nothing that its policy would refuse.
  for (const { content } of pages) {
    assert.ok(!/ style=|#[0-9a-f]{6}|<style|<script|href/.test(content));
    assert.match(content, /stroke="var\(--hue-blue\)"/);
  }
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

Deno.test("of a long training as many steps say their values as have room, evenly", async () => {
  const long = Array.from({ length: 1000 }, (_, step) => ({ step, correctRatio: step / 1000 }));
  const said = titles(await Effect.runPromise(svg(Result.getOrThrow(figure4.build(long)))));
  assert.equal(said.length, 167);
  assert.deepEqual([said[0], said[1], said[166]], [
    "step 0\nmodel: 0.0 %",
    "step 6\nmodel: 0.6 %",
    "step 996\nmodel: 99.6 %",
  ]);
});

Deno.test("a PNG carries its own letters: it needs no font of the system", async () => {
  const chart = Result.getOrThrow(figure4.build(dynamics));
  const bytes = await Effect.runPromise(png(chart));
  assert.deepEqual([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const withoutText = (await Effect.runPromise(svg(chart))).replaceAll(/>[^<]+<\/text>/g, "></text>");
  const bare = new Resvg(withoutText, { fitTo: { mode: "zoom", value: 2 } }).render().asPng();
  assert.ok(bytes.length > 1.2 * bare.length, `${bytes.length} bytes with letters, ${bare.length} without`);
});
