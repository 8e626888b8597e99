import assert from "node:assert/strict";
import { advantageStage } from "../../../pipelines/stages/advantage.ts";
import { filter, records } from "./filter.ts";

const scored = (problemId: string, reward: number, weight = 1) => ({
  problemId,
  responseTokens: [5, 6],
  reward,
  weight,
  oldLogProbs: [-1, -2],
  referenceLogProbs: [-1, -2],
  values: [0, 0],
});

Deno.test("the advantage stage multiplies reward and weight once, one advantage a token", async () => {
  const out = records(await filter(advantageStage, [scored("a", 1, 0.1), scored("a", -1)]));
  assert.deepEqual(out.map(({ advantages }) => advantages), [[0.1, 0.1], [-1, -1]]);
  assert.deepEqual(out.map(({ weight }) => weight), [0.1, 1]);
});

Deno.test("the advantage stage sees GRPO's whole group wherever its members stand", async () => {
  const lines = [scored("a", 1), scored("b", -1), scored("a", -1), scored("b", -1)];
  const out = records(await filter(advantageStage, lines, { algorithm: "grpo" }));
  const unit = Math.fround(1 / (Math.SQRT2 + 1e-6));
  assert.deepEqual(
    out.map(({ advantages }) => Float32Array.from(advantages as Array<number>)[0]),
    [unit, 0, -unit, 0],
  );
});

Deno.test("an algorithm that drops groups refuses one that it would have dropped, as another's split left it", async () => {
  const lines = [scored("a", 1), scored("a", -1), scored("b", -1), scored("b", -1)];
  const failure = async (algorithm: "dapo" | "ngrpo", some: ReadonlyArray<object>) =>
    (await filter(advantageStage, some, { algorithm })).failure ?? "";
  assert.equal(
    await failure("dapo", lines),
    'Cannot compute the advantages of "dapo": it drops the group of problem "b", which is here; split by --algorithm dapo',
  );
  assert.match(await failure("ngrpo", [...lines, scored("c", 1), scored("c", 1)]), /the group of problem "c"/);
  assert.equal(records(await filter(advantageStage, lines, { algorithm: "ngrpo" })).length, 4);
});

Deno.test("a response that is longer than the limit which an algorithm reads is refused, and costs no other algorithm anything", async () => {
  const longer = { oldLogProbs: [-1, -2, -3], referenceLogProbs: [-1, -2, -3], values: [0, 0, 0] };
  const lines = [scored("a", 1), { ...scored("a", -1), responseTokens: [5, 6, 7], ...longer }];
  const { failure } = await filter(advantageStage, lines, { algorithm: "dapo", maxTokens: 2 });
  assert.equal(
    failure,
    'Cannot compute the advantages of "dapo": record 2 (problem "a") has 3 tokens, more than --max-tokens 2',
  );
  assert.equal(records(await filter(advantageStage, lines, { algorithm: "dapo", maxTokens: 3 })).length, 2);
  const zeros = Array(17).fill(0);
  const long = { oldLogProbs: zeros, referenceLogProbs: zeros, values: zeros, responseTokens: zeros };
  const [first, second] = lines.map((line) => ({ ...line, task: "countdown" }));
  assert.equal(
    (await filter(advantageStage, [first, { ...second, ...long }], { algorithm: "dapo" })).failure,
    'Cannot compute the advantages of "dapo": record 2 (problem "a") has 17 tokens, more than 16, the task\'s limit; ' +
      "give their --max-tokens",
  );
  assert.equal(records(await filter(advantageStage, lines, { algorithm: "rloo", maxTokens: 2 })).length, 2);
});

Deno.test("the advantage stage gives PPO returns beside whitened advantages", async () => {
  const out = records(await filter(advantageStage, [scored("a", 1), scored("b", -1)], { algorithm: "ppo" }));
  assert.deepEqual(out.map(({ returns }) => returns), [[1, 1], [-1, -1]]);
  assert.deepEqual(Object.keys(out[0]).slice(-2), ["advantages", "returns"]);
});

Deno.test("normalised over the batch, one sign's advantages are zero; both signs' have mean 0 and variance 1", async () => {
  const normalized = async (rewards: ReadonlyArray<number>) =>
    records(
      await filter(advantageStage, rewards.map((reward, i) => scored(`p${i}`, reward)), {
        algorithm: "reinforce",
        normalizeAdvantage: true,
      }),
    ).flatMap(({ advantages }) => advantages as Array<number>);
  assert.deepEqual(await normalized([1, 1, 1]), [0, 0, 0, 0, 0, 0]);
  assert.deepEqual((await normalized([-1, -1])).map(Math.abs), [0, 0, 0, 0]);
  const both = await normalized([1, -1]);
  const scale = Math.fround(1 / Math.sqrt(4 / 3 + 1e-8));
  assert.deepEqual(both.map(Math.fround), [scale, scale, -scale, -scale]);
});

Deno.test("a cap weights each token by the policy's probability over the sampler's, at most the cap, after the whitening", async () => {
  // The policy gives the first token four times the sampler's probability, the second half of it.
  const drawn = (reward: number) => ({
    ...scored("a", reward),
    logProbs: [-1 - Math.log(4), -2 + Math.log(2)],
  });
  const weights = async (config: Parameters<typeof filter>[2]) => {
    const [capped, plain] = await Promise.all(
      [2, 0].map(async (importanceCap) =>
        records(await filter(advantageStage, [drawn(1), drawn(-1)], { ...config, importanceCap }))
      ),
    );
    return plain.flatMap(({ advantages }, i) =>
      (advantages as Array<number>).map((one, t) => ((capped[i].advantages as Array<number>)[t] / one).toFixed(6))
    );
  };
  const expected = ["2.000000", "0.500000", "2.000000", "0.500000"];
  for (
    const config of [{ algorithm: "reinforce" }, { algorithm: "ppo" }, {
      algorithm: "nsr",
      normalizeAdvantage: true,
    }] as const
  ) {
    assert.deepEqual(await weights(config), expected);
  }
  const { logProbs: _, ...without } = drawn(1);
  assert.equal(
    (await filter(advantageStage, [drawn(1), without], { importanceCap: 2 })).failure,
    'Cannot read Scored from "<stdin>", line 2: field "logProbs" must be a list of numbers, found nothing',
  );
});

Deno.test("a field that only this algorithm needs is named with its line when it is missing", async () => {
  const { values: _, ...without } = scored("b", 1);
  const { failure, stdout } = await filter(advantageStage, [scored("a", 1), without], { algorithm: "ppo" });
  assert.equal(
    failure,
    'Cannot read Scored from "<stdin>", line 2: field "values" must be a list of numbers, found nothing',
  );
  assert.equal(stdout, "");
  assert.equal((await filter(advantageStage, [without], { algorithm: "nsr" })).failure, undefined);
});

Deno.test("no responses have no advantages, for every algorithm", async () => {
  for (const algorithm of ["ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"] as const) {
    assert.deepEqual(await filter(advantageStage, [], { algorithm }), { stdout: "" });
  }
});

Deno.test("a list that disagrees in length with its response is an error", async () => {
  const { failure } = await filter(advantageStage, [{ ...scored("a", 1), values: [0] }]);
  assert.match(failure ?? "", /line 1: field "values" must be as long as "responseTokens" \(2\), found 1/);
});
