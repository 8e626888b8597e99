import assert from "node:assert/strict";
import { denominatorsOf } from "../../../pipelines/algorithms/aggregation.ts";
import {
  VALUE_CLIP,
  valueLoss,
  type ValueLossSettings,
  type ValueTokens,
} from "../../../pipelines/algorithms/value_loss.ts";
import { aggregationOf, distance, golden, packed } from "./golden_objectives.ts";

const { returns, values: cases } = golden.algorithms.ppo;
const tokens: ValueTokens = {
  values: packed(golden.sequences.map((sequence) => sequence.newValues)),
  oldValues: packed(golden.sequences.map((sequence) => sequence.values)),
  returns: packed(returns),
  sequences: golden.sequences.map((sequence) => sequence.values.length),
};
const settings: ValueLossSettings = {
  aggregation: "token-mean",
  share: 1,
  valueClip: VALUE_CLIP,
  denominators: denominatorsOf(tokens.sequences),
};

Deno.test("valueLoss() gives PyTorch's loss and derivative under both aggregations, full and short", () => {
  assert.equal(golden.settings.valueClip, VALUE_CLIP);
  for (const expected of cases) {
    const loss = valueLoss(tokens, { ...settings, ...expected, aggregation: aggregationOf(expected.aggregation) });
    assert.ok(distance([loss.loss], [expected.loss]) < 1e-12);
    assert.ok(distance(loss.dValues, packed(expected.dValues)) < 1e-9);
  }
});

Deno.test("the golden value losses have clipped and plain tokens, so both branches are seen", () => {
  const { clipped, tokens: count } = valueLoss(tokens, settings);
  assert.ok(clipped > 0 && clipped < count);
});

Deno.test("the derivative of valueLoss() is that of finite differences in float64", () => {
  const { dValues } = valueLoss(tokens, settings);
  for (let t = 0; t < dValues.length; t++) {
    const at = (by: number) =>
      valueLoss({ ...tokens, values: Float64Array.from(tokens.values, (x, i) => i === t ? x + by : x) }, settings).loss;
    assert.ok(Math.abs((at(1e-6) - at(-1e-6)) / 2e-6 - dValues[t]) < 1e-8, `${t}`);
  }
});

Deno.test("where both branches are equal outside the clip range, half of the derivative passes", () => {
  const one = { values: [1], oldValues: [0], returns: [0.75], sequences: [1] };
  const { dValues, clipped } = valueLoss(one, { ...settings, denominators: { tokens: 1, sequences: 1 } });
  assert.deepEqual(Array.from(dValues), [0.125]);
  assert.equal(clipped, 0);
});
