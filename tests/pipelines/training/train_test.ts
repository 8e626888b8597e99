import assert from "node:assert/strict";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shellHere, succeedsHere } from "../../command_line.ts";
import { base, folder, same, small, train, trainHere } from "./train_commands.ts";

Deno.test(
  "a run that is killed goes on to the same weights and records; replay finds them and any changed digit",
  async () => {
    const dir = folder();
    const more = "--algorithm psr --mini-batch 2 --steps 3 --save-every 1";
    const whole = join(dir, "whole");
    await succeedsHere(trainHere(whole, more));
    for (const step of [1, 2]) {
      const run = join(dir, `killed-${step}`);
      const child = new Deno.Command("bash", {
        args: ["-c", `exec ${train(run, more)}`],
        stdout: "null",
        stderr: "null",
      })
        .spawn();
      const watched = join(run, `steps/00000${step}/sample.ndjson`);
      while (!existsSync(watched)) await new Promise((wake) => setTimeout(wake, 5));
      child.kill("SIGKILL");
      assert.equal((await child.status).success, false);
      const leftovers = [join(run, "checkpoints/.000009.partial-aBc123"), join(run, "steps/000001/x.ndjson.partial-1")];
      for (const path of leftovers) mkdirSync(path, { recursive: true });
      await succeedsHere(trainHere(run, more));
      for (const path of leftovers) assert.ok(!existsSync(path), path);
      same(join(run, "model/model.safetensors"), join(whole, "model/model.safetensors"));
      assert.deepEqual(readdirSync(join(run, "artifacts")).sort(), readdirSync(join(whole, "artifacts")).sort());
      for (const name of readdirSync(join(whole, "steps"))) {
        for (const file of readdirSync(join(whole, "steps", name))) {
          same(join(run, "steps", name, file), join(whole, "steps", name, file));
        }
      }
      const again = await succeedsHere(trainHere(run, more));
      assert.match(again.stderr, /is finished/);
    }
    const changed = await shellHere(trainHere(whole, more.replace("--steps 3", "--steps 2")));
    assert.equal(changed.code, 1);
    assert.match(changed.stderr, /begun with steps 3, now it is 2; more steps extend a run/);

    const moved = join(dir, "elsewhere", "run");
    cpSync(join(dir, "killed-2"), moved, { recursive: true });
    // A process that was killed while it wrote a checkpoint leaves such a folder until the run goes on.
    mkdirSync(join(moved, "checkpoints/.000009.partial-aBc123"));
    assert.match((await succeedsHere(`replay ${moved}`)).stderr, /3 steps made again, every byte the same/);
    for (
      const file of [
        "steps/000002/sample.ndjson",
        "steps/000002/update.ndjson",
        "steps/000001/dynamics.ndjson",
        "metrics.ndjson",
      ]
    ) {
      const path = join(moved, file);
      copyFileSync(path, `${path}.kept`);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replace(/\d(?=[^\d]*$)/m, (digit) => String((Number(digit) + 1) % 10)));
      if (file === "metrics.ndjson") {
        writeFileSync(
          path,
          text.replace(/"correct":(\d)/, (_, digit) => `"correct":${(Number(digit) + 1) % 10}`),
        );
      }
      const { code, stdout, stderr } = await shellHere(`replay ${moved}`);
      assert.equal(code, 1, file);
      assert.equal(stdout, "");
      assert.ok(stderr.includes(file) && /line \d+/.test(stderr), stderr);
      copyFileSync(`${path}.kept`, path);
    }
    const metrics = readFileSync(join(moved, "metrics.ndjson"), "utf8");
    writeFileSync(join(moved, "metrics.ndjson"), metrics.split("\n").slice(0, 2).join("\n") + "\n");
    const cut = await shellHere(`replay ${moved}`);
    assert.equal(cut.code, 1);
    assert.match(cut.stderr, /metrics\.ndjson": 2 rows of 3/);
    writeFileSync(join(moved, "metrics.ndjson"), metrics);
    const [gradient] = readdirSync(join(moved, "artifacts"));
    for (const file of [`artifacts/${gradient}`, "checkpoints/000002/model.safetensors"]) {
      const path = join(moved, file);
      const bytes = readFileSync(path);
      bytes[bytes.length - 1] ^= 1;
      writeFileSync(path, bytes);
      const { code, stderr } = await shellHere(`replay ${moved}`);
      assert.equal(code, 1, file);
      assert.ok(stderr.includes(file), stderr);
      bytes[bytes.length - 1] ^= 1;
      writeFileSync(path, bytes);
    }
    rmSync(dir, { recursive: true });
  },
);

