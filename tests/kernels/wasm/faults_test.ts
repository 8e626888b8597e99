/** What goes wrong on the embedded device is one line that names what it was; nothing hangs, and other kernels still run. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { makeKernel } from "../../../kernels/gpu/kernel.ts";
import { matmulNT } from "../../../kernels/ops/matmul/matmul.ts";
import { openWasm, testOnNewWasm } from "./on_wasm.ts";
import { adding, bufferOf, kernelOf, openRaw, type RawDevice, submit, wordsOf } from "./raw_device.ts";

const head = `struct Params { n: u32 }
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;
`;
const kernel = (body: string, before = "") =>
  `${head}${before}@compute @workgroup_size(1)\nfn main(@builtin(workgroup_id) group: vec3u) {\n${body}\n}\n`;

interface Tried {
  readonly name: string;
  readonly validated?: boolean;
  readonly run: (raw: RawDevice, words: GPUBuffer) => void;
  readonly said: RegExp;
}

const dispatched = (code: string, n = 0) => (raw: RawDevice, words: GPUBuffer) => {
  const run = kernelOf(raw, "the kernel a=1", code, ["write"]);
  submit(raw, (pass) => run(pass, 4, n, words));
};

const tried: ReadonlyArray<Tried> = [
  {
    name: "a kernel that is no WGSL",
    run: dispatched(kernel("words[0] = absent;")),
    said: /^Cannot compile kernel "the kernel a=1": line 6: "absent" is not known$/,
  },
  {
    name: "a kernel of more workgroup memory than a thread has",
    run: dispatched(kernel("table[params.n].x = 1u;", "var<workgroup> table: array<vec4u, 1000000>;\n")),
    said: /^Cannot compile kernel "the kernel a=1": its workgroup memory is 16000000 bytes, a thread has 4194304$/,
  },
  {
    name: "a kernel with more bindings than a command has room for",
    run: (raw, words) => {
      const count = 15;
      const names = Array.from(
        { length: count },
        (_, i) => `@group(0) @binding(${i}) var<storage, read> b${i}: array<u32>;`,
      );
      const text = `${
        names.join("\n")
      }\n@group(0) @binding(${count}) var<uniform> params: Params;\nstruct Params { n: u32 }
@compute @workgroup_size(1) fn main() {}`;
      const run = kernelOf(raw, "wide", text, names.map(() => "read" as const));
      submit(raw, (pass) => run(pass, 1, 0, ...names.map(() => words)));
    },
    said: /^Cannot compile kernel "wide": it has 15 bindings, at most 14 can be bound$/,
  },
  {
    name: "too few buffers",
    run: (raw) => {
      const run = kernelOf(raw, "adding", adding, ["write"]);
      submit(raw, (pass) => run(pass, 1, 1));
    },
    said: /^Cannot (bind|run) (a )?kernel .*[12]/,
  },
  {
    name: "a binding beyond its buffer",
    run: (raw, words) => {
      const layout = raw.device.createBindGroupLayout({
        entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: "storage" } }],
      });
      raw.device.createBindGroup({
        layout,
        entries: [{ binding: 0, resource: { buffer: words, offset: 256, size: 4096 } }],
      });
    },
    said: /^Cannot bind "words": bytes 256 to 4352 of a buffer of 4096$/,
  },
  {
    name: "a write beyond its buffer",
    run: (raw, words) => raw.device.queue.writeBuffer(words, 4000, new ArrayBuffer(100), 0, 100),
    said: /^Cannot write "words": bytes 4000 to 4100 of a buffer of 4096$/,
  },
  {
    name: "an access beyond all memory",
    run: dispatched(kernel("words[params.n + group.x] = 1u;"), 0xfffffff0),
    said: /^Kernel "the kernel a=1" failed: .*(memory access|out of bounds)/,
  },
  {
    name: "a write beyond a binding, checked",
    validated: true,
    run: dispatched(kernel("let at = params.n + group.x;\nwords[at] = 1u;"), 1023),
    said: /^Kernel "the kernel a=1" reached beyond "words" at line 7: index 102[4-6]$/,
  },
  {
    name: "a read beyond a binding, checked",
    validated: true,
    run: dispatched(kernel("if (words[0] == 0u) {\n  words[1] = words[params.n];\n}"), 0xffffffff),
    said: /^Kernel "the kernel a=1" reached beyond "words" at line 7: index 4294967295$/,
  },
  {
    name: "a read beyond an array of a function, checked",
    validated: true,
    run: dispatched(kernel("var list: array<u32, 3>;\nwords[0] = list[params.n];"), 3),
    said: /^Kernel "the kernel a=1" reached beyond "list" at line 7: index 3$/,
  },
  {
    name: "a write beyond an array in workgroup memory, checked",
    validated: true,
    run: dispatched(kernel("table[1][params.n] += 1u;", "var<workgroup> table: array<array<u32, 4>, 2>;\n"), 4),
    said: /^Kernel "the kernel a=1" reached beyond "table" at line 7: index 4$/,
  },
];

for (const { name, validated = false, run, said } of tried) {
  Deno.test(`one line says so: ${name}`, () =>
    Effect.runPromise(
      Effect.scoped(Effect.flatMap(openRaw({ validated, threads: "3" }), (raw) =>
        Effect.promise(async () => {
          const words = bufferOf(raw, "words", new Uint32Array(1024));
          run(raw, words);
          await raw.device.queue.onSubmittedWorkDone();
          assert.ok(raw.said.length >= 1, "nothing is said");
          assert.match(raw.said[0], said);
          assert.ok(!raw.said[0].includes("\n"));
          const before = raw.said.length;
          const add = kernelOf(raw, "adding", adding, ["write"]);
          const other = bufferOf(raw, "other", new Uint32Array(1024).fill(5));
          submit(raw, (pass) => add(pass, 4, 2, other));
          assert.ok((await wordsOf(raw, other)).every((word) => word === 7));
          assert.equal(raw.said.length, before);
        }))),
    ));
}

testOnNewWasm(
  "a fault is the error of the next wait of an encoder, with the kernel's constants",
  (encoder) =>
    Effect.gen(function* () {
      const [a, b, c] = [encoder.tensor(4, 8), encoder.tensor(4, 8), encoder.tensor(4, 4)];
      const beyond = { ...b, storage: { ...b.storage, bytes: 64 } };
      matmulNT(encoder, a, { ...beyond, offset: 64 }, undefined, c, { plain: true });
      const { message } = yield* Effect.flip(encoder.wait);
      assert.match(
        message,
        /^(Kernel "matmul_\w+ [^"]*" reached beyond "\w+" at line \d+: index \d+|Cannot bind "activations": bytes)/,
      );
    }),
  { validated: true },
);

testOnNewWasm(
  "a kernel of an encoder that cannot be compiled, and one with a buffer too few, are named",
  (encoder) =>
    Effect.gen(function* () {
      const source = kernel("words[0] = params.n +;");
      encoder.dispatch(makeKernel(source), {
        tensors: [encoder.tensor(1, 4)],
        params: { n: 1 },
        groups: [1],
      });
      const { message } = yield* Effect.flip(encoder.wait);
      assert.equal(message, 'Cannot compile kernel "main": line 6: expected an expression, found ";"');
      const other = yield* openWasm();
      other.dispatch(makeKernel(kernel("words[0] = 1u;")), {
        tensors: [],
        params: { n: 1 },
        groups: [1],
      });
      assert.match(
        (yield* Effect.flip(other.wait)).message,
        /^Cannot bind kernel "main": expected 1 bindings, found 0$/,
      );
    }),
);

for (const threads of ["0", "65", "2.5", "many", "-1"]) {
  Deno.test(`a device of ${threads} threads is refused`, async () => {
    const { message } = await Effect.runPromise(Effect.scoped(Effect.flip(openWasm({ threads }))));
    assert.match(message, new RegExp(`with "${threads}" threads \\(SIGNUM_THREADS\\): expected 1 to 64$`));
  });
}
