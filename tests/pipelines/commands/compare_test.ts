import assert from "node:assert/strict";
import { Effect } from "effect";
import { join } from "node:path";
import { run } from "../../../pipelines/cli.ts";
import { memory, OutputIsTerminal, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { toText } from "../../../pipelines/records/text.ts";
import { writeRun } from "../reports/page/made_up_run.ts";

const on = async (isTerminal: boolean, words: ReadonlyArray<string>) => {
  const io = memory("");
  const result = await Effect.runPromise(
    Effect.result(
      run(["compare", ...words]).pipe(
        Effect.provideService(StandardStreams, io.streams),
        Effect.provideService(OutputIsTerminal, isTerminal),
      ),
    ),
  );
  return {
    stdout: io.stdout(),
    stderr: io.stderr(),
    error: result._tag === "Failure" ? result.failure.message : undefined,
  };
};
const compare = (...words: ReadonlyArray<string>) => on(false, words);

/** An evaluation of 12 problems with two responses each, the first `right` of them right. */
const writeEvaluation = async (path: string, seed: number, right: number, question = "2 + ?") => {
  const responses = Array.from({ length: 24 }, (_, i) => ({
    problemId: `countdown/test/${i >> 1}`,
    sampleIndex: i % 2,
    question,
    goldAnswer: "4",
    responseText: `by ${seed}\u001b[2J **bold**`,
    answer: i < right ? "4" : null,
    correct: i < right,
  }));
  await Deno.mkdir(path, { recursive: true });
  await Deno.writeTextFile(join(path, "config.json"), JSON.stringify({ command: "evaluate", task: "countdown", seed }));
  await Deno.writeTextFile(join(path, "samples.ndjson"), toText(responses));
};

const folder = async (body: (path: string) => Promise<void>) => {
  const path = await Deno.makeTempDir();
  await body(path).finally(() => Deno.remove(path, { recursive: true }));
};

Deno.test("evaluations are compared over the same problems: settings, differences, won and lost, responses", () =>
  folder(async (path) => {
    const [a, b] = [join(path, "a"), join(path, "b")];
    await writeEvaluation(a, 1, 4);
    await writeEvaluation(b, 2, 20);
    const { stdout, stderr, error } = await compare(a, b, "--first", "1", "--out", join(path, "curves.svg"));
    assert.deepEqual([error, stderr], [undefined, `wrote "${join(path, "curves.svg")}"`]);
    assert.match(stdout, /^Settings that differ\n─+\nSetting {2}seed 1 {2}seed 2\n─+\nseed {5}1 {7}2\n/);
    assert.match(stdout, /over 12 problems that all have\n[^]*seed 1 +16\.7 +16\.7\n[^]*seed 2 +83\.3 +83\.3\n/);
    assert.match(stdout, /\nseed 2 − seed 1 +\+66\.7 +\+66\.7\n +\+\d+\.\d to \+\d+\.\d/);
    assert.match(stdout, /\nseed 2 against seed 1 +8 +0 +4 +8 +0\n/);
    assert.match(stdout, /\ncountdown\/test\/0\nquestion {2}2 \+ \?\ngold {6}4\nseed 1 +│ seed 2\n/);
    assert.match(stdout, /\n✓ correct, answer 4 +│ ✓ correct, answer 4\nby 1␛\[2J \*\*bold\*\* +│ by 2/);
    assert.match(await Deno.readTextFile(join(path, "curves.svg")), /^<svg [^]*>seed 1<\/text>/);
    // Piped text has no marks; a terminal has the best in bold, which is clear here.
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(stdout, /\x1b|is marked/);
    const shown = await on(true, [a, b, "--label", "old,new", "--problem", "11"]);
    assert.ok(shown.stdout.includes("\x1b[1m83.3\x1b[22m") && !shown.stdout.includes("\x1b[1m16.7"));
    assert.match(shown.stdout, /is marked[^]*\ncountdown\/test\/11\n[^]*\nold +│ new\n✗ incorrect, no answer found/);
  }));

Deno.test("greedy accuracy is compared where all have it", () =>
  folder(async (path) => {
    const [a, b] = [join(path, "a"), join(path, "b")];
    for (const [out, right] of [[a, 3], [b, 12]] as const) {
      await writeEvaluation(out, right, 4);
      const greedy = Array.from({ length: 12 }, (_, i) => ({
        problemId: `countdown/test/${i}`,
        sampleIndex: 0,
        responseText: "",
        correct: i < right,
      }));
      assert.doesNotMatch((await compare(a, out)).stdout, /greedy/);
      await Deno.writeTextFile(join(out, "greedy.ndjson"), toText(greedy));
    }
    const { stdout } = await compare(a, b, "--label", "old,new");
    assert.match(
      stdout,
      /Model +Pass@1 +Pass@2 +greedy\n[^]*\nold +16\.7 +16\.7 +25\.0\n[^]*\nnew +16\.7 +16\.7 +100\.0\n/,
    );
    assert.match(stdout, /\nnew − old +0\.0 +0\.0 +\+75\.0\n/);
  }));

Deno.test("runs are compared by the latest step that all have, with all their curves in one picture", () =>
  folder(async (path) => {
    const [a, b] = [join(path, "a"), join(path, "b")];
    for (const run of [a, b]) await writeRun(run);
    await Deno.writeTextFile(
      join(a, "tests.ndjson"),
      '{"step":0,"testAccuracy":0.125,"testEntropy":2}\n{"step":1,"testAccuracy":0.75}\n',
    );
    const picture = join(path, "curves.png");
    const { stdout, stderr, error } = await compare(a, b, "--out", picture);
    assert.equal(error, undefined);
    assert.match(stderr, /^responses of step 1; --step N compares another\n/);
    assert.match(stdout, /No setting differs\.[^]*over 2 problems that all have[^]*\nb − a +0\.0[^]*too few to say/);
    // Tests of step 0 and of the last step stand apart from the metrics.
    assert.match(stdout, /\na +1 +12\.5 +75\.0 +2\.000 +2\.000 +50\.0 +/);
    assert.match(stdout, /\nb +1 +– +– +/);
    assert.deepEqual([...(await Deno.readFile(picture)).subarray(1, 4)], [80, 78, 71]);
    assert.match((await compare(a, b, "--step", "2")).error ?? "", /--step 2: ".*a" has no graded responses of it/);
  }));

Deno.test("runs whose steps drew other problems are compared by settings and curves, and by the problems that they share", () =>
  folder(async (path) => {
    const [a, b] = [join(path, "a"), join(path, "b")];
    for (const run of [a, b]) await writeRun(run);
    const file = join(b, "steps/000001/verify.ndjson");
    const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
    // Other data call another problem by the same name.
    const written = async (from: number) => {
      const other = lines.map((line, i) => i < from ? line : line.replace('"question":"', '"question":"other '));
      await Promise.all(
        ["verify", "reward"].map((stage) =>
          Deno.writeTextFile(join(b, `steps/000001/${stage}.ndjson`), other.map((line) => `${line}\n`).join(""))
        ),
      );
    };
    await written(3);
    const some = await compare(a, b);
    assert.equal(some.error, undefined);
    assert.match(some.stdout, /over 1 problem that all have[^]*\ncountdown\/train\/7\n/);
    await written(0);
    const { stdout, stderr, error } = await compare(a, b, "--out", join(path, "curves.svg"));
    assert.equal(error, undefined);
    assert.match(
      stderr,
      /^no problem is in step 1 of all, so no responses are compared; --step N takes another\nwrote "/,
    );
    assert.match(stdout, /No setting differs\.[^]*\nb +1 +– +– +/);
    assert.doesNotMatch(stdout, /that all have|question|Problems won/);
    assert.match(
      (await compare(a, b, "--problem", "7")).error ?? "",
      /--problem "7": it is not among the 0 that all have/,
    );
  }));

Deno.test("what cannot be compared is one sentence", () =>
  folder(async (path) => {
    const [a, b, run] = [join(path, "a"), join(path, "b"), join(path, "run")];
    await writeEvaluation(a, 1, 4);
    await writeEvaluation(b, 2, 4, "3 + ?");
    await writeRun(run);
    const refused = async (...words: ReadonlyArray<string>) => {
      const { stdout, error } = await compare(...words);
      assert.equal(stdout, "");
      return error ?? "";
    };
    assert.match(await refused(a), /it takes two folders or more, found 1$/);
    assert.match(await refused(a, path), /holds neither config\.json and steps, as a run, nor samples\.ndjson/);
    assert.match(
      await refused(a, run),
      /a" is an evaluation and ".*run" is a run; deno task evaluate makes an evaluation of a run's model$/,
    );
    assert.match(await refused(a, b), /problem "countdown\/test\/0" has one question in ".*a" and another in ".*b"$/);
    assert.match(await refused(a, a, "--label", "x"), /--label names 1, and 2 are compared$/);
    assert.match(await refused(a, a, "--label", "x,x"), /--label "x": two have this name$/);
    assert.match(await refused(a, a, "--k", "3"), /--k 3: problem "countdown\/test\/0" has 2 responses$/);
    assert.match(await refused(a, a, "--step", "2"), /--step 2: ".*a" is no run$/);
    assert.match(await refused(a, a, "--out", "x.jpg"), /--out "x\.jpg": expected a name in \.svg or \.png$/);
    assert.match(await refused(a, a, "--problem", "99"), /--problem "99": it is not among the 12 that all have$/);
  }));
