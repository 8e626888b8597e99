import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Result } from "effect";
import { recipes } from "../../../../pipelines/recipes/mod.ts";
import { studyHtml } from "../../../../pipelines/reports/page/study_html.ts";
import type { StudyReport } from "../../../../pipelines/reports/page/study_report.ts";
import { dynamicsOfCells } from "../../../../pipelines/study/derived_rows.ts";
import { dynamics, evaluations as plainRows } from "../study_rows.ts";
import { claims, evaluations, frontier, insights, steps, sweeps } from "./made_up_grid.ts";
import { explained } from "./made_up_run.ts";

const recipe = recipes["tiny-full"];

const grid: StudyReport = {
  recipe,
  commits: ["abc123"],
  device: "lavapipe <&>",
  evaluations,
  ...dynamicsOfCells(steps),
  claims,
  frontier,
  sweeps,
  insights,
  explained,
  cells: ["base_base_base-1_seed-1", "main_nsr_base-1_seed-1", "no cell of the recipe"],
  records: [{ file: "counts.ndjson", sha256: "0f" }],
};

const page = (study: StudyReport): string => Result.getOrThrow(studyHtml(study));

const sections = (html: string): ReadonlyArray<string> =>
  [...html.matchAll(/<section id="([^"]+)" class="part">/g)].map(([, id]) => id);

/** The part of a page between the beginning of a section and the next. */
const section = (html: string, id: string): string =>
  html.slice(html.indexOf(`<section id="${id}" class="part">`)).split(/<section id="[^"]+" class="part">/)[1];

Deno.test("a page of a study of cells has every section, in order, with a link to each", () => {
  const html = page(grid);
  const expected = [
    "short",
    "claims",
    "pass-at-k",
    "frontier",
    "sweeps",
    "dynamics",
    "ablations",
    "insights",
    "token-gradients",
    "settings",
    "made",
  ];
  assert.deepEqual(sections(html), expected);
  for (const id of expected) assert.ok(html.includes(`<a href="#${id}">`), id);
  assert.ok(!html.includes("undefined") && !html.includes("NaN"));
});

Deno.test("a page without rows for a section leaves it out, and says nothing of cells where there are none", () => {
  const html = page({ evaluations: plainRows, dynamics: [] });
  assert.deepEqual(sections(html), ["short", "claims", "pass-at-k", "made"]);
  assert.ok(!html.includes("cells are done") && !html.includes("model organism"));
  assert.deepEqual(sections(page({ evaluations: plainRows, dynamics })), [
    "short",
    "claims",
    "pass-at-k",
    "dynamics",
    "made",
  ]);
  assert.ok(Result.isFailure(studyHtml({ evaluations: [], dynamics: [] })));
});

Deno.test("a page says what the study is and how much of it is done", () => {
  const short = section(page(grid), "short");
  assert.match(short, /It is a model organism: .* do not stand for a model of 7 billion parameters\./);
  assert.ok(short.includes(`An unfinished study: 2 of ${recipe.cells.length} cells are done.`));
  const whole = page({ ...grid, cells: recipe.cells.map(({ name }) => name) });
  assert.ok(section(whole, "short").includes(`All ${recipe.cells.length} cells of the study are done.`));
  const conditions = section(page(grid), "settings");
  assert.match(
    conditions,
    /<th scope="row">main<\/th><td>PPO, [^<]*<\/td><td>1, 2, 3<\/td><td[^>]*>54<\/td><td[^>]*>1<\/td>/,
  );
});

Deno.test("the summary names the main claims where the study asks one of them", () => {
  const other = { ...claims[0], id: "asked-by-no-other-study", primary: undefined };
  assert.ok(section(page(grid), "short").includes("The main ones"));
  assert.ok(!section(page({ ...grid, claims: [other] }), "short").includes("The main ones"));
});

