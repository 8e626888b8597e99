/** One's own problems in two splits: held out by hash, from a folder, or with a warning; asked by the model's own template. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { heldOut } from "../../../data/tasks/holdout.ts";
import { sharedProblems } from "../../../pipelines/training/splits.ts";
import { cli, folder, shell, succeeds } from "./train_commands.ts";

const model = "tests/golden/models/llama_tied";
const question = (i: number) => `What is ${i} + ${i + 1}?`;
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `{"problem":"${question(from + i)}","answer":"${2 * (from + i) + 1}"}\n`)
    .join("");

const train = (data: string, out: string, more = "") =>
  `${cli} train --model ${model} --task jsonl --data ${data} --prompts 2 --responses 2 --max-tokens 2 --steps 1 ` +
  `--test-every 1 --out ${out} ${more}`;

Deno.test("a question's hash decides its split, whatever stands around it", () => {
  const problems = Array.from({ length: 2000 }, (_, i) => ({ question: question(i) }));
  const { train, test } = heldOut(problems, 0.1);
  assert.equal(train.length + test.length, 2000);
  // Binomial with 2000 and 0.1: four standard deviations are 54.
  assert.ok(Math.abs(test.length - 200) < 54, `${test.length}`);
  const fewer = heldOut(problems.toReversed().slice(500), 0.1);
  assert.ok(fewer.test.every((problem) => test.includes(problem)));
  const more = heldOut(problems, 0.2);
  assert.ok(test.every((problem) => more.test.includes(problem)));
  const spaced = heldOut(test.map((problem) => ({ question: `  ${problem.question.replaceAll(" ", "\n ")}` })), 0.1);
  assert.equal(spaced.test.length, test.length);
});

Deno.test("test problems that are training problems are counted", () => {
  const asked = (...questions: ReadonlyArray<string>) => questions.map((question) => ({ question }));
  assert.equal(sharedProblems(asked("a", "b"), asked("c")), undefined);
  assert.equal(sharedProblems(asked("a", "b"), []), undefined);
  assert.deepEqual(sharedProblems(asked("a", "b"), asked("c", "b")), {
    count: "1 of 2 test problems are training problems",
    isAll: false,
  });
  assert.deepEqual(sharedProblems(asked("a", "b"), asked("b"))?.isAll, true);
});

Deno.test("a file serves both splits with a warning, with --holdout or a folder of two files without", () => {
  const dir = folder();
  const file = join(dir, "mine.jsonl");
  writeFileSync(file, rows(0, 20));
  const [one, held, two] = ["one", "held", "two"].map((name) => join(dir, name));
  const warning = /^\d+ of \d+ test problems are training problems/m;
  assert.match(succeeds(train(file, one)).stderr, /^20 of 20 test problems are training problems: --holdout 0\.1 /m);
  const config = (run: string) => JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
  assert.equal(config(one).template, "chat");
  const [prompt] = readFileSync(join(one, "steps/000001/prompt.ndjson"), "utf8").split("\n");
  assert.match(JSON.parse(prompt).promptText, /^<\|im_start\|>user\nWhat is \d+ \+ \d+\?\n/);

  assert.doesNotMatch(succeeds(train(file, held, "--holdout 0.3")).stderr, warning);
  assert.equal(config(held).holdout, 0.3);
  assert.notEqual(config(held).sources.tests, config(held).sources.problems);
  assert.match(succeeds(`${cli} replay ${held}`).stderr, /every byte the same/);
  assert.match(shell(train(file, held, "--holdout 0.2")).stderr, /begun with holdout 0\.3, now it is 0\.2; a new run /);
  const asked = (split: string) =>
    succeeds(`${cli} prompt --model ${model} --task jsonl --data ${file} --split ${split} --holdout 0.3`).stdout
      .trimEnd().split("\n").map((line) => JSON.parse(line));
  const [trained, tested] = [asked("train"), asked("test")];
  assert.deepEqual(
    [...trained, ...tested].map(({ question }) => question).toSorted(),
    Array.from({ length: 20 }, (_, i) => question(i)).toSorted(),
  );
  assert.ok([...trained, ...tested].every(({ promptText }) => promptText.startsWith("<|im_start|>user")));

  const both = join(dir, "both");
  mkdirSync(both);
  writeFileSync(join(both, "train.jsonl"), rows(0, 10));
  writeFileSync(join(both, "test.jsonl"), rows(10, 14));
  assert.doesNotMatch(succeeds(train(both, two, "--template plain")).stderr, warning);
  assert.equal(config(two).template, "plain");
  for (
    const [line, message] of [
      [
        train(both, join(dir, "a"), "--holdout 0.1"),
        /Cannot hold out 0\.1 \(--holdout\) .*test\.jsonl" holds its test/,
      ],
      [
        train(file, join(dir, "b"), "--holdout 0.0001"),
        /Cannot hold out 0\.0001 .*: no problem of ".*" falls to the test/,
      ],
      [
        `${cli} train --model data/models/countdown_1 --task countdown --holdout 0.1 --prompts 4 --out ${dir}/c`,
        /Cannot hold out 0\.1 \(--holdout\) of the problems of task "countdown": its problems are made/,
      ],
    ] as const
  ) {
    const { code, stderr } = shell(line);
    assert.equal(code, 1);
    assert.match(stderr, message);
  }
  rmSync(dir, { recursive: true });
});

Deno.test("problems of one's own for testing are asked before the first step and after the last one, unless somebody says no", () => {
  const dir = folder();
  const file = join(dir, "mine.jsonl");
  writeFileSync(file, rows(0, 20));
  const run = (name: string, more: string, data = file) =>
    succeeds(
      train(data, join(dir, name), more).replace(
        "--test-every 1",
        more.includes("--test-every") ? "" : "--test-every 7",
      ),
    );
  const tested = (name: string) => {
    const path = join(dir, name, "tests.ndjson");
    return existsSync(path)
      ? readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line).step)
      : [];
  };
  const { stderr } = run("held", "--holdout 0.3");
  assert.match(stderr, /^step 0: \d+\.\d % of \d test problems right \(greedy\)$/m);
  assert.deepEqual(tested("held"), [0, 1]);
  assert.match(succeeds(`${cli} replay ${join(dir, "held")}`).stderr, /every byte the same/);
  run("held", "--holdout 0.3 --steps 2");
  assert.deepEqual(tested("held"), [0, 2]);
  run("longer", "--holdout 0.3 --steps 2");
  const bytes = (name: string) => readFileSync(join(dir, name, "tests.ndjson"), "utf8");
  assert.equal(bytes("held"), bytes("longer"));
  run("not", "--holdout 0.3 --no-test-first");
  run("never", "--holdout 0.3 --test-every 0");
  // One file for both splits has none of its own, and a folder without a file of tests is no fault.
  run("both", "");
  const alone = join(dir, "alone");
  mkdirSync(alone);
  writeFileSync(join(alone, "train.jsonl"), rows(0, 20));
  run("train_alone", "", alone);
  assert.deepEqual(["not", "never", "both", "train_alone"].flatMap(tested), []);
  // A folder whose tests are training problems has them already.
  writeFileSync(join(alone, "test.jsonl"), rows(0, 4));
  const shared = run("shared", "--test-every 1", alone).stderr;
  assert.match(shared, /^4 of 4 test problems are training problems$/m);
  assert.deepEqual(tested("shared"), []);
  rmSync(dir, { recursive: true });
});

Deno.test("a word that only the template brings is refused with the template that brings none", () => {
  const dir = folder();
  const file = join(dir, "mine.jsonl");
  writeFileSync(file, '{"problem":"<direct> 1 2 3 _ 6 ~0 >","answer":6}\n');
  const line = `${cli} prompt --model data/models/countdown_1 --task jsonl --data ${file}`;
  const refused = shell(line);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /a token for "You" \(problem ".*" by its template; --template none asks the question alo/,
  );
  assert.equal(JSON.parse(succeeds(`${line} --template none`).stdout).promptText, "<direct> 1 2 3 _ 6 ~0 >");
  writeFileSync(file, '{"problem":"Add 1 and 2","answer":3}\n');
  assert.match(shell(`${line} --template none`).stderr, /a token for "Add" \(problem "jsonl\/train\/0"\), found none/);
  rmSync(dir, { recursive: true });
});

Deno.test("a dry run refuses more prompts a step than there are problems, and names both numbers", () => {
  const dir = folder();
  const file = join(dir, "mine.jsonl");
  writeFileSync(file, rows(0, 20));
  const out = join(dir, "run");
  const { code, stderr } = shell(train(file, out, "--dry-run").replace("--prompts 2", "--prompts 32"));
  assert.equal(code, 1);
  assert.match(stderr, /^Cannot draw 32 prompts \(--prompts\) for a step: there are 20$/m);
  succeeds(train(file, out, "--dry-run").replace("--prompts 2", "--prompts 20"));
  const { stderr: unseen } = succeeds(train(join(dir, "elsewhere.jsonl"), out, "--dry-run"));
  assert.match(unseen, /^".*elsewhere\.jsonl" \(--data\) is not on this machine: its problems are not counted$/m);
  assert.ok(!existsSync(out));
  rmSync(dir, { recursive: true });
});
