/**
 * Every command runs with the permissions that its task in deno.json names, and with no other: no question, no network, no program. Commands on
 * a device are run on the embedded one, which needs neither a native library nor a program nor the network.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { loadAll } from "../../../pipelines/commands/loaders.ts";
import { Effect } from "effect";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Answered, Asked } from "./permitted.ts";
import { writeRun } from "../reports/page/made_up_run.ts";

const { stages, commands } = await Effect.runPromise(loadAll);

const root = new URL("../../..", import.meta.url).pathname;
const model = "data/models/countdown_1";
const { tasks, permissions } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));

/** The name of the set of permissions that a command's task has. */
const setOf = (name: string): string => /-P=(\w+) .*cli\.ts (\S+)/.exec(tasks[name]?.command ?? "")?.[1] ?? "";

/** A process with these permissions alone, which runs command lines one after another. */
const permitted = (granted: ReadonlyArray<string>) => {
  const args = ["run", "-q", "--no-prompt", ...granted, "tests/pipelines/commands/permitted.ts"];
  const env = { ...Deno.env.toObject(), NO_COLOR: "1", SIGNUM_ADAPTER: "wasm", SIGNUM_THREADS: "1" };
  const child = spawn(Deno.execPath(), args, { cwd: root, env, stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const run = async (words: ReadonlyArray<string>, stdin = "") => {
    const asked: Asked = { line: words.join(" "), stdin };
    child.stdin.write(`${JSON.stringify(asked)}\n`);
    const answer = await answers.next();
    assert.ok(!answer.done, `${words[0]}: the process has ended`);
    const { stdout, stderr, error }: Answered = JSON.parse(answer.value);
    assert.equal(error, undefined, words[0]);
    assert.doesNotMatch(stderr, /NotCapable|Requires \w+ access/, words[0]);
    return stdout;
  };
  return { run, end: () => new Promise((ended) => child.on("close", ended).stdin.end()) };
};

/** What the embedded device needs: files, the environment, and what the machine is. */
const embedded = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys"];

const inFolder = async (use: (folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), "signum-permissions-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

Deno.test("each command's task names a set, and only a device or a pack is given programs", () => {
  for (const { name } of [...stages, ...commands]) {
    const set = setOf(name);
    assert.ok(set in permissions, `${name}: ${set}`);
    if (set !== "files") assert.ok(!permissions[set].run, name);
  }
  for (
    const name of [
      "reward",
      "verify",
      "dynamics",
      "split",
      "advantage",
      "pass-at-k",
      "show",
      "import",
      "table",
      "grade-bench",
    ]
  ) {
    assert.deepEqual(permissions[setOf(name)], { read: true, env: true }, name);
  }
});

Deno.test("what only reads records reads, and prompt of a local model needs no more", () =>
  inFolder(async (folder) => {
    const sets = new Map<string, ReturnType<typeof permitted>>();
    /** A command under its task's own set. */
    const asTask = (words: ReadonlyArray<string>, stdin?: string) => {
      const set = setOf(words[0]);
      const process = sets.get(set) ?? permitted([`-P=${set}`]);
      sets.set(set, process);
      return process.run(words, stdin);
    };
    const reading = permitted(["--allow-read", "--allow-env"]);
    const prompts = await reading.run([
      "prompt",
      "--model",
      model,
      "--task",
      "countdown",
      "--limit",
      "1",
      "--split",
      "test",
    ]);
    assert.match(prompts, /"promptTokens"/);
    assert.equal(
      await asTask(["prompt", "--model", model, "--task", "countdown", "--limit", "1", "--split", "test"]),
      prompts,
    );
    const rollout = {
      task: "math",
      problemId: "p",
      sampleIndex: 0,
      question: "q",
      goldAnswer: "2",
      responseText: "\\boxed{2}",
    };
    const verdicts = await asTask(["verify"], `${JSON.stringify(rollout)}\n`);
    const lists = { responseTokens: [1], entropy: [0.5], oldLogProbs: [-1], finish: "stop" };
    const rewarded = (await asTask(["reward"], verdicts)).replace(/\}\n$/, `,${JSON.stringify(lists).slice(1)}\n`);
    await asTask(["dynamics"], rewarded);
    const signed = await asTask(["split", "--algorithm", "reinforce"], rewarded);
    await asTask(["advantage", "--algorithm", "reinforce"], signed);
    await asTask(["pass-at-k"], verdicts);
    await asTask(["show"], verdicts);
    await asTask(["import", "--from", "openrlhf"], '{"input":"a","output":"b"}\n');
    assert.match(await asTask(["table"], verdicts), /problemId/);
    // All of it would grade 10,000 answers made to be slow.
    await asTask(["grade-bench", "--dry-run"]);
    const problems = join(folder, "problems.jsonl");
    await writeFile(problems, '{"question":"q","answer":"1"}\n');
    await asTask(["audit", "--task", "jsonl", "--data", problems]);
    await asTask(["parts", "--out", join(folder, "parts"), problems]);
    await asTask(["checkpoint", "--model", model, "--out", join(folder, "half"), "--dtype", "float16"]);
    const curve = [1, 2].map((k) =>
      JSON.stringify({
        label: "a",
        evaluation: "T 1",
        task: "math",
        k,
        passAtK: k / 4,
        low: 0,
        high: 1,
        problems: 3,
        slice: "all",
      })
    );
    const rows = join(folder, "rows.ndjson");
    await writeFile(rows, curve.map((row) => `${row}\n`).join(""));
    await asTask(["plot", "--report", "figure-2", rows]);
    await asTask(["plot", "--report", "figure-2", "--out", join(folder, "f.png"), rows]);
    for (const { end } of [reading, ...sets.values()]) await end();
  }));

Deno.test("watch reads and speaks on this machine alone, and a signal ends it quietly while a browser holds its connection", () =>
  inFolder(async (folder) => {
    assert.deepEqual(permissions[setOf("watch")], { read: true, env: true, net: ["127.0.0.1"] });
    await writeRun(folder);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", `-P=${setOf("watch")}`, "pipelines/cli.ts", "watch", folder],
      cwd: root,
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const [said, rest] = child.stderr.tee();
    let line = "";
    for await (const text of said.pipeThrough(new TextDecoderStream())) {
      line += text;
      if (line.includes("\n")) break;
    }
    const url = /^http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0] ?? assert.fail(line);
    assert.match(await (await fetch(url)).text(), /id="dynamics".*<svg/s);
    child.kill("SIGINT");
    assert.equal((await child.status).code, 130);
    assert.equal(await new Response(rest).text(), line);
  }));

Deno.test("a device of the machine's own needs no library, no program and no network", () =>
  inFolder(async (folder) => {
    const { run: here, end } = permitted(embedded);
    const training = [
      "--model",
      model,
      "--task",
      "countdown",
      "--prompts",
      "2",
      "--responses",
      "2",
      "--max-tokens",
      "4",
    ];
    const out = join(folder, "run");
    await here(["train", ...training, "--steps", "1", "--algorithm", "reinforce", "--test-every", "0", "--out", out]);
    await here(["replay", out]);
    await here(["report", out]);
    await here([
      "evaluate",
      "--model",
      model,
      "--task",
      "countdown",
      "--limit",
      "2",
      "--responses",
      "2",
      "--max-tokens",
      "4",
    ]);
    await here(["doctor"]);
    const prompts = await here(["prompt", "--model", model, "--task", "countdown", "--limit", "2", "--split", "test"]);
    const rollouts = await here(["sample", "--model", model, "--responses", "2", "--max-tokens", "4"], prompts);
    const rewarded = await here(["reward"], await here(["verify"], rollouts));
    const signed = await here(["split", "--algorithm", "reinforce"], rewarded);
    const credited = await here(
      ["advantage", "--algorithm", "reinforce"],
      await here(["score", "--model", model], signed),
    );
    const artifacts = ["--artifacts", join(folder, "artifacts")];
    const gradient = await here(["gradient", "--model", model, "--algorithm", "reinforce", ...artifacts], credited);
    await here(["update", "--model", model, ...artifacts, "--out", join(folder, "next")], gradient);
    await here(["explain", "--model", model, "--algorithm", "reinforce", "--first", "1"], credited);
    await here([
      "pretrain",
      "--steps",
      "1",
      "--demonstrations",
      "2",
      "--width",
      "32",
      "--layers",
      "1",
      "--out",
      join(folder, "base"),
    ]);
    await end();
  }));

Deno.test("a server on the embedded device needs to listen where it says, and nothing else of the network", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-prompt",
      ...embedded,
      "--allow-net=127.0.0.1",
      "pipelines/cli.ts",
      "serve",
      "--model",
      model,
      "--port",
      "0",
    ],
    cwd: root,
    env: { NO_COLOR: "1", SIGNUM_ADAPTER: "wasm", SIGNUM_THREADS: "1" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const [, url] = /serving .* at (http:\S+)\/v1/.exec(text) ?? [];
    if (url === undefined) continue;
    assert.equal((await fetch(`${url}/health`).then((response) => response.json())).status, "ok");
    child.kill("SIGTERM");
    break;
  }
  const { code } = await child.status;
  assert.equal(code, 143, text);
});