Deno.test("a page of an unfinished comparison names the method that is not done", () => {
  const { tiny } = recipes;
  const rows = tiny.cells.map(({ algorithm }) => ({ ...plainRows[0], label: algorithm, algorithm }));
  assert.ok(!page({ recipe: tiny, evaluations: rows, dynamics: [] }).includes("unfinished"));
  const html = page({ recipe: tiny, evaluations: rows.filter(({ label }) => label !== "nsr"), dynamics: [] });
  assert.ok(
    section(html, "short").includes("<b>An unfinished study: NSR is not done.</b> Numbers are of the other methods."),
  );
  assert.ok(html.includes(`<dt>cells done</dt><dd>${rows.length - 1} of ${rows.length}</dd>`));
});

Deno.test("a page asks for nothing: no address but its own anchors, its policy lets only its own style and script through", () => {
  const html = page(grid);
  const addresses = [...html.matchAll(/(?:href|src|action|poster|data)="([^"]*)"/g)].map(([, address]) => address);
  assert.ok(addresses.length > 10);
  assert.deepEqual(addresses.filter((address) => !address.startsWith("#") && address !== "data:,"), []);
  assert.ok(!/url\(|@import|<iframe|<object|<embed|<img/.test(html));
  // What the policy would refuse is not there: attributes that hold style or script.
  assert.ok(!/<[^>]+\s(?:style|on\w+)=/.test(html.replaceAll(/<script>[^]*?<\/script>/g, "")));
  const policy = /content="(default-src [^"]*)"/.exec(html)?.[1].replaceAll("&#39;", "'") ?? "";
  const digest = (tag: string) => {
    const text = html.slice(html.indexOf(`<${tag}>`) + tag.length + 2, html.indexOf(`</${tag}>`));
    return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  };
  assert.equal(
    policy,
    `default-src 'none'; img-src data:; style-src ${digest("style")}; script-src ${digest("script")}`,
  );
});

Deno.test("nothing that rows say becomes markup", () => {
  const html = page(grid);
  assert.ok(html.includes("NSR falls back &lt;b&gt;") && !html.includes("falls back <b>"));
  assert.ok(html.includes("lavapipe &lt;&amp;&gt;"));
});

Deno.test("the numbers of Table 1 are those of the rows, with intervals, the base's block first in each", () => {
  const table = section(page(grid), "pass-at-k").split('<table id="table-1">')[1].split("</table>")[0];
  const cells = [...table.matchAll(/<th scope="row">([^<]*)<\/th>(.*?)<\/tr>/gs)].map(([, name, rest]) => [
    name,
    ...[...rest.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) =>
      cell.replace("<small>", " ").replaceAll(/<[^>]*>/g, "")
    ),
  ]);
  assert.deepEqual(cells.slice(0, 3), [
    ["Base model", "60.0 58.0–63.0", "99.0 97.0–100.0"],
    ["PSR", "75.0 73.0–78.0", "95.0 93.0–98.0"],
    ["NSR", "74.0 72.0–77.0", "97.0 95.0–100.0"],
  ]);
  // Best bold, second underlined, the difference from the base said in words.
  assert.match(table, /title="15\.0 points above the base model"><b>75\.0<\/b>/);
  assert.match(table, /title="2\.0 points below the base model"><u>97\.0<\/u>/);
  assert.ok(table.includes("The paper: MATH, Qwen2.5-Math-7B"));
  const ablations = section(page(grid), "ablations");
  assert.ok(
    ablations.includes("countdown, T 0.6, clip off, 128 problems") && !ablations.includes("T 0.6, 128 problems"),
  );
});

/** What the places of a section's figures say, line by line. */
const placesIn = (html: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...html.matchAll(/<title>([^<]*)<\/title>/g)].map(([, text]) => text.split("&#xA;"));

/** The plots of a section: their titles, and the words in them. */
const plotsIn = (html: string) =>
  [...html.matchAll(/<h4>([^<]*)<\/h4>\n<svg class="plot"(.*?)<\/svg>/gs)].map(([, title, content]) => ({
    title,
    words: [...content.matchAll(/>([^<]+)<\/text>/g)].map(([, word]) => word),
    places: placesIn(content),
  }));

