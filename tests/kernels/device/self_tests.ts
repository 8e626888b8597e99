/**
 * Self-tests of kernels for hardware that nobody has seen: they pass, what is wrong or does not fit is refused in a line, and the next start
 * remembers. Part of `deno task test:lanes` and `deno task test:lavapipe`; `dawn_test.ts` has the short one.
 */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testedCooperative } from "../../../kernels/device/cooperative.ts";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { testedUnits } from "../../../kernels/device/matrix_units.ts";
import { checkMatrixProducts } from "../../../kernels/device/matrix_self_test.ts";
import {
  halfActivations,
  matrixForms,
  type MatrixTile,
  splitName,
  variantName,
} from "../../../kernels/ops/matmul/matrix_tiles.ts";
import { apart, card, matrixKernel, units } from "../matrix_of_tests.ts";
import { isEmulated, testOnSubgroups } from "../on_subgroups.ts";

const tile: MatrixTile = { down: 3, across: 1, rows: 16, columns: 32 };

const folder = () => mkdtempSync(join(tmpdir(), "signum-self-test-"));

// An emulated card's own units and tiles are checked in `wasm/interpreter/lanes.ts`.
if (!isEmulated) {
  testOnSubgroups(
    "matrix products are the plain ones: every form and storage type",
    (encoder) =>
      Effect.gen(function* () {
        const own = apart(encoder);
        const checks = yield* checkMatrixProducts(own, units, { kernel: matrixKernel(), tiles: [tile] });
        const [nt, nn, tn, gated] = matrixForms.map((form) => variantName(form, tile));
        const expected = [nt, splitName(tile), nn, tn, halfActivations, gated];
        assert.deepEqual(checks.map(({ variant }) => variant), expected);
        for (const { variant, error, allowed } of checks) assert.ok(error <= allowed, `${variant}: off by ${error}`);
        assert.equal(own.pool.statistics.live, 0);
      }),
    card,
  );
}

testOnSubgroups(
  "what is wrong and what does not fit is refused, nothing else, in a line that the next start remembers",
  (encoder) =>
    Effect.gen(function* () {
      // The layout that only a weight's gradient uses, the last bits of chunks apart and of the gate are spoilt.
      const spoilt = matrixKernel((source) =>
        source.replace("d * (A_EIGHTS + 1u) + (ownRow + i * T) / 8u", "d * (A_EIGHTS + 1u) + (ownRow + i * T) / 16u")
          .replace("fourLeaving(slot + e) * back", "fourLeaving(slot + e) * back * (1f + f32(group.z) * 1e-6f)")
          .replace("(1f + exp(-value))", "(1.0000002f + exp(-value))")
      );
      const huge = { down: 64, across: 64, rows: 8, columns: 8 };
      const dir = folder();
      const found = yield* testedUnits(apart(encoder), units, dir, {
        kernel: spoilt,
        tiles: [huge, tile],
        storages: ["f32"],
      });
      const large = matrixForms.map((form) => variantName(form, huge));
      const wrong = [splitName(tile), variantName("tn", tile), variantName("swiglu", tile)];
      assert.deepEqual(found.units?.refused, [...large, ...wrong]);
      assert.match(found.notes[0], /3 of 6 checks are right/);
      found.notes.slice(1).forEach((note, i) =>
        assert.match(note, new RegExp(`^refused matrix product "${wrong[i]}": off by \\S*, allowed`))
      );
      assert.equal(found.notes.length, 4);
      const [file] = readdirSync(dir);
      const stored = JSON.parse(readFileSync(join(dir, file), "utf8"));
      stored.checks[0].error = 7;
      writeFileSync(join(dir, file), JSON.stringify(stored));
      const again = yield* testedUnits(apart(encoder), units, dir, {
        kernel: spoilt,
        tiles: [huge, tile],
        storages: ["f32"],
      });
      assert.deepEqual(again.units?.refused, [...large, variantName("nt", tile), ...wrong]);
      rmSync(dir, { recursive: true });
    }),
  card,
);

testOnSubgroups(
  "cooperative kernels pass their self-test, a wrong one is refused in a line, and the next start remembers",
  (encoder) =>
    Effect.gen(function* () {
      const dir = folder();
      const found = yield* testedCooperative(encoder, dir);
      assert.equal(found.cooperative, true, found.notes.join());
      const [file] = readdirSync(dir);
      const { checks } = JSON.parse(readFileSync(join(dir, file), "utf8"));
      assert.deepEqual(checks.map(({ variant }: { variant: string }) => variant), [
        ...["result", "gradient of q", "gradient of k", "gradient of v"].map((name) => `attention, ${name}`),
        ...["result", "gradient of x", "gradient of weight"].map((name) => `RMSNorm, ${name}`),
      ]);
      writeFileSync(join(dir, file), JSON.stringify({ checks: [{ ...checks[0], error: null }, ...checks.slice(1)] }));
      const again = yield* testedCooperative(encoder, dir);
      assert.deepEqual(again, {
        cooperative: false,
        notes: ['refused cooperative kernels, wrong in "attention, result": off by Infinity, allowed 2.0e-5'],
      });
      rmSync(dir, { recursive: true });
      const varying = new Encoder(encoder.device, { ...encoder.info, lanes: 0 });
      assert.match((yield* testedCooperative(varying, dir)).notes[0], /no fixed size/);
    }),
  { lanes: 16 },
);
