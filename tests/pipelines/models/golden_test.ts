/**
 * The golden mini-batches with the device left out: from PyTorch's log-probs, entropies and values, the TypeScript
 * objectives give PyTorch's losses, and from its gradients, AdamW as DESIGN has it gives PyTorch's weights. A difference on
 * the device is then the device's.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { denominatorsOf } from "../../../pipelines/algorithms/aggregation.ts";
import { estimate, tokenRewards, whiten } from "../../../pipelines/algorithms/gae.ts";
import { groupStatistics } from "../../../pipelines/algorithms/group_baseline.ts";
import { metricsOf, policyLoss } from "../../../pipelines/algorithms/objective.ts";
import { valueLoss } from "../../../pipelines/algorithms/value_loss.ts";
import { openCheckpoint } from "../../../pipelines/models/checkpoint.ts";
import { openSafetensors } from "../../../pipelines/files/safetensors.ts";
import {
  type GoldenCase,
  goldenDirectory,
  goldenModels,
  type GoldenSequence,
  type GoldenStep,
  readGolden,
} from "../../golden/models/golden.ts";

const near = (found: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found}, expected ${expected}`);
const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));

const lossOf = (golden: GoldenCase, all: ReadonlyArray<GoldenSequence>) => {
  const chosen = golden.sequences.map((index) => all[index]);
  const lengths = chosen.map(({ response }) => response.length);
  return policyLoss({
    logProbs: chosen.flatMap(({ logProbs }) => logProbs[`${golden.temperature}`]),
    entropy: chosen.flatMap(({ entropy }) => entropy[`${golden.temperature}`]),
    oldLogProbs: golden.oldLogProbs.flat(),
    advantages: golden.advantages.flat(),
    sequences: lengths,
    // PPO's reference is in its advantages.
    ...(golden.klCoef > 0 && { referenceLogProbs: golden.referenceLogProbs?.flat() }),
  }, {
    clipRatio: golden.clipRatio,
    entropyCoef: golden.entropyCoef,
    klCoef: golden.klCoef,
    aggregation: golden.aggregation,
    share: chosen.length / golden.nominalSequences,
    denominators: denominatorsOf(lengths),
  });
};

/** The weight after AdamW's first step from zero moments. */
const adamw = (weight: number, gradient: number, { learningRate, weightDecay }: GoldenStep): number =>
  weight * (1 - learningRate * weightDecay) - learningRate * gradient / (Math.abs(gradient) + 1e-8);

/** Compares a step's files with its norms and, where the weights are there, with AdamW by hand. */
const checkStep = async (model: string, step: GoldenStep, weightOf: (name: string) => Promise<Float32Array>) => {
  const open = (file: string) => Effect.runPromise(openSafetensors(`${goldenDirectory(model)}/golden/${file}`));
  const gradients = await open(step.gradient);
  const total = Math.hypot(...Object.values(step.gradNorms));
  near(step.gradNorm / total, 1, 1e-5, "gradNorm");
  const scale = Math.min(1, step.maxGradNorm / (step.gradNorm + 1e-6));
  const after = step.after === undefined ? undefined : await open(step.after);
  for (const name of gradients.entries.keys()) {
    const gradient = await Effect.runPromise(gradients.read(name));
    near(norm(gradient) / step.gradNorms[name], 1, 1e-5, name);
    if (after === undefined) continue;
    const [before, stepped] = [await weightOf(name), await Effect.runPromise(after.read(name))];
    for (let i = 0; i < before.length; i++) {
      near(stepped[i], adamw(before[i], gradient[i] * scale, step), 2e-6, `${name} ${i}`);
    }
  }
};

for (const model of goldenModels) {
  const golden = readGolden(model);

  Deno.test(`${model}: the objectives give PyTorch's losses from PyTorch's log-probs`, () => {
    for (const expected of golden.cases) {
      const loss = lossOf(expected, golden.sequences);
      const metrics = metricsOf(loss);
      near(metrics.loss, expected.loss, 2e-6, expected.name);
      near(metrics.clipFraction, expected.clipFraction, 1e-6, `${expected.name} clipFraction`);
      near(metrics.approxKl, expected.approxKl, 1e-6, `${expected.name} approxKl`);
      near(metrics.meanEntropy, expected.meanEntropy, 1e-6, `${expected.name} meanEntropy`);
    }
  });

  Deno.test(`${model}: AdamW gives PyTorch's weights from PyTorch's gradients`, async () => {
    const checkpoint = await Effect.runPromise(openCheckpoint(goldenDirectory(model)));
    assert.deepEqual(checkpoint.config.stopTokens, golden.stopTokens);
    for (const step of golden.cases) {
      await checkStep(model, step, (name) => Effect.runPromise(checkpoint.read(name)));
      assert.deepEqual(Object.keys(step.gradNorms).toSorted(), checkpoint.names.toSorted());
    }
  });

  const { critic } = golden;
  if (critic === undefined) continue;
  const lengths = golden.sequences.map(({ response }) => response.length);

  Deno.test(`${model}: the critic's loss, returns and advantages are PyTorch's`, async () => {
    const { loss } = valueLoss(
      {
        values: critic.values.flat(),
        oldValues: critic.oldValues.flat(),
        returns: critic.returns.flat(),
        sequences: lengths,
      },
      { valueClip: critic.valueClip, aggregation: "token-mean", share: 1, denominators: denominatorsOf(lengths) },
    );
    near(loss, critic.loss, 2e-6, "loss");
    const raw = golden.sequences.map(({ reward }, i) => {
      const [old, reference] = [critic.oldLogProbs[i], critic.referenceLogProbs[i]].map((list) =>
        Float32Array.from(list)
      );
      const rewards = tokenRewards(reward, old, reference, critic.klCoef);
      return estimate(rewards, Float32Array.from(critic.oldValues[i]), { gamma: 1, lambda: 1 });
    });
    whiten(raw.map(({ advantages }) => advantages)).forEach((advantages, i) => {
      advantages.forEach((advantage, t) => near(advantage, critic.advantages[i][t], 1e-5, `advantage ${i} ${t}`));
      raw[i].returns.forEach((value, t) => near(value, critic.returns[i][t], 1e-5, `return ${i} ${t}`));
    });
    const checkpoint = await Effect.runPromise(openCheckpoint(goldenDirectory(model)));
    await checkStep(
      model,
      critic,
      (name) =>
        name === "score.weight"
          ? Promise.resolve(Float32Array.from(critic.scoreWeight))
          : Effect.runPromise(checkpoint.read(name)),
    );
  });

  Deno.test(`${model}: GRPO's advantages are those of its groups`, () => {
    const grpo = golden.cases.find(({ name }) => name === "grpo");
    assert.ok(grpo !== undefined);
    golden.sequences.forEach(({ problem, reward }, i) => {
      const group = golden.sequences.filter((other) => other.problem === problem).map((other) => other.reward);
      const { mean, std } = groupStatistics(group);
      for (const advantage of grpo.advantages[i]) {
        near(advantage, (reward - mean) / (std + 1e-6), 1e-6, `sequence ${i}`);
      }
    });
  });
}
