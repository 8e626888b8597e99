import assert from "node:assert/strict";
import { Effect } from "effect";
import { join } from "node:path";
import { run } from "../../../pipelines/cli.ts";
import { reports } from "../../../pipelines/reports/mod.ts";
import { memory, OutputIsTerminal, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { frontier, sweeps } from "../reports/page/made_up_grid.ts";
import { claims, dynamics, evaluations, ndjson } from "../reports/study_rows.ts";

const on = async (isTerminal: boolean, stdin: string, words: ReadonlyArray<string>) => {
  const io = memory(stdin);
  const result = await Effect.runPromise(
    Effect.result(
      run(words).pipe(
        Effect.provideService(StandardStreams, io.streams),
        Effect.provideService(OutputIsTerminal, isTerminal),
      ),
    ),
  );
  return { stdout: io.stdout(), error: result._tag === "Failure" ? result.failure.message : undefined };
};

const cli = (stdin: string, ...words: ReadonlyArray<string>) => on(false, stdin, words);
const onTerminal = (stdin: string, ...words: ReadonlyArray<string>) => on(true, stdin, words);

Deno.test("table prints any records plainly, and a report where one is named", async () => {
  const plain = await cli('{"k":1,"passAtK":0.5}\n', "table", "--format", "csv");
  assert.equal(plain.stdout, "k,passAtK\n1,0.5\n");
  const report = await cli(ndjson(evaluations), "table", "--report", "table-1");
  assert.equal(report.error, undefined);
  assert.match(report.stdout, /^Pass@k in percent\n/);
  assert.match(report.stdout, /The paper's Table 1/);
  const both = await cli(ndjson(evaluations), "table", "--report", "table-1,claims", "--format", "json");
  assert.equal(JSON.parse(both.stdout).length, 3);
});

Deno.test("every table report reads its rows from lines and prints in every format", async () => {
  for (const { name, kind, needs } of Object.values(reports)) {
    if (kind !== "table") continue;
    const input = ndjson(needs.includes("verdict") ? claims : needs.includes("step") ? dynamics : evaluations);
    for (const format of ["terminal", "csv", "markdown", "latex", "json"]) {
      const { stdout, error } = await cli(input, "table", "--report", name, "--format", format);
      assert.equal(error, undefined, `${name} as ${format}`);
      assert.ok(stdout.length > 0 && stdout.endsWith("\n"), `${name} as ${format}`);
    }
  }
});

Deno.test("on a terminal a plain table has the columns that fit; others are named, and chosen by --columns", async () => {
  const names = Array.from({ length: 30 }, (_, i) => `measure${i}`);
  const row = `${
    JSON.stringify({ ...Object.fromEntries(names.map((name) => [name, 1])), step: 1, group: { loss: 2 } })
  }\n`;
  const wide = await cli(row, "table");
  assert.ok(names.every((name) => wide.stdout.includes(name)));
  const fitting = await onTerminal(row, "table");
  assert.ok(
    fitting.stdout.split("\n").every((line) => line.length <= 100) && /^─+\nmeasure0 .* step\n/.test(fitting.stdout),
  );
  assert.match(fitting.stdout, /more columns, by --columns or --format csv: [^]*measure29/);
  const chosen = await cli(row, "table", "--columns", "group.loss,step", "--format", "csv");
  assert.equal(chosen.stdout, "group.loss,step\n2,1\n");
  assert.match(
    (await cli(row, "table", "--columns", "stepp")).error ?? "",
    /--columns "stepp": .*did you mean "step"\?$/,
  );
});

Deno.test("table and plot read files, one after the other", async () => {
  const folder = await Deno.makeTempDir();
  const [a, b] = [join(folder, "a.ndjson"), join(folder, "b.ndjson")];
  await Deno.writeTextFile(a, '{"k":1,"passAtK":0.5}\n');
  await Deno.writeTextFile(b, '{"k":2,"passAtK":0.75}');
  assert.equal((await cli("", "table", a, b, "--format", "csv")).stdout, "k,passAtK\n1,0.5\n2,0.75\n");
  assert.equal(
    (await cli('{"k":2,"passAtK":1}', "table", a, "-", "--format", "csv")).stdout,
    "k,passAtK\n1,0.5\n2,1\n",
  );
  // A folder of a training stands for its metrics, one of an evaluation for its evaluations.
  const run = join(folder, "run");
  await Deno.mkdir(run);
  await Deno.writeTextFile(join(run, "metrics.ndjson"), '{"step":1}\n');
  assert.equal((await cli("", "table", run, "--format", "csv")).stdout, "step,label\n1,run\n");
  // The tests of step 0 and of the last step stand apart; one of a step that has a row joins it.
  const tests = join(run, "tests.ndjson");
  await Deno.writeTextFile(tests, '{"step":0,"testAccuracy":0.5}\n{"step":1,"testAccuracy":0.75}\n');
  assert.equal(
    (await cli("", "table", run, "--columns", "step,testAccuracy,label", "--format", "csv")).stdout,
    "step,testAccuracy,label\n0,0.5,run\n1,0.75,run\n",
  );
  await Deno.writeTextFile(join(run, "metrics.ndjson"), '{"step":1,"loss":2,"timing":{"wallTime":1}}\n');
  const drawn = (await cli("", "plot", run)).stdout;
  assert.ok(
    [">Training</text>", ">Loss</text>", ">Greedy accuracy on the test split</text>"].every((title) =>
      drawn.includes(title)
    ),
  );
  await Deno.writeTextFile(tests, '{"step":0,"testAccuracy":"x"}\n');
  assert.match((await cli("", "table", run)).error ?? "", /tests\.ndjson", line 1: field "testAccuracy"/);
  await Deno.writeTextFile(join(run, "evaluations.ndjson"), '{"k":4}\n');
  assert.equal((await cli("", "table", run, "--format", "csv")).stdout, "k,label\n4,run\n");
  const { error } = await cli("", "table", join(folder, "c.ndjson"));
  assert.match(error ?? "", /^Cannot read ".*c\.ndjson": there is no such file$/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("plot draws what the rows fit, to stdout or to a file that its name describes", async () => {
  const curves = await cli(ndjson(evaluations), "plot");
  assert.match(curves.stdout, /^<svg [^]*>Pass@k<\/text>[^]*<\/svg>\n$/);
  assert.match((await cli(ndjson(dynamics), "plot")).stdout, />Training dynamics<\/text>/);
  // A run's own rows have its clock beside them, and all of its curves are drawn.
  const metrics = [1, 2].map((step) => ({
    step,
    loss: step,
    clipFraction: 0,
    approxKl: 0,
    timing: { wallTime: step },
  }));
  const run = (await cli(ndjson(metrics), "plot")).stdout;
  const titles = ["Loss", "KL from the policy that sampled (approximate)", "Clipped tokens"];
  assert.ok(titles.every((title) => run.includes(`>${title}</text>`)) && !run.includes(">Mean reward"));
  const folder = await Deno.makeTempDir();
  const [picture, drawing] = [join(folder, "deep", "f.png"), join(folder, "f.svg")];
  assert.equal((await cli(ndjson(dynamics), "plot", "--out", picture)).error, undefined);
  assert.equal((await cli(ndjson(dynamics), "plot", "--out", drawing, "--report", "figure-4")).error, undefined);
  assert.deepEqual([...(await Deno.readFile(picture)).subarray(1, 4)], [80, 78, 71]);
  assert.match(await Deno.readTextFile(drawing), /^<svg /);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["deep", "f.svg"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("plot draws the frontier and the sweeps from piped rows, and chooses by their fields", async () => {
  const along = await cli(ndjson(frontier), "plot");
  assert.match(along.stdout, /^<svg [^]*>Frontier: Pass@k against Pass@1 along training<\/text>[^]*<\/svg>\n$/);
  assert.match(along.stdout, />main, k = 64, 2 cells<\/text>/);
  const settings = await cli(ndjson(sweeps), "plot");
  assert.match(settings.stdout, />Settings at several values<\/text>/);
  assert.match(settings.stdout, />lambda \(0 is NSR, 1 is REINFORCE\)<\/text>/);
});

Deno.test("what cannot be printed or drawn is one sentence, and nothing on stdout", async () => {
  const refused = async (stdin: string, ...words: ReadonlyArray<string>) => {
    const { stdout, error } = await cli(stdin, ...words);
    assert.equal(stdout, "");
    return error ?? "";
  };
  assert.match(await refused("", "table", "--report", "tabel-1"), /expected one of flat, .*did you mean "table-1"\?$/);
  assert.match(await refused("", "table", "--report", "figure-2"), /that is a figure, which plot draws$/);
  assert.match(await refused("", "plot", "--report", "claims"), /that is a table, which table prints$/);
  assert.match(await refused("", "plot", "--report", "figure-2,figure-4"), /takes one figure, found 2$/);
  assert.match(await refused("", "plot", "--out", "x.jpg"), /--out "x\.jpg": expected a name in \.svg or \.png$/);
  assert.match(await refused("", "plot"), /there are no rows$/);
  assert.match(
    await refused('{"a":1}', "plot"),
    /no figure fits the rows: .*figure-2 needs k, passAtK; figure-4 needs step; figure-5 needs problemId, sign, /,
  );
  assert.equal(
    await refused('{"k":1,"passAtK":0.5}\n\n{"k":1,"passAtK":"x"}\n', "plot"),
    'Cannot read Evaluation from "<stdin>", line 3: field "passAtK" must be a finite number, found "x"',
  );
  assert.match(
    await refused('{"k":1,"passAtK":0.5,"low":"x"}', "table", "--report", "table-1"),
    /line 1: field "low" must be a finite number, found "x"$/,
  );
  assert.match(await refused("[1]", "table"), /line 1: the line must be a JSON object, found \[1\]$/);
});

Deno.test("an optional field may be null", async () => {
  const { error, stdout } = await cli(
    '{"k":1,"passAtK":0.5,"low":null,"slice":null}',
    "table",
    "--report",
    "table-1",
    "--format",
    "csv",
  );
  assert.equal(error, undefined);
  assert.match(stdout, /model,50,/);
});
