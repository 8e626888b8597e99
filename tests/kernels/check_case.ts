/** Holds an op's case to its reference in float64: results, gradients, and that no bytes stay behind. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { NamedValues, OpCase, OpCases, Round } from "../../kernels/ops/op_case.ts";
import { before, cotangents, runCase, valuesOf } from "./run_case.ts";

// Steps of float32, of the largest number of a result, that a short sum or an exponential may be off by.
const floorUlps = 4;

const worst = (found: ArrayLike<number>, expected: Float64Array): number => {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (!Number.isNaN(expected[i])) worst = Math.max(worst, Math.abs(found[i] - expected[i]));
    if (Number.isNaN(found[i]) && !Number.isNaN(expected[i])) return Infinity;
  }
  return worst;
};

const largest = (values: Float64Array): number => values.reduce((most, x) => Math.max(most, Math.abs(x) || 0), 0);

/** Fails where `found` is further from `exact` than twice what float32 arithmetic allows. */
const compare = (what: string, found: ArrayLike<number>, exact: Float64Array, rounded: Float64Array) => {
  assert.equal(found.length, exact.length, `${what}: length`);
  const allowed = 2 * worst(rounded, exact) + floorUlps * largest(exact) * 2 ** -23;
  const error = worst(found, exact);
  assert.ok(error <= allowed, `${what}: error ${error.toExponential(2)}, allowed ${allowed.toExponential(2)}`);
};

const plus = (gradients: NamedValues, one: OpCase): NamedValues =>
  Object.fromEntries(
    Object.entries(gradients).map(([name, gradient]) => {
      if (one.operands[name].role !== "weight") return [name, gradient];
      const start = before(name, one.operands[name]);
      return [name, gradient.map((x, i) => x + start[i])];
    }),
  );

const plusEach = (a: NamedValues, b: NamedValues, round: Round): NamedValues =>
  Object.fromEntries(
    Object.entries(a).map(([name, gradient]) => [name, gradient.map((x, i) => round(x + b[name][i]))]),
  );

/** Fails where a case is less exact than float32 allows; `times` records it so often on one tape, so that its gradients are sums. */
export const checkCase = (
  encoder: Encoder,
  op: OpCases,
  one: OpCase,
  times = 1,
): Effect.Effect<void, DeviceError> =>
  Effect.gen(function* () {
    const outcome = yield* runCase(encoder, one, times);
    const values = valuesOf(one);
    const exact = one.reference(values, (x) => x);
    const rounded = one.reference(values, Math.fround);
    assert.deepEqual(Object.keys(outcome.results).sort(), Object.keys(exact).sort());
    for (const name in exact) {
      compare(`${op.name} ${one.name}: ${name}`, outcome.results[name], exact[name], rounded[name]);
    }
    const { vjp } = one;
    if (vjp !== undefined) {
      const gradientsIn = (round: Round) =>
        plus(
          Array.from({ length: times }, (_, time) => vjp(values, cotangents(exact, time), round))
            .reduce((a, b) => plusEach(a, b, round)),
          one,
        );
      const exactGradients = gradientsIn((x) => x);
      const roundedGradients = gradientsIn(Math.fround);
      assert.deepEqual(Object.keys(outcome.gradients).sort(), Object.keys(exactGradients).sort());
      for (const name in exactGradients) {
        compare(
          `${op.name} ${one.name}: d${name}`,
          outcome.gradients[name],
          exactGradients[name],
          roundedGradients[name],
        );
      }
    }
    assert.equal(outcome.leaked, 0, `${op.name} ${one.name} keeps ${outcome.leaked} bytes`);
  });
