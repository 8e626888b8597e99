import assert from "node:assert/strict";
import { Result } from "effect";
import { claimsSection } from "../../../../pipelines/reports/page/claims_section.ts";
import { intervalPlot } from "../../../../pipelines/reports/page/interval_plot.ts";
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

const plotted = (more: Partial<Judged>): string => intervalPlot({ ...claims[0], ...more })?.html ?? "";
const horizontal = (svg: string, name: string) => {
  const [, from, y, to] = new RegExp(`class="${name}"><path d="M([\\d.]+) (\\d+)H([\\d.]+)`).exec(svg) ?? [];
  return { from: Number(from), to: Number(to), y };
};

Deno.test("an interval is drawn against its threshold, the two sets of problems on lines of their own", () => {
  const svg = plotted({ value: 0.05, low: 0.02, high: 0.08, otherValue: 0, otherLow: -0.01, otherHigh: 0.01 });
  const [own, other] = [horizontal(svg, "own"), horizontal(svg, "other")];
  // The threshold is the middle, 75, and 67 are 10 points.
  assert.deepEqual([own.from, own.to], [88.4, 128.6]);
  assert.deepEqual([other.from, other.to], [68.3, 81.7]);
  assert.notEqual(own.y, other.y);
  assert.match(svg, /<rect x="75" y="0" width="75"/);
});

Deno.test("an interval that leaves the picture ends in an arrow inside of it", () => {
  for (const [low, high] of [[-0.9, -0.8], [0.8, 0.9], [-0.9, 0.9]]) {
    const svg = plotted({ value: (low + high) / 2, low, high, otherValue: undefined });
    const { from, to } = horizontal(svg, "own");
    assert.ok(from >= 0 && to <= 150 && to - from >= 8, svg);
    assert.ok(/L4 8L9/.test(svg) === low < 0 && /L146 8L141/.test(svg) === high > 0, svg);
  }
});

Deno.test("within a threshold is a band on both sides of zero", () => {
  const svg = plotted({ comparison: "within", threshold: 0.05 });
  assert.match(svg, /<rect x="41\.5" y="0" width="67"/);
});
