/** Operations and bytes of dispatches, counted by hand for small shapes, from what the ops really dispatch. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { CountingEncoder } from "../../../kernels/gpu/counting_encoder.ts";
import type { DeviceInfo } from "../../../kernels/gpu/device_info.ts";
import type { Dispatch } from "../../../kernels/gpu/encoder.ts";
import type { Kernel } from "../../../kernels/gpu/kernel.ts";
import { countedAs, isProduct, type Work, workOf } from "../../../kernels/bench/kernel_work.ts";
import { accumulate } from "../../../kernels/ops/add/add.ts";
import { adamw } from "../../../kernels/ops/adamw/adamw.ts";
import { attention } from "../../../kernels/ops/attention/attention.ts";
import { embedding } from "../../../kernels/ops/embedding/embedding.ts";
import { matmulNT, matmulTN } from "../../../kernels/ops/matmul/matmul.ts";
import { linearSwiglu } from "../../../kernels/ops/swiglu/linear_swiglu.ts";
import { ops } from "../../../kernels/ops/mod.ts";
import { Tape } from "../../../kernels/gpu/tape.ts";
import { runCase } from "../run_case.ts";

const info: DeviceInfo = {
  kind: "lavapipe",
  description: "",
  why: "",
  features: [],
  lanes: 8,
  maxBinding: 2 ** 27,
  maxBuffer: 2 ** 32,
  validated: false,
};

class Recording extends CountingEncoder {
  readonly dispatched: Array<readonly [Kernel, Dispatch]> = [];

  override dispatch(kernel: Kernel, dispatch: Dispatch): void {
    this.dispatched.push([kernel, dispatch]);
  }
}

/** The work of the only dispatch that `record` makes. */
const workOfOne = (record: (encoder: Recording) => void, keys?: number): Work => {
  const encoder = new Recording(info);
  record(encoder);
  assert.equal(encoder.dispatched.length, 1);
  return workOf(...encoder.dispatched[0], keys);
};

Deno.test("a product has 2MNK operations and moves each operand once, a sum of products its result twice", () => {
  const plain = workOfOne((encoder) =>
    matmulNT(encoder, encoder.tensor(3, 7), encoder.tensor(5, 7), undefined, encoder.tensor(3, 5))
  );
  assert.deepEqual(plain, { flops: 210, bytes: 4 * (21 + 35 + 15) });
  const biased = workOfOne((encoder) =>
    matmulNT(encoder, encoder.tensor(3, 8), encoder.tensor(4, 8), encoder.tensor(1, 4), encoder.tensor(3, 4))
  );
  assert.deepEqual(biased, { flops: 192, bytes: 4 * (24 + 32 + 4 + 12) });
  const halves = workOfOne((encoder) =>
    matmulNT(encoder, encoder.tensor(3, 8), encoder.tensor(4, 8, { format: "bf16" }), undefined, encoder.tensor(3, 4))
  );
  assert.equal(halves.bytes, 4 * 24 + 2 * 32 + 4 * 12);
  const added = workOfOne((encoder) =>
    matmulNT(encoder, encoder.tensor(3, 8), encoder.tensor(4, 8), undefined, encoder.tensor(3, 4), { accumulate: true })
  );
  assert.equal(added.bytes, 4 * (24 + 32 + 2 * 12));
  const gradient = workOfOne((encoder) =>
    matmulTN(encoder, encoder.tensor(3, 4), encoder.tensor(3, 8), encoder.tensor(4, 8))
  );
  assert.deepEqual(gradient, { flops: 2 * 3 * 4 * 8, bytes: 4 * (12 + 24 + 2 * 32) });
});

Deno.test("matrix units are counted alike: what is added to is moved twice, gate and up are two products, a join is no product", () => {
  const matrix = { size: 16, depth: 16, lanes: 32, refused: [] };
  const works = (record: (encoder: Recording) => void): ReadonlyArray<Work> => {
    const encoder = new Recording({ ...info, matrix });
    record(encoder);
    return encoder.dispatched.map((one) => workOf(...one));
  };
  const unread = 4;
  assert.deepEqual(
    works((encoder) =>
      matmulNT(encoder, encoder.tensor(3, 8), encoder.tensor(4, 8), undefined, encoder.tensor(3, 4), {
        accumulate: true,
      })
    ),
    [{ flops: 192, bytes: 4 * (24 + 32 + 2 * 12) + unread }],
  );
  const inOnePass = works((encoder) =>
    linearSwiglu(new Tape(encoder, "inference"), encoder.tensor(3, 8), encoder.tensor(2 * 4, 8))
  );
  assert.deepEqual(inOnePass, [{ flops: 2 * 192, bytes: 4 * (24 + 64 + 12) + unread }]);
  const [parts, join] = works((encoder) =>
    matmulNT(encoder, encoder.tensor(3, 5000), encoder.tensor(4, 5000), undefined, encoder.tensor(3, 4))
  );
  assert.deepEqual(parts, { flops: 24 * 5000, bytes: 4 * (7 * 5000 + 2 * 12) + unread });
  assert.deepEqual(join, { flops: 24, bytes: 4 * (2 * 12 + 12) });
  assert.deepEqual(["matmul_matrix", "matmul_join"].map((name) => isProduct({ name })), [true, false]);
});

