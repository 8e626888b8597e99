/** What a record's text may do to its reader, in each format: nothing. */
import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { run } from "../../../pipelines/cli.ts";
import { panelSpec } from "../../../pipelines/reports/figures/chart.ts";
import { figure2 } from "../../../pipelines/reports/figures/figure_2.ts";
import { pageSvg } from "../../../pipelines/reports/figures/render_chart.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";

const hostile = [
  "=cmd|'/C calc'!A0",
  "+1+1",
  "-2+3",
  "@SUM(1)",
  "\tx",
  " =1+1",
  "[click](http://evil.example)",
  "![x](http://evil.example/a.png)",
  "[x][y] [y]: http://evil.example",
  "http://evil.example www.evil.example me@evil.example",
  "\x1b[31mred\x9b2J\x1b]0;title\x07",
  "a|b`c*d<script>alert(1)</script>",
  "\\href{http://x}{y} $x$ %",
  "half \ud800 pair \ufffe \u0000 \u202e",
];

const rows = hostile.map((label, i) => ({
  label,
  evaluation: label,
  task: "math",
  k: 1,
  passAtK: 0.5,
  low: 0.25,
  high: 0.75,
  problems: 3 + i,
  slice: "all",
  responses: 3,
}));
const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");

const output = async (words: ReadonlyArray<string>, stdin = lines): Promise<string> => {
  const io = memory(stdin);
  await Effect.runPromise(run(words).pipe(Effect.provideService(StandardStreams, io.streams)));
  return io.stdout();
};

// deno-lint-ignore no-control-regex -- these are what must not be there
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/;

Deno.test("no table lets a control character through", async () => {
  for (const report of ["flat", "evaluations"]) {
    for (const format of ["terminal", "markdown", "latex", "csv"]) {
      const text = await output(["table", "--report", report, "--format", format]);
      assert.doesNotMatch(text, controls, `${report} ${format}`);
      assert.match(text, /\\x1b|textbackslash\{\}x1b/);
    }
  }
});

Deno.test("a CSV cell that a spreadsheet would run has a ' before it, a number has none", async () => {
  const text = await output(["table", "--report", "flat", "--format", "csv"]);
  assert.doesNotMatch(text, /(^|,)"?\s*[=+@-](?!\d+(\.\d+)?(,|\n))/m);
  assert.match(text, /'=cmd\|'\/C calc'!A0,/);
  const numbers = await output(["table", "--format", "csv"], '{"a":-0.5,"b":"-0.5","c":"+1e3","=d":-1}\n');
  assert.equal(numbers, "a,b,c,'=d\n-0.5,-0.5,+1e3,-1\n");
});

Deno.test("Markdown has no live link, image or address of a label", async () => {
  const text = await output(["table", "--report", "flat", "--format", "markdown"]);
  assert.doesNotMatch(text, /[^\\]\]\(|[^\\]\]\[|https?:\/\/|www\.evil|me@evil|<script/);
  assert.match(text, /\[click\\\]\(http\\:\/\/evil\.example\)/);
});

Deno.test("a figure stays well-formed XML whatever its labels hold", async () => {
  const labelled = rows.flatMap((row) => [1, 2, 4].map((k) => ({ ...row, k })));
  const svg = await output(
    ["plot", "--report", "figure-2"],
    labelled.map((row) => `${JSON.stringify(row)}\n`).join(""),
  );
  assert.ok(svg.startsWith("<svg"));
  assert.doesNotMatch(svg, controls);
  assert.ok(svg.isWellFormed() && !/[\ufffe\uffff]/.test(svg));
  assert.doesNotMatch(svg, /<script|&(?!(amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)/i);
});

Deno.test("a page's picture of such labels has neither markup nor attributes of theirs", () => {
  const labelled = rows.flatMap((row) =>
    [1, 2].map((k) => ({ ...row, k, evaluation: "T", label: `${row.label}" style="x` }))
  );
  const { panels } = Result.getOrThrow(figure2.build(labelled));
  for (const { content } of panels.map((panel) => pageSvg(panelSpec(panel)))) {
    assert.doesNotMatch(content, controls);
    assert.doesNotMatch(content, /<script|<[^>]*\s(style|on\w+)=/);
    assert.match(content, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  }
});
