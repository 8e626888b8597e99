import assert from "node:assert/strict";
import { type NamedValues, noise, type OpCase } from "../../../kernels/ops/op_case.ts";
import { ops } from "../../../kernels/ops/mod.ts";
import { cotangents, valuesOf } from "../run_case.ts";

const exact = (x: number): number => x;
const step = 1e-5;

/** Σ cotangent · result at `values`. */
const weighed = (one: OpCase, values: NamedValues, given: NamedValues): number =>
  Object.entries(one.reference(values, exact)).reduce(
    (sum, [name, result]) => sum + result.reduce((part, x, i) => part + x * given[name][i], 0),
    0,
  );

const moved = (values: NamedValues, name: string, direction: Float64Array, distance: number): NamedValues => ({
  ...values,
  [name]: values[name].map((x, i) => x + distance * direction[i]),
});

for (const op of ops) {
  const derivable = op.cases.filter(({ vjp }) => vjp !== undefined);
  if (derivable.length === 0) continue;
  Deno.test(`the vjp of ${op.name} agrees with finite differences in float64`, () => {
    for (const one of derivable) {
      const values = valuesOf(one);
      const given = cotangents(one.reference(values, exact));
      const gradients = one.vjp?.(values, given, exact) ?? {};
      for (const name in gradients) {
        const gradient = gradients[name];
        // What no gradient flows to (NaN) stays where it is.
        const direction = Float64Array.from(
          noise(`direction ${name}`, gradient.length),
          (x, i) => Number.isNaN(gradient[i]) ? 0 : x,
        );
        const slope = gradient.reduce((sum, x, i) => sum + (direction[i] === 0 ? 0 : x * direction[i]), 0);
        const difference = weighed(one, moved(values, name, direction, step), given) -
          weighed(one, moved(values, name, direction, -step), given);
        const size = Math.sqrt(gradient.reduce((sum, x) => sum + (Number.isNaN(x) ? 0 : x * x), 0)) + 1;
        const error = Math.abs(difference / (2 * step) - slope);
        assert.ok(
          error <= 1e-6 * size,
          `${op.name} ${one.name} d${name}: ${slope}, differences give ${difference / (2 * step)}`,
        );
      }
    }
  });
}