Deno.test("attention is counted by the keys that a row sees, a gather by the rows that it takes", () => {
  // Two sequences of four tokens: 2.5 keys a row; two heads of four channels, one head of keys.
  const seen = workOfOne((encoder) =>
    attention(
      new Tape(encoder, "inference"),
      encoder.tensor(8, 8),
      encoder.tensor(8, 4),
      encoder.tensor(8, 4),
      { spans: encoder.tensor(8, 4) },
      4,
    ), 2.5);
  assert.deepEqual(seen, { flops: 4 * 8 * 2.5 * 8, bytes: 4 * (64 + 32 + 32 + 32 + 64 + 16) });
  const far = workOfOne((encoder) =>
    attention(
      new Tape(encoder, "inference"),
      encoder.tensor(2, 8),
      encoder.tensor(1000, 4),
      encoder.tensor(1000, 4),
      { spans: encoder.tensor(2, 4) },
      4,
    ), 10);
  assert.equal(far.bytes, 4 * (16 + 20 * 4 * 2 + 8 + 16 + 4));
  const gathered = workOfOne((encoder) =>
    embedding(new Tape(encoder, "inference"), encoder.tensor(100, 8), encoder.tensor(1, 3), 3)
  );
  assert.deepEqual(gathered, { flops: 0, bytes: 4 * (3 + 24 + 24) });
});

Deno.test("an optimizer step reads four numbers a weight and writes three; a sum grows what it is added to", () => {
  const options = { learningRate: 1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, step: 1, clip: 1 };
  const step = workOfOne((encoder) => {
    const [gradient, weight, mean, square] = [0, 1, 2, 3].map(() => encoder.tensor(1, 10));
    adamw(encoder, gradient, weight, mean, square, options);
  });
  assert.deepEqual(step, { flops: 150, bytes: 4 * 10 * 7 });
  const sum = workOfOne((encoder) => accumulate(encoder, encoder.tensor(2, 8), encoder.tensor(2, 8)));
  assert.deepEqual(sum, { flops: 16, bytes: 4 * 16 * 3 });
});

/** Devices that choose different kernels. */
const devices: Readonly<Record<string, DeviceInfo>> = {
  plain: info,
  serial: { ...info, serial: true },
  cooperative: { ...info, cooperative: true, lanes: 32 },
  matrix: { ...info, matrix: { size: 16, depth: 16, lanes: 32, refused: [] } },
};

for (const op of ops) {
  Deno.test(`the operations of ${op.name} are counted on every device`, async () => {
    for (const [device, info] of Object.entries(devices)) {
      for (const one of op.cases) {
        const encoder = new Recording(info);
        await Effect.runPromise(runCase(encoder, one));
        assert.ok(encoder.dispatched.length > 0, `${one.name} dispatches nothing`);
        for (const [kernel, dispatch] of encoder.dispatched) {
          const { flops, bytes } = workOf(kernel, dispatch, 1);
          const what = `"${kernel.name}" on ${device}, in kernel_work.ts`;
          assert.ok(flops !== undefined, `${what}: no entry`);
          assert.ok(Number.isFinite(flops) && flops >= 0 && bytes > 0, `${what}: ${flops} operations, ${bytes} bytes`);
        }
      }
    }
  });
}

Deno.test("every kernel of an op is counted by an entry of its own op", () => {
  const folder = new URL("../../../kernels/ops/", import.meta.url);
  for (const { name: op, isDirectory } of Deno.readDirSync(folder)) {
    if (!isDirectory) continue;
    const kernels = [...Deno.readDirSync(new URL(`${op}/`, folder))]
      .filter(({ name }) => name.endsWith(".wgsl"))
      .filter(({ name }) => Deno.readTextFileSync(new URL(`${op}/${name}`, folder)).includes("@compute"))
      .map(({ name }) => name.replace(".wgsl", ""));
    for (const kernel of kernels) {
      const entry = countedAs(kernel);
      // The entry of another op that a name happens to begin with is none.
      assert.ok(
        entry !== undefined && (entry === op || entry.startsWith(`${op}_`) || kernels.includes(entry)),
        `${op}: "${kernel}" has no entry`,
      );
    }
  }
});

Deno.test("a faster variant is counted like the plain kernel, an unknown kernel by its bytes alone", () => {
  const encoder = new Recording(info);
  const [x, y] = [encoder.tensor(2, 4), encoder.tensor(2, 4)];
  const named = (name: string) =>
    workOf(
      { name, source: "" },
      { tensors: [x, y], params: {}, groups: [1] },
    );
  assert.deepEqual(named("rms_norm_fancy"), named("rms_norm"));
  assert.deepEqual(named("unheard_of"), { flops: undefined, bytes: 64 });
  assert.ok(isProduct({ name: "matmul_tn_subgroup" }) && !isProduct({ name: "matmul_largest" }));
  assert.ok(!isProduct({ name: "attention" }));
});
