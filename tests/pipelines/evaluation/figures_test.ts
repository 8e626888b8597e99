import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Struct from "effect/Struct";
import type { DeviceInfo } from "../../../kernels/gpu/device_info.ts";
import { consAtK } from "../../../pipelines/evaluation/consensus.ts";
import type { Fact } from "../../../pipelines/evaluation/facts.ts";
import { figuresOf, partsOf, sameOf } from "../../../pipelines/evaluation/figures.ts";
import { evaluateCommand } from "../../../pipelines/evaluation/evaluate.ts";
import { claim, claimDevice, differenceOf, identityOf, shaping } from "../../../pipelines/evaluation/identity.ts";
import * as Groups from "../../../pipelines/settings/groups.ts";

/** Responses to one problem: `+` is right, a letter is a wrong answer, `-` none. */
const facts = (text: string, problemId = "p"): ReadonlyArray<Fact> =>
  Array.from(text, (sign, sampleIndex) => ({
    problemId,
    sampleIndex,
    correct: sign === "+",
    answer: sign === "-" ? null : sign === "+" ? `gold ${sampleIndex}` : sign,
    tokens: 10 + sampleIndex,
    truncated: sign === "-",
  }));
const never = () => false;
const cons = (text: string, ...ks: ReadonlyArray<number>) => consAtK(facts(text), ks, never);

Deno.test("cons@k is the share of groups of k whose majority is right; ties share, no answer has no vote", () => {
  assert.deepEqual(cons("++aa", 1, 2, 4), [0.5, 0.5, 0.5]);
  assert.deepEqual(cons("+aab", 4), [0]);
  assert.deepEqual(cons("++ab", 4), [1]);
  assert.deepEqual(cons("+---", 4), [1]);
  assert.deepEqual(cons("----", 1, 4), [0, 0]);
  assert.deepEqual(cons("+abc", 4), [0.25]);
  // Two groups of three; what is left over has no vote.
  assert.deepEqual(cons("++aab+b", 3), [(1 + 1 / 3) / 2]);
});

Deno.test("wrong answers that say the same thing vote together", () => {
  const votes: ReadonlyArray<Fact> = ["1/2", "0.5", "\\frac12", "7", "7"].map((answer, sampleIndex) => ({
    problemId: "p",
    sampleIndex,
    correct: answer === "7",
    answer,
  }));
  assert.deepEqual(consAtK(votes, [5], never), [1]);
  assert.deepEqual(consAtK(votes, [5], sameOf("math")), [0]);
  assert.equal(sameOf("countdown")("1", "1.0"), false);
});

const prompt = (n: number, more: object = {}) => ({
  task: "math",
  split: "test",
  problemId: `math/test/${n}`,
  question: "?",
  goldAnswer: "1",
  promptText: "?",
  ...more,
});

Deno.test("problems are grouped by level and type where they have them", () => {
  const parts = partsOf([
    prompt(0, { level: "Level 5", type: "Algebra" }),
    prompt(1, { level: "Level 1", type: "Algebra" }),
    prompt(2),
  ]);
  assert.deepEqual([...parts].map(([name, problems]) => [name, problems.size]), [
    ["all", 3],
    ["Level 1", 1],
    ["Level 5", 1],
    ["Algebra", 2],
  ]);
});

Deno.test("the figures of each part are those of its problems", () => {
  const prompts = [prompt(0, { level: "Level 1" }), prompt(1, { level: "Level 2" })];
  const all = [...facts("++++", "math/test/0"), ...facts("+aa-", "math/test/1")];
  const rows = figuresOf(prompts, all, [1, 4], 0, { label: "m", task: "math", evaluation: "T 1" });
  const at = (slice: string, k: number) => rows.find((row) => row.slice === slice && row.k === k);
  assert.equal(rows.length, 6);
  assert.deepEqual(at("all", 1), {
    label: "m",
    task: "math",
    evaluation: "T 1",
    k: 1,
    passAtK: 0.625,
    low: 0.625,
    high: 0.625,
    problems: 2,
    slice: "all",
    consAtK: 0.625,
    responses: 8,
    meanResponseLength: 11.5,
    truncatedRatio: 0.125,
  });
  const greedy = [...facts("+", "math/test/0"), ...facts("a", "math/test/1")];
  const both = figuresOf(prompts, all, [1, 4], 0, { label: "m", task: "math", evaluation: "T 1" }, greedy);
  assert.deepEqual(both.map(({ slice, greedyAccuracy }) => [slice, greedyAccuracy]), [
    ["all", 0.5],
    ["all", 0.5],
    ["Level 1", 1],
    ["Level 1", 1],
    ["Level 2", 0],
    ["Level 2", 0],
  ]);
  assert.deepEqual(both.map(({ greedyAccuracy: _, greedyLow: __, greedyHigh: ___, ...row }) => row), rows);
  assert.deepEqual([at("all", 4)?.passAtK, at("all", 4)?.consAtK], [1, 0.5]);
  assert.deepEqual([at("Level 2", 1)?.passAtK, at("Level 2", 4)?.consAtK, at("Level 2", 1)?.problems], [0.25, 0, 1]);
});

