import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { excerptLines, fromExcerpts, type ShownRecords } from "../../../../pipelines/reports/page/excerpts.ts";
import { escaped } from "../../../../pipelines/reports/page/html.ts";
import { readRun } from "../../../../pipelines/reports/page/read_run.ts";
import { responsesSection } from "../../../../pipelines/reports/page/responses_section.ts";
import { walkSection } from "../../../../pipelines/reports/page/walk.ts";
import { runFiles, wild, writeRun } from "./made_up_run.ts";

const shown = async (): Promise<ShownRecords> => {
  const folder = await Deno.makeTempDir();
  await writeRun(folder);
  const run = await Effect.runPromise(readRun(folder, { step: 0, problem: undefined }));
  await Deno.remove(folder, { recursive: true });
  return { responses: run.responses, ...(run.walk && { walk: run.walk }) };
};

const printed = ({ responses, walk }: ShownRecords): string =>
  `${responsesSection(responses)?.html}${walk === undefined ? "" : walkSection(walk).html}`;

Deno.test("what a page shows of a run is the same from its files and from the lines that are kept of it", async () => {
  const direct = await shown();
  const lines = excerptLines(direct);
  const again = Result.getOrThrow(fromExcerpts(lines, "excerpts.ndjson"));
  assert.equal(printed(again), printed(direct));
  assert.deepEqual(excerptLines(again), lines);
  assert.ok(lines.every((line) => typeof JSON.parse(line).record === "object"));
});

Deno.test("the walk has every stage with the record as the run wrote it, and what became of the response", async () => {
  const html = printed(await shown());
  assert.deepEqual([...html.matchAll(/<h3>([A-Z][a-z]+)<\/h3>/g)].map(([, name]) => name), [
    "Prompt",
    "Sample",
    "Verify",
    "Reward",
    "Dynamics",
    "Split",
    "Score",
    "Advantage",
    "Gradient",
    "Update",
  ]);
  const line = runFiles["steps/000001/sample.ndjson"].split("\n")[0];
  assert.ok(html.includes(`<pre>${escaped(line)}</pre>`));
  assert.ok(html.includes("1 of 3 are right") && html.includes("nsr keeps 2 of these 3 responses"));
  assert.ok(html.includes("6 of the 6 here equal the sampler&#39;s, bit for bit"));
});

Deno.test("a run with the published rewards says 1 and 0, and how to have them", async () => {
  const { walk } = await shown();
  assert.ok(walk !== undefined);
  const rewarded = walk.rewarded.map((kept) => ({
    ...kept,
    record: { ...kept.record, reward: kept.record.correct ? 1 : 0 },
  }));
  const html = walkSection({ ...walk, rewarded }).html;
  assert.match(html, /right is \+1, wrong is 0: ((\+1|0)(, )?){3}\./);
  assert.ok(html.includes("deno task reward --as-published &lt; verify.ndjson"));
  assert.match(walkSection(walk).html, /wrong is −1 \(Eq\. 1\): ((\+1|−1)(, )?){3}\./);
});

Deno.test("a token has its ground by its probability, a line by its push, and says both; what a model wrote is text", async () => {
  const html = printed(await shown());
  // p = 0.105, advantage -1: push -0.895.
  assert.match(
    html,
    /<span class="t g4 down w3" title="log-prob −2\.250 \(p 0\.105\), entropy 1\.500, advantage −1\.000, push −0\.895">/,
  );
  assert.match(html, /<span class="t g0" title="log-prob −0\.001 \(p 0\.999\), entropy 0\.010">/);
  assert.ok(html.includes("&lt;script&gt;") && !html.includes(wild));
});

Deno.test("a kept line that is none names the file, the line and the field", async () => {
  const [line, ...rest] = excerptLines(await shown());
  const refused = (broken: string) => {
    const read = fromExcerpts([line, broken, ...rest], "excerpts.ndjson");
    return Result.isFailure(read) ? read.failure : "";
  };
  assert.match(refused("{}"), /Cannot read Excerpt from "excerpts\.ndjson", line 2: field "kind" must be/);
  assert.match(refused('{"kind":"walk"}'), /line 2: field "record" must stand last/);
  assert.match(
    refused(line.replace(/"record":.*$/, '"record":{"task":"countdown"}}')),
    /Cannot read Prompt from "excerpts\.ndjson", line 2: field "split"/,
  );
});
