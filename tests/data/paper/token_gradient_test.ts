import assert from "node:assert/strict";
import {
  entropyGradient,
  negativeGradient,
  positiveGradient,
  softmax,
  trainingFactor,
  trainingGradient,
} from "../../../data/paper/token_gradient.ts";

const logits = Float64Array.of(1.5, -0.5, 0.25, 3, -2, 0);

/** The derivative of `f` by each logit, by central differences. */
const slopes = (f: (logits: Float64Array) => number): Float64Array =>
  logits.map((z, v) => {
    const h = 1e-5;
    return (f(logits.with(v, z + h)) - f(logits.with(v, z - h))) / (2 * h);
  });

const near = (found: Float64Array, expected: Float64Array, tolerance = 1e-9) =>
  found.forEach((x, v) => assert.ok(Math.abs(x - expected[v]) <= tolerance, `${v}: ${x}, expected ${expected[v]}`));

Deno.test("Eqs. 7 and 8 are the descent of -R pi_y, by finite differences", () => {
  const probabilities = softmax(logits);
  for (let y = 0; y < logits.length; y++) {
    near(positiveGradient(probabilities, y), slopes((z) => softmax(z)[y]));
    near(negativeGradient(probabilities, y), slopes((z) => -softmax(z)[y]));
  }
});

Deno.test("with its factor, Eq. 7 or 8 is the descent of -A w pi_y / pi_old at a temperature", () => {
  for (const [advantage, temperature] of [[0.1, 1], [-1, 1], [-2, 0.6], [1.7, 1.5]] as const) {
    const [weight, oldProbability, y] = [1 / 37, 0.3, 2];
    const factor = trainingFactor({ advantage, oldProbability, weight, temperature });
    near(
      trainingGradient(softmax(logits, temperature), y, advantage, factor),
      slopes((z) => advantage * weight * softmax(z, temperature)[y] / oldProbability),
    );
  }
  assert.deepEqual([...trainingGradient(softmax(logits), 1, 0, 0)], [0, 0, 0, 0, 0, 0]);
});

Deno.test("the entropy term is the slope of the entropy, by finite differences", () => {
  for (const temperature of [0.6, 1, 2]) {
    const entropy = (z: Float64Array) => -softmax(z, temperature).reduce((sum, p) => sum + p * Math.log(p), 0);
    near(entropyGradient(softmax(logits, temperature), temperature), slopes(entropy));
  }
  assert.deepEqual([...entropyGradient(Float64Array.of(1, 0))].map(Math.abs), [0, 0]);
});

Deno.test("NSR raises unsampled tokens in proportion to their prior, and leaves a sure token nearly alone", () => {
  const probabilities = softmax(logits);
  const rise = negativeGradient(probabilities, 3);
  const ratios = [...rise].flatMap((x, v) => v === 3 ? [] : [x / probabilities[v]]);
  for (const ratio of ratios) assert.ok(Math.abs(ratio - probabilities[3]) < 1e-15);
  assert.ok(Math.abs(rise.reduce((sum, x) => sum + x, 0)) < 1e-15, "what it takes it gives");
  // 1 - pi_y keeps its digits where pi_y is nearly 1.
  const sure = softmax(Float64Array.of(0, -40));
  assert.ok(Math.abs(-negativeGradient(sure, 0)[0] / Math.exp(-40) - 1) < 1e-12);
});
