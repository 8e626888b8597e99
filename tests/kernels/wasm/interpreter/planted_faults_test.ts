/** Faults that are put into kernels on purpose: the emulated card finds each, and says in one line where. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { noise } from "../../../../kernels/ops/op_case.ts";
import { subgroupKernels as attention } from "../../../../kernels/ops/attention/attention_forms.ts";
import { matrixProduct, matrixProductKernels } from "../../../../kernels/ops/matmul/matrix_product.ts";
import { matrixTiles } from "../../../../kernels/ops/matmul/matrix_tiles.ts";
import { emulatedCard } from "../../../../kernels/wasm/interpreter/emulated_card.ts";
import { bindings, runText, type TextOptions } from "./on_card.ts";

interface Planted extends TextOptions {
  readonly name: string;
  readonly source: string;
  readonly expected: RegExp;
}

const inputs = "@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u";

/** A kernel of 64 invocations with an array in workgroup memory. */
const kernel = (body: string): string =>
  `${bindings}
var<workgroup> numbers: array<u32, 64>;
@compute @workgroup_size(64)
fn main(${inputs}) {
${body}
}
`;

const planted: ReadonlyArray<Planted> = [
  {
    name: "two invocations that write one word of workgroup memory",
    source: kernel("numbers[lane / 2u] = lane; workgroupBarrier(); if (lane < 1u) { result[0] = numbers[0]; }"),
    expected:
      /line 10: "numbers" is written at word 0, which invocation 0 touched between two barriers \(invocation 1 of/,
  },
  {
    name: "a missing barrier between a write and the reads of others",
    source: kernel("numbers[lane] = lane; if (lane == 0u) { result[0] = numbers[lane] + numbers[63]; }"),
    expected: /line 10: "numbers" is read at word 63, which nobody has written \(invocation 0 of workgroup 0, 0, 0\)/,
  },
  {
    name: "a missing barrier between reads and the next write",
    source: kernel(
      "numbers[lane] = lane; workgroupBarrier(); let sum = numbers[63u - lane]; numbers[lane] = sum; if (lane == 0u) { result[0] = sum; }",
    ),
    expected:
      /line 10: "numbers" is read at word 31, which invocation 31 touched between two barriers \(invocation 32 of/,
  },
  {
    name: "memory of the workgroup that nobody wrote",
    source: kernel(
      "if (lane > 0u) { numbers[lane] = lane; } workgroupBarrier(); if (lane == 0u) { result[0] = numbers[0]; }",
    ),
    expected: /line 10: "numbers" is read at word 0, which nobody has written/,
  },
  {
    name: "what the workgroup before has written",
    source: kernel(
      "if (group.x == 0u) { numbers[lane] = 1u; } workgroupBarrier(); if (lane == 0u) { result[group.x] = numbers[5]; }",
    ),
    groups: [2],
    results: 2,
    expected: /"numbers" is read at word 5, which nobody has written \(invocation 0 of workgroup 1, 0, 0\)/,
  },
  {
    name: "an index beyond a binding",
    source: kernel("if (lane == 3u) { result[0] = given[lane]; }"),
    given: [1, 2, 3],
    expected: /line 10: "given"\[3\] is beyond its 3 elements \(invocation 3 of/,
  },
  {
    name: "an index below an array of an invocation",
    source: kernel("var own: array<u32, 4>; let i = i32(lane) - 1; own[i] = 1u; result[0] = own[0];"),
    expected: /line 10: "own"\[-1\] is beyond its 4 elements \(invocation 0 of/,
  },
  {
    name: "a word of storage that nobody wrote",
    source: kernel("if (lane == 0u) { result[0] = given[1]; }"),
    given: [1, undefined],
    expected: /line 10: "given" is read at word 1, which nobody has written/,
  },
  {
    name: "two workgroups that write one word of storage",
    source: kernel("if (lane == 0u) { result[0] = group.x; }"),
    groups: [2],
    expected:
      /line 10: "result" is written at word 0, which an invocation of another workgroup touched in one dispatch/,
  },
  {
    name: "a workgroup that reads what another writes",
    source: kernel("if (lane == 0u) { result[group.x] = result[1u - group.x]; }"),
    groups: [2],
    results: 2,
    expected:
      /line 10: "result" is written at word 0, which|line 10: "result" is read at word 0, which an invocation of another/,
  },
  {
    name: "a barrier that half of the workgroup passes by",
    source: kernel("if (lane < 32u) { workgroupBarrier(); } result[lane] = 0u;"),
    results: 64,
    expected: /line 10: workgroupBarrier in non-uniform flow: invocation 32 has returned \(invocation 0 of/,
  },
  {
    name: "an invocation that has returned before a barrier",
    source: kernel("if (lane == 7u) { return; } workgroupBarrier(); result[lane] = 0u;"),
    results: 64,
    expected: /line 10: workgroupBarrier in non-uniform flow: invocation 7 has returned/,
  },
  {
    name: "invocations at two different barriers",
    source: kernel("if (lane < 40u) { workgroupBarrier(); } else {\n workgroupBarrier(); } result[lane] = 0u;"),
    results: 64,
    expected: /line 10: workgroupBarrier in non-uniform flow: invocation 40 waits at workgroupBarrier of line 11/,
  },
  {
    name: "an operation of a subgroup in some of its lanes alone",
    source: `enable subgroups;${kernel("if (lane % 2u == 0u) { result[lane] = subgroupBroadcast(lane, 0u); }")}`,
    results: 64,
    expected: /subgroupBroadcast in non-uniform flow: invocation 1 has returned/,
  },
  {
    name: "a lane that no subgroup has",
    source: `enable subgroups;${kernel("result[lane] = subgroupShuffle(lane, lane + 1u);")}`,
    results: 64,
    expected: /"subgroupShuffle"\[32\] is beyond its 32 elements \(invocation 31 of/,
  },
  {
    name: "lanes that disagree on where a matrix lies",
    source: `enable f16;enable subgroups;enable chromium_experimental_subgroup_matrix;${
      kernel(
        "numbers[lane] = 0u; workgroupBarrier(); let a = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&numbers, lane, 0u); result[0] = 0u;",
      )
    }`,
    expected: /lanes disagree on the offset: 0 and 4 \(subgroup 0 of/,
  },
  {
    name: "a matrix beyond its memory",
    source: `enable f16;enable subgroups;enable chromium_experimental_subgroup_matrix;${
      kernel(
        "numbers[lane] = 0u; workgroupBarrier(); let a = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&numbers, 0u, 8u); result[0] = 0u;",
      )
    }`,
    expected: /a matrix ends at byte 512 of "numbers", which has 256/,
  },
  {
    name: "a matrix of a shape that the card has not",
    source: `enable f16;enable subgroups;enable chromium_experimental_subgroup_matrix;${
      kernel("let a = subgroup_matrix_left<f16, 8, 8>(); result[0] = 0u;")
    }`,
    expected: /has no matrices of this shape, but 16x16x16/,
  },
  {
    name: "more workgroup memory than the card has",
    source: kernel("numbers[lane] = vec4u(); result[0] = 0u;").replace("array<u32, 64>", "array<vec4u, 3073>"),
    expected: /has 49168 bytes of workgroup memory, the card at most 49152/,
  },
  {
    name: "more invocations than the card has",
    source: kernel("result[0] = 0u;").replace("workgroup_size(64)", "workgroup_size(64, 17)"),
    expected: /has 1088 invocations of a workgroup, the card at most 1024/,
  },
  {
    name: "text that does not fit",
    source: kernel("result[0] = 1f;"),
    expected: /^Kernel "main", line 10: found f32, expected u32$/,
  },
];

for (const { name, source, expected, ...options } of planted) {
  Deno.test(`the emulated card finds ${name}`, () =>
    Effect.runPromise(Effect.gen(function* () {
      const { fault } = yield* runText(source, options);
      assert.match(fault ?? "no fault", expected);
      assert.equal(fault!.split("\n").length, 1);
    })));
}

Deno.test("the emulated card takes what is right: a sum in a tree, atomics of all workgroups, a storage barrier", () =>
  Effect.runPromise(Effect.gen(function* () {
    const tree = kernel(`numbers[lane] = given[lane];
  for (var width = 32u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { numbers[lane] += numbers[lane + width]; }
  }
  let sum = workgroupUniformLoad(&numbers[0]);
  if (lane == 5u) { result[group.x] = sum; }`);
    const given = Array.from({ length: 64 }, (_, i) => i * i);
    const sum = given.reduce((a, b) => a + b);
    assert.deepEqual(yield* runText(tree, { given, groups: [3], results: 3 }), {
      words: [sum, sum, sum],
      fault: undefined,
    });
    const atomics = kernel("atomicMax(&result[0], lane + group.x * 64u); atomicAdd(&result[1], 1u);").replace(
      "result: array<u32>",
      "result: array<atomic<u32>>",
    );
    assert.deepEqual(yield* runText(atomics, { groups: [3], results: 2 }), { words: [191, 192], fault: undefined });
    const handed = kernel("result[lane] = lane; storageBarrier(); result[63u - lane] += 1u;");
    const { words, fault } = yield* runText(handed, { results: 64 });
    assert.equal(fault, undefined);
    assert.deepEqual(words.slice(0, 3), [1, 2, 3]);
    const raced = yield* runText(handed.replace("storageBarrier(); ", ""), { results: 64 });
    assert.match(raced.fault ?? "", /"result" is (read|written) at word/);
  })));

const spoilt: ReadonlyArray<readonly [string, string, string, RegExp]> = [
  [
    "without its first barrier",
    "      workgroupBarrier();\n      for (var l = 0u; l < A_LOADS; l++)",
    "      for (var l = 0u; l < A_LOADS; l++)",
    /"staged[AB]" is written at word \d+, which .* touched between two barriers/,
  ],
  [
    "without the barrier before its results leave",
    "        workgroupBarrier();\n        for (var e = lane % LANES",
    "        for (var e = lane % LANES",
    /"leaving" is read at word \d+, which subgroup 0 touched between two barriers/,
  ],
  [
    "whose last rows are not staged",
    "if (i < A_ROWS * A_EIGHTS)",
    "if (i + A_EIGHTS < A_ROWS * A_EIGHTS)",
    /"stagedA" is read at word \d+, which nobody has written \(subgroup \d of/,
  ],
  [
    "whose rows have no guard",
    "if (any(at >= ends)) { return vec4<u32>(); }\n  var high = vec4f();\n  if (at.y + 4u < ends.y) { high = aAt",
    "var high = vec4f();\n  if (at.y + 4u < ends.y) { high = aAt",
    /"A" is read at word 2884, which nobody has written \(invocation 32 of/,
  ],
];

for (const [name, from, to, expected] of spoilt) {
  Deno.test(`the emulated card finds what is wrong with the matrix product ${name}`, () =>
    Effect.runPromise(Effect.gen(function* () {
      const encoder = emulatedCard({ matrix: true });
      const [M, N, K] = [40, 36, 72];
      const source = matrixProductKernels.matrix.source.replace(from, to);
      assert.notEqual(source, matrixProductKernels.matrix.source);
      const [a, b] = [encoder.upload(noise("a", M * K), M, K), encoder.upload(noise("b", N * K), N, K)];
      const product = { product: "nt", tile: matrixTiles[1], a, b, c: encoder.tensor(M, N) } as const;
      matrixProduct(encoder, encoder.info.matrix!, product, { ...matrixProductKernels.matrix, source });
      const error = yield* Effect.flip(encoder.wait);
      assert.match(error.message, expected);
      assert.match(error.message, /^Kernel "matmul_matrix LANES=32 .*", line \d+: /);
    })));
}

Deno.test("the emulated card finds attention that does not wait for its query", () =>
  Effect.runPromise(Effect.gen(function* () {
    const encoder = emulatedCard();
    const [N, D] = [3, 16];
    const source = attention.forward.source.replace("  workgroupBarrier();\n", "");
    const tensors = ["q", "k", "v"].map((name) => encoder.upload(noise(name, N * D), N, D));
    const spans = encoder.upload(Uint32Array.from([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]), N, 4);
    const strides = { qStride: D, kStride: D, vStride: D, outStride: D };
    const offsets = { qOffset: 0, kOffset: 0, vOffset: 0, spanOffset: 0, outOffset: 0, lseOffset: 0 };
    encoder.dispatch({ ...attention.forward, source }, {
      constants: { H: 1, GROUP: 1, HEADS: 1, D4: D / 4, LANES: 32 },
      tensors: [...tensors, spans, spans, encoder.tensor(N, D), encoder.tensor(N, 1)],
      params: { N, ...offsets, ...strides, scale: 0.25, chunks: 0 },
      groups: [N],
    });
    const error = yield* Effect.flip(encoder.wait);
    assert.match(
      error.message,
      /"query" is read at word \d+, which (nobody has written|invocation \d+ touched between two barriers)/,
    );
  })));
