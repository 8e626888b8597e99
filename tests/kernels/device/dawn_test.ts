/** Dawn's path, by default on a GPU or on SwiftShader: every op and its gradients, the self-test of cooperative kernels, two devices in one process. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testedCooperative } from "../../../kernels/device/cooperative.ts";
import { ops } from "../../../kernels/ops/mod.ts";
import { checkCase } from "../check_case.ts";
import { testOnDawn } from "../on_dawn.ts";
import { inFloat32, runCase, testOnDevice } from "../run_case.ts";

testOnDevice("the device of the tests is open before Dawn's", (encoder) => encoder.wait);

for (const op of ops) {
  testOnDawn(
    `${op.name} is as exact as float32 allows, and so are its gradients`,
    (encoder) => Effect.forEach(op.cases, (one) => checkCase(inFloat32(encoder), op, one), { discard: true }),
  );

  const derivable = op.cases.filter(({ vjp }) => vjp !== undefined);
  if (derivable.length === 0) continue;
  testOnDawn(
    `${op.name} adds up the gradients of inputs that are read twice`,
    (encoder) => Effect.forEach(derivable, (one) => checkCase(inFloat32(encoder), op, one, 2), { discard: true }),
  );
}

testOnDawn(
  "cooperative kernels pass their self-test where subgroups have one size",
  (encoder) =>
    Effect.gen(function* () {
      const dir = mkdtempSync(join(tmpdir(), "signum-cooperative-"));
      const { cooperative, notes } = yield* testedCooperative(encoder, dir);
      rmSync(dir, { recursive: true });
      const { lanes } = encoder.info;
      assert.equal(cooperative, lanes >= 4 && lanes <= 64, notes.join());
    }),
);

for (const op of ops.filter(({ name }) => ["add", "rms_norm", "swiglu"].includes(name))) {
  const [one] = op.cases;
  const kept: { dawn?: Readonly<Record<string, Float32Array>> } = {};
  testOnDawn(`${op.name} runs beside a device of another kind`, (encoder) =>
    Effect.gen(function* () {
      kept.dawn = (yield* runCase(encoder, one)).results;
    }));
  testOnDevice(`${op.name} gives nearly the same on both devices of one process`, (encoder) =>
    Effect.gen(function* () {
      const { results } = yield* runCase(encoder, one);
      assert.deepEqual(Object.keys(results), Object.keys(kept.dawn ?? {}));
      for (const name in results) {
        const other = kept.dawn?.[name] ?? [];
        results[name].forEach((x, i) => assert.ok(Math.abs(x - other[i]) <= 1e-5 * Math.max(1, Math.abs(x)), name));
      }
    }));
}
