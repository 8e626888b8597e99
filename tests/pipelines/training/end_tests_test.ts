import assert from "node:assert/strict";
import { Effect } from "effect";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { shellHere, succeedsHere } from "../../command_line.ts";
import { base, cli, folder, rates, same, small } from "./train_commands.ts";
import { keptRun, stoppedLine } from "../../../pipelines/training/stopped.ts";
import { stoppedEvaluation } from "../../../pipelines/evaluation/stopped.ts";
import { shellLine } from "../../../pipelines/settings/command_words.ts";

const line = (out: string, more: string) => `train --model ${base} ${small} ${rates} --out ${out} ${more}`;
const rows = (run: string) =>
  readFileSync(join(run, "tests.ndjson"), "utf8").trimEnd().split("\n").map((row) => JSON.parse(row));

Deno.test("--test-first tests before the first step, a last step that --test-every leaves out is tested, and replay makes both again", async () => {
  const dir = folder();
  const [plain, tested] = [join(dir, "plain"), join(dir, "tested")];
  const even = "--steps 1 --test-every 1";
  const lines = (await succeedsHere(line(plain, even))).stderr.match(/^step \d+: .* test problems right/gm);
  assert.deepEqual(lines?.map((text) => text.split(":")[0]), ["step 1"]);
  assert.ok(!existsSync(join(plain, "tests.ndjson")));
  const { stderr } = await succeedsHere(line(tested, `${even} --test-first`));
  assert.match(stderr, /^step 0: \d+\.\d % of 128 test problems right \(greedy\)$/m);
  assert.deepEqual(rows(tested).map(({ step }) => step), [0]);
  same(join(plain, "model/model.safetensors"), join(tested, "model/model.safetensors"));
  const comparable = (run: string) =>
    readFileSync(join(run, "metrics.ndjson"), "utf8").replaceAll(/"timing":\{[^}]*\}/g, "");
  assert.equal(comparable(plain), comparable(tested));

  const odd = join(dir, "odd");
  assert.match(
    (await succeedsHere(line(odd, "--steps 1 --test-every 2 --test-first"))).stderr,
    /^step 1: \d+\.\d % of 128 /m,
  );
  assert.deepEqual(rows(odd).map(({ step }) => step), [0, 1]);
  assert.deepEqual(rows(odd)[0], rows(tested)[0]);
  assert.match((await succeedsHere(`replay ${odd}`)).stderr, /1 steps made again, every byte the same/);
  const file = join(odd, "tests.ndjson");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/"testAccuracy":[\d.]+(?=[^\n]*\n$)/, '"testAccuracy":0.125'));
  const wrong = await shellHere(`replay ${odd}`);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^Replay differs at ".*tests\.ndjson", step 1: recorded /m);
  rmSync(dir, { recursive: true });
});

Deno.test("a run of an earlier version, whose metrics count no verdicts, replays; one whose counts are wrong does not", async () => {
  const dir = folder();
  const run = join(dir, "run");
  await succeedsHere(line(run, "--steps 1 --test-every 0"));
  const file = join(run, "metrics.ndjson");
  const text = readFileSync(file, "utf8");
  assert.match(text, /"verdicts":\{"correct":\d+,"wrong":\d+,"noAnswer":\d+,"cutOff":\d+\},/);
  writeFileSync(file, text.replace(/"verdicts":\{[^}]*\},/, ""));
  assert.match((await succeedsHere(`replay ${run}`)).stderr, /every byte the same/);
  writeFileSync(file, text.replace(/"cutOff":\d+/, '"cutOff":99'));
  assert.match((await shellHere(`replay ${run}`)).stderr, /^Replay differs at ".*metrics\.ndjson", line 1: /m);
  rmSync(dir, { recursive: true });
});

Deno.test("a training that a signal stops says in its last line what it keeps and which command goes on", async () => {
  const dir = folder();
  const run = join(dir, "run");
  const words = line(run, "--steps 500 --test-every 0");
  const child = new Deno.Command("bash", { args: ["-c", `exec ${cli} ${words}`], stdout: "null", stderr: "piped" })
    .spawn();
  while (!existsSync(join(run, "checkpoints/000002"))) await new Promise((wake) => setTimeout(wake, 5));
  // `deno task` passes on the signal that a terminal sends to all: one key press comes twice.
  child.kill("SIGINT");
  await new Promise((wake) => setTimeout(wake, 5));
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  assert.equal(code, 130);
  const last = new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1) ?? "";
  const [, kept, command, next] =
    /^stopped: ".*" keeps the checkpoint after step (\d+); (deno task train .*) goes on with step (\d+)$/.exec(last) ??
      [];
  assert.equal(Number(next), Number(kept) + 1, last);
  assert.ok(existsSync(join(run, "checkpoints", kept.padStart(6, "0"))), last);
  assert.equal(command, `deno task ${words}`);
  rmSync(dir, { recursive: true });
});

Deno.test("a run that is being extended keeps its shorter model, and is not finished", async () => {
  const out = folder();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text);
  };
  const kept = () => Effect.runPromise(keptRun(out));
  assert.deepEqual(await kept(), { begun: false, checkpoint: undefined, finished: false });
  write("config.json", "{}");
  write("model/trainer_state/finished.json", '{"step":4}');
  assert.deepEqual(await kept(), { begun: true, checkpoint: 4, finished: true });
  write("checkpoints/000004/x", "");
  write("checkpoints/000006/x", "");
  assert.deepEqual(await kept(), { begun: true, checkpoint: 6, finished: false });
  rmSync(out, { recursive: true });
});

Deno.test("what was stopped earlier or later says so", () => {
  const kept = { begun: true, checkpoint: undefined, finished: false };
  assert.equal(
    stoppedLine("a", { ...kept, begun: false }, "X"),
    "stopped before the first step, nothing was kept; X begins it",
  );
  assert.equal(
    stoppedLine("a", kept, "X"),
    'stopped: "a" has no checkpoint yet (--save-every); X begins again with step 1',
  );
  assert.equal(stoppedLine("a", { ...kept, checkpoint: 3, finished: true }, "X"), 'stopped: "a" is finished');
  assert.equal(
    stoppedEvaluation("a", 12, "X"),
    'stopped: "a" keeps 12 graded responses; X goes on with the others',
  );
  assert.match(stoppedEvaluation("a", 0, "X"), /"a" has no responses yet; X begins again$/);
  assert.match(stoppedEvaluation(undefined, 0, "X"), /nothing was kept, since there is no --out; X begins again$/);
  assert.equal(shellLine(["train", "--out", "a b", "--data", "it's"]), "deno task train --out 'a b' --data 'it'\\''s'");
  assert.equal(shellLine([]), "the same call");
});