Deno.test(
  "a run that was begun on another kind of adapter is neither continued nor replayed; an old one, which names none, is replayed with a note",
  async () => {
    const dir = folder();
    const run = join(dir, "run");
    const line = trainHere(run, "--algorithm nsr --steps 1");
    await succeedsHere(line);
    const config = join(run, "config.json");
    const text = readFileSync(config, "utf8");
    const [, kind] = /"adapter": "(\w+)"/.exec(text) ?? [];
    assert.ok(kind !== undefined, text);
    const other = kind === "wasm" ? "lavapipe" : "wasm";
    const write = (adapter: string) => writeFileSync(config, text.replace(/"adapter": "\w+"/, adapter));
    const finished = join(run, "model/trainer_state/finished.json");
    const end = readFileSync(finished);
    const refused = async (command: string) => {
      const { code, stdout, stderr } = await shellHere(command);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      return stderr.trimEnd().split("\n").at(-1) ?? "";
    };
    const begun = `it was begun on ${other}, now the adapter is ${kind} (SIGNUM_ADAPTER=${other} chooses the first)`;

    write(`"adapter": "${other}"`);
    assert.match((await succeedsHere(line)).stderr, /is finished/);
    assert.equal(await refused(`replay ${run}`), `Cannot replay "${run}": ${begun}`);
    rmSync(finished);
    assert.equal(await refused(line), `Cannot continue "${run}": ${begun}`);

    // A run of before.
    write('"was": 1');
    assert.match(
      await refused(line),
      /^Cannot continue ".*": it was begun on an adapter that its config\.json does not name, now it is /,
    );
    writeFileSync(finished, end);
    assert.match((await succeedsHere(line)).stderr, /is finished/);
    const { stderr } = await succeedsHere(`replay ${run}`);
    assert.match(stderr, new RegExp(`^".*" does not say on which adapter it was made: .* what ${kind} gives$`, "m"));
    assert.match(stderr, /1 steps made again, every byte the same/);
    rmSync(dir, { recursive: true });
  },
);

Deno.test(
  "a run that was begun with other kernels is neither continued nor replayed",
  async () => {
    const dir = folder();
    const run = join(dir, "run");
    const line = trainHere(run, "--algorithm nsr --steps 1");
    await succeedsHere(line);
    const config = join(run, "config.json");
    const text = readFileSync(config, "utf8");
    assert.doesNotMatch(text, /kernels/);
    writeFileSync(config, text.replace(/\n}\s*$/, ',\n  "kernels": [\n    "matrix"\n  ]\n}\n'));
    const finished = join(run, "model/trainer_state/finished.json");
    const end = readFileSync(finished);
    rmSync(finished);
    const replayed = `replay ${run}`;
    const other = "it was begun with --kernels matrix, now it is plain$";
    const missing = "^Cannot run --kernels matrix: this device has no matrix units that take float16 and give float32$";
    for (
      const [command, expected] of [
        [line, `^Cannot continue ".*": ${other}`],
        [`${line} --kernels plain`, `^Cannot continue ".*": ${other}`],
        [`${line} --kernels matrix`, missing],
        // The kernels of the run are those of its replay where nobody names others.
        [replayed, missing],
        [`${replayed} --kernels plain`, `^Cannot replay ".*": ${other}`],
      ]
    ) {
      const { code, stderr } = await shellHere(command);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(expected, "m"));
    }
    writeFileSync(config, text);
    await succeedsHere(`${line} --kernels plain`);
    assert.deepEqual(JSON.parse(readFileSync(config, "utf8")).kernels, ["plain"]);
    assert.match((await succeedsHere(replayed)).stderr, /1 steps made again/);
    rmSync(finished);
    await succeedsHere(line);
    assert.equal(readFileSync(config, "utf8"), text);
    assert.deepEqual(readFileSync(finished), end);
    rmSync(dir, { recursive: true });
  },
);

Deno.test("train refuses what it cannot do in one line, with nothing on stdout", async () => {
  const dir = folder();
  const cases: ReadonlyArray<readonly [string, RegExp]> = [
    [`train --model ${dir}/none --task countdown --out ${dir}/a`, /none/],
    [`train --model ${base} --task chess --out ${dir}/b`, /chess/],
    [`train --model ${base} --task countdown --prompts 9999 --out ${dir}/c`, /9999/],
    [`train --model ${base} --task countdown --colour red --out ${dir}/d`, /--colour/],
    [
      `train --model ${base} --task countdown --prompts 4 --algorithm grpo --reference tests/golden/models/qwen2_tied --out ${dir}/e`,
      /\(--reference\): it knows 67 tokens, the model 77/,
    ],
  ];
  for (const [line, message] of cases) {
    const { code, stdout, stderr } = await shellHere(line);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n\s+at /);
  }
  assert.deepEqual(readdirSync(dir), []);
  writeFileSync(join(dir, "config.json"), "{");
  const broken = await shellHere(`train --model ${base} --task countdown --prompts 4 --out ${dir}`);
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /^Cannot read ".*config\.json": expected a JSON object$/m);
  rmSync(dir, { recursive: true });
});

Deno.test("steps that make weights which are not finite write no checkpoint and no model", async () => {
  const dir = folder();
  for (const steps of [1, 3]) {
    const run = join(dir, `run-${steps}`);
    const line = `train --model ${base} ${small} --test-every 0 --out ${run} --steps ${steps} --learning-rate 1e39`;
    const { code, stderr } = await shellHere(line);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /Cannot write ".*", tensor "model\..*": expected finite numbers that float32 can hold, found /,
    );
    assert.ok(!existsSync(join(run, "model")));
    const checkpoints = join(run, "checkpoints");
    assert.deepEqual(existsSync(checkpoints) ? readdirSync(checkpoints) : [], []);
  }
  rmSync(dir, { recursive: true });
});