const settings = {
  model: "m",
  servedModel: undefined,
  task: "math",
  split: "test" as const,
  data: undefined,
  limit: undefined,
  holdout: undefined,
  problemSeed: undefined,
  alike: undefined,
  template: undefined,
  date: undefined,
  responses: 4,
  temperature: 1,
  topP: 1,
  topK: 0,
  maxTokens: undefined,
  seed: 0,
  extract: "lenient" as const,
  logprobs: true,
  storage: undefined,
  activations: undefined,
  paddedVocabulary: undefined,
};

Deno.test("an evaluation is the same only with the same settings, weights and problems; the difference is named", () => {
  const begun = identityOf(settings, "w", [prompt(0)]);
  const difference = (more: object, weights = "w", prompts = [prompt(0)]) =>
    differenceOf(begun, identityOf({ ...settings, ...more }, weights, prompts));
  assert.equal(difference({}), undefined);
  assert.equal(difference({ topP: 0.9 }), "--top-p was 1 there and is 0.9 now");
  assert.equal(difference({ limit: 3 }), "--limit was not given there and is 3 now");
  assert.equal(difference({ paddedVocabulary: "keep" }), undefined);
  assert.match(difference({ paddedVocabulary: "mask" }) ?? "", /^--padded-vocabulary was not given .* is "mask" now$/);
  assert.match(difference({ date: "2025-01-31" }) ?? "", /^--date was not given there/);
  assert.match(difference({}, "x") ?? "", /other weights/);
  assert.match(difference({}, "w", [prompt(0, { promptText: "!" })]) ?? "", /other problems/);
  assert.match(differenceOf({ steps: 3 }, begun) ?? "", /something else than an evaluation/);
});

Deno.test("each setting of evaluate is part of its identity, chooses the device's kernels or changes no byte", () => {
  // Fetching, memory use, output.
  const changesNoByte = {
    ...Struct.omit(Groups.server, ["servedModel", "logprobs"]),
    ...Struct.pick(Groups.memory, ["batch", "cache", "deviceMemory"]),
    ...Struct.pick(Groups.reporting, ["k", "bootstrap", "greedy", "format"]),
    ...Groups.planning,
    ...Groups.cluster,
    ...Groups.blocks,
    ...Struct.pick(Groups.files, ["recipe", "out"]),
  };
  const lists = [shaping, Groups.device, changesNoByte];
  for (const key of Object.keys(evaluateCommand.settings)) {
    assert.equal(lists.filter((list) => key in list).length, 1, key);
  }
  for (const key of lists.flatMap((list) => Object.keys(list))) assert.ok(key in evaluateCommand.settings, key);
});

Deno.test("an evaluation's folder names its adapter, and kernels that are not the plain ones, and takes no responses of others", async () => {
  const out = await Deno.makeTempDir();
  const info = { kind: "gpu", description: "", why: "", features: [], lanes: 32, maxBinding: 1, maxBuffer: 1 } as const;
  const plain = { ...info, validated: false };
  const matrix = { ...plain, matrix: { size: 16, depth: 16, lanes: 32, refused: [] } };
  const identity = identityOf(settings, "w", [prompt(0)]);
  const config = () => JSON.parse(Deno.readTextFileSync(`${out}/config.json`));
  const claimed = (device: DeviceInfo, there: boolean) => Effect.runPromise(claimDevice(out, device, there));
  const refused = async (device: DeviceInfo) =>
    (await Effect.runPromise(Effect.flip(claimDevice(out, device, true)))).message;
  await Effect.runPromise(claim(out, identity));
  // Responses that are there and name no adapter are of before it was recorded.
  assert.match(
    await refused(plain),
    /^Cannot evaluate into ".*" \(--out\): it was begun on an adapter that its config\.json/,
  );
  await claimed(plain, false);
  assert.deepEqual(config(), { ...identity, adapter: "gpu" });
  const text = Deno.readTextFileSync(`${out}/config.json`);
  await claimed(plain, true);
  assert.equal(Deno.readTextFileSync(`${out}/config.json`), text);
  assert.match(
    await refused(matrix),
    /^Cannot evaluate into ".*" \(--out\): it was begun with --kernels plain, now it is matrix$/,
  );
  assert.match(
    await refused({ ...plain, kind: "wasm" }),
    /\(--out\): it was begun on gpu, now the adapter is wasm \(SIGNUM_ADAPTER=gpu chooses the first\)$/,
  );
  await claimed(matrix, false);
  assert.deepEqual(config(), { ...config(), kernels: ["matrix"] });
  await Effect.runPromise(claim(out, identity));
  await claimed(matrix, true);
  await refused(plain);
  await claimed(plain, false);
  assert.equal(Deno.readTextFileSync(`${out}/config.json`), text);
  await Deno.remove(out, { recursive: true });
});
