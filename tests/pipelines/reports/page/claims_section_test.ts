import assert from "node:assert/strict";
import { Result } from "effect";
import { claimsSection } from "../../../../pipelines/reports/page/claims_section.ts";
import { intervalSpec } from "../../../../pipelines/reports/figures/interval.ts";
import { pageSvg } from "../../../../pipelines/reports/figures/render_chart.ts";
import type { Judged } from "../../../../pipelines/reports/tables/verdicts.ts";
import { claims, evaluations } from "./made_up_grid.ts";

const { html } = Result.getOrThrow(claimsSection(evaluations, claims));

const row = (id: string): string => html.split(`<tr id="claim-${id}">`)[1].split("</tr>")[0];

Deno.test("a claim has its verdict in words, what it was asked, what was found and its interval", () => {
  const found = row("nsr-raises-pass-at-1");
  for (
    const text of [
      "✓ holds",
      "NSR raises Pass@1 over the base",
      "Section 3.2, Table 1",
      "above 0 points",
      "<b>+14.0</b><small>+10.0 to +18.0</small>",
      "<b>+13.0</b><small>+9.0 to +17.0</small>",
      "same verdict",
    ]
  ) assert.ok(found.includes(text), text);
});

Deno.test("a verdict that other problems turn is marked, one that was not asked of them says so", () => {
  assert.ok(row("psr-below-base-at-256").includes("turned: ✗ does not"));
  assert.ok(row("psr-below-base-at-256").includes("−4.0"));
  assert.ok(row("slower-road-psr").includes("not asked"));
  assert.ok(html.includes("1 of 2 verdicts are the same, 1 moved, 1 of those from holds to does not or back."));
});

Deno.test("an untried claim has no number and no picture", () => {
  const untried = row("long-nsr-degrades");
  assert.ok(untried.includes("– untried") && !untried.includes("<svg"));
});

Deno.test("the paper's claims stand apart from those beyond it, each under its topic with its tally", () => {
  const [, paper, beyond] = html.split(/<h3>(?:What the paper says|Beyond the paper)<\/h3>/);
  assert.ok(paper.includes('id="claim-long-nsr-degrades"') && !paper.includes('id="claim-slower-road-psr"'));
  assert.ok(beyond.includes('id="claim-slower-road-psr"'));
  assert.match(paper, /Pass@k <span class="faint">2 hold<\/span>/);
  assert.match(beyond, /Frontier, and where NSR is special <span class="faint">1 undecided<\/span>/);
});

Deno.test("a study without claims is asked the paper's sentences about its point estimates", () => {
  const plain = Result.getOrThrow(claimsSection(evaluations, [])).html;
  assert.ok(plain.includes("PSR improves Pass@1 and falls below the base model at the largest k"));
  assert.ok(!plain.includes("bootstrap"));
});

/** The marks of one kind in a claim's picture, each with its place and its attributes. */
const marksOf = (more: Partial<Judged>, kind: string) => {
  const spec = intervalSpec({ ...claims[0], ...more });
  assert.ok(spec !== undefined);
  const group = new RegExp(`${kind}_marks">(.*?)</g>`, "s").exec(pageSvg(spec).content)?.[1] ?? "";
  return [...group.matchAll(/<(?:path|line) ([^>]*)\/>/g)].map(([, text]) => {
    const [, x, y] = /translate\(([\d.]+),([\d.]+)\)/.exec(text) ?? [];
    const at = Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    return { x: Number(x), y: Number(y), to: Number((Number(x) + Number(at.x2)).toFixed(2)), shape: at.d };
  });
};

Deno.test("an interval is drawn against its threshold, the two sets of problems on lines of their own", () => {
  const found = { value: 0.05, low: 0.02, high: 0.08, otherValue: 0, otherLow: -0.01, otherHigh: 0.01 };
  const [own, other] = marksOf(found, "intervals");
  // The threshold is the middle, 75, and 67 are 10 points.
  assert.deepEqual([own.x, own.to], [88.4, 128.6]);
  assert.deepEqual([other.x, other.to], [68.3, 81.7]);
  assert.notEqual(own.y, other.y);
  assert.deepEqual(marksOf(found, "ends").map(({ x }) => x), [88.4, 128.6, 68.3, 81.7]);
  assert.deepEqual(marksOf(found, "side").map(({ shape }) => shape), ["M75,0h75v26h-75Z"]);
});

Deno.test("an interval that leaves the picture ends in an arrow inside of it", () => {
  for (const [low, high] of [[-0.9, -0.8], [0.8, 0.9], [-0.9, 0.9]]) {
    const found = { value: (low + high) / 2, low, high, otherValue: undefined };
    const [{ x, to }] = marksOf(found, "intervals");
    assert.ok(x >= 0 && to <= 150 && to - x >= 8, `${x} to ${to}`);
    const arrows = marksOf(found, "ends").map(({ x, shape }) => `${x} ${shape}`);
    const expected = [...low < 0 ? ["4 M3,-3L0,0L3,3"] : [], ...high > 0 ? ["146 M-3,-3L0,0L-3,3"] : []];
    assert.deepEqual(arrows, expected);
  }
});

Deno.test("within a threshold is a band on both sides of zero", () => {
  assert.deepEqual(marksOf({ comparison: "within", threshold: 0.05 }, "side").map(({ shape }) => shape), [
    "M41.5,0h67v26h-67Z",
  ]);
});