Deno.test("curves say their values to who points at them, and name their lines where they end", () => {
  const [plot] = plotsIn(section(page(grid), "pass-at-k"));
  const place = plot.places.find(([k]) => k === "k = 64");
  assert.ok(place?.includes("NSR: 97.0 % (95.0–100.0)"));
  assert.equal(place?.length, 4);
  for (const name of ["Base model", "NSR", "PSR"]) assert.equal(plot.words.filter((word) => word === name).length, 1);
});

Deno.test("dynamics of cells are their mean; every step says its own value, whether a symbol is drawn there or not", () => {
  const html = section(page(grid), "dynamics");
  assert.ok(html.includes("Each line is the mean over 2 cells."));
  // 70 and 71 % of two bases.
  assert.ok(placesIn(html).some(([step, ...said]) => step === "step 1" && said.includes("PSR: 70.5 %")));
  const long = Array.from({ length: 30 }, (_, i) => ({ algorithm: "nsr", step: i + 1, correctRatio: i / 100 }));
  const [plain] = plotsIn(section(page({ evaluations: plainRows, dynamics: long }), "dynamics"));
  assert.deepEqual(
    plain.places.map((place) => place.join(" ")),
    long.map(({ step }) => `step ${step} NSR: ${step - 1}.0 %`),
  );
});

Deno.test("the frontier begins at the base, says each step, and what the matched comparisons found", () => {
  const html = section(page(grid), "frontier");
  const plot = plotsIn(html).find(({ title }) => title === "main, k = 64, 2 cells");
  const says = (place: string, said: string) =>
    assert.ok(plot?.places.some(([where, ...lines]) => where === place && lines.includes(said)), said);
  says("step 60", "PSR: Pass@1 75.0 %, Pass@64 95.0 % (90.0–100.0)");
  says("the base", "NSR: Pass@1 60.0 %, Pass@64 99.0 % (90.0–100.0)");
  assert.match(html, /<th scope="row">NSR<\/th><td class="num">60\.0 → 99\.0<\/td><td class="num">65\.0 → 98\.3<\/td>/);
  const answers = html.split('<ul class="answers">')[1];
  assert.ok(answers.includes("? undecided") && answers.includes("Stopped where it has NSR&#39;s Pass@1"));
  assert.ok(!answers.includes("NSR raises Pass@1"));
});

Deno.test("a setting at one value only is no sweep yet", () => {
  const html = section(page(grid), "sweeps");
  assert.ok(placesIn(html).some((said) => said.join("|") === "lambda 0.1|W-REINFORCE: 71.0 % (65.0–80.0), 2 cells"));
  assert.ok(!html.includes("learning rate"));
});

Deno.test("insights are means over cells, with the least and the greatest where they differ", () => {
  const html = section(page(grid), "insights");
  assert.ok(html.includes("the mean over 2 cells (bases × seeds)"));
  assert.ok(html.includes("<h3>Section 4.3, Appendix C: clipping keeps the direction</h3>"));
  assert.match(html, /<td class="num">0\.5<\/td><td class="num">0\.15<small>0\.1 to 0\.2<\/small><\/td>/);
});

Deno.test("Figure 5 has a bar and an arrow a token, which needs neither colour nor script to be read", () => {
  const html = section(page(grid), "token-gradients");
  const [correct, incorrect] = plotsIn(html);
  assert.deepEqual([correct.places.length, incorrect.places.length], [3, 3]);
  assert.deepEqual(correct.places[0], ["8 (sampled)", "probability: 0.500", "its logit rises by: +0.250"]);
  assert.deepEqual(incorrect.places[0], ["8 (sampled)", "probability: 0.500", "its logit falls by: −0.250"]);
  assert.ok(correct.words.includes("sampled") && correct.words.includes("+0.250"));
  assert.ok(html.includes("Over all 2 recorded tokens the kernels' gradient is within 1.0e-6 of Eqs. (7) and (8)"));
});

Deno.test("a page is the same each time", () => assert.equal(page(grid), page(grid)));
