/**
 * Every kernel compiles, and every variant for hardware that no test machine has: Dawn's null backend parses, checks and builds pipelines
 * with all features and no driver.
 */
import assert from "node:assert/strict";
import { storageTypes } from "../../../kernels/gpu/half_precision.ts";
import { matrixFeature } from "../../../kernels/device/matrix_units.ts";
import { keptAs, readAs, writeAs } from "../../../kernels/ops/op.ts";
import { matrixProductKernels } from "../../../kernels/ops/matmul/matrix_product.ts";
import { matrixConstants, matrixForms, matrixNeeds, matrixTiles } from "../../../kernels/ops/matmul/matrix_tiles.ts";
import { type Constants, specialize } from "../../../kernels/gpu/specialize.ts";
import { view } from "../../../kernels/gpu/tensor.ts";

const { create, globals } = await import("webgpu");
Object.assign(globalThis, globals);
const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia"]);
const adapter = await gpu.requestAdapter();
assert.ok(adapter !== null);
const features: GPUFeatureName[] = ["subgroups", "shader-f16", matrixFeature];
const device = await adapter.requestDevice({
  requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
  requiredLimits: {
    maxStorageBuffersPerShaderStage: adapter.limits.maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: adapter.limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: adapter.limits.maxComputeWorkgroupSizeX,
  },
});
// Dropping what create() returned ends the process.
Object.assign(globalThis, { alive: [gpu, device] });

/** What is wrong with a kernel's text, or undefined. */
const faultOf = async (name: string, source: string, constants: Constants): Promise<string | undefined> => {
  const { code, missing } = specialize(source, constants);
  if (missing.length > 0) return `no constant "${missing[0]}"`;
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  const error = messages.find(({ type }) => type === "error");
  const refused = error === undefined
    ? await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: name } }).then(
      () => undefined,
      (cause) => String(cause),
    )
    : `line ${error.lineNum}: ${error.message}`;
  const caught = await device.popErrorScope();
  return refused ?? caught?.message;
};

const folder = new URL("../../../kernels/ops/", import.meta.url);
const files = [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory).flatMap(({ name }) =>
  [...Deno.readDirSync(new URL(`${name}/`, folder))].flatMap((file) =>
    file.name.endsWith(".wgsl") && file.name !== "threefry.wgsl" ? [`${name}/${file.name}`] : []
  )
).sort();

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test({
  ...options,
  name: "every kernel compiles as it stands",
  fn: async () => {
    assert.ok(files.length > 30);
    const beyond: string[] = [];
    const threefry = Deno.readTextFileSync(new URL("sample_token/threefry.wgsl", folder));
    for (const file of files) {
      const name = file.replace(/^.*\/(.*)\.wgsl$/, "$1");
      const text = Deno.readTextFileSync(new URL(file, folder));
      const source = /(sample_token(_wide|_fours)?|adamw_halves)\.wgsl$/.test(file) ? threefry + text : text;
      const fault = await faultOf(name, source, {});
      // The null backend binds no more than eight buffers; adapters that compute bind more.
      if (fault?.includes("exceeds the maximum per-stage limit (8)")) beyond.push(name);
      else assert.equal(fault, undefined, file);
    }
    assert.deepEqual(
      beyond,
      ["key_value", "query"].flatMap((name) =>
        ["", "_fours", "_subgroup"].map((form) => `attention_backward_${name}${form}`)
      ),
    );
  },
});

Deno.test({
  ...options,
  name: "every variant of the matrix products compiles and fits the memory it is said to take",
  fn: async () => {
    const { source } = matrixProductKernels.matrix;
    const tensor = { id: 1, bytes: 4, buffer: device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE }) };
    let count = 0;
    let small = 0;
    for (const [size, lanes] of [[16, 32], [8, 32]]) {
      const units = { size, depth: size, lanes, refused: [] };
      for (const form of matrixForms) {
        for (const tile of matrixTiles) {
          const constants = matrixConstants(form, tile, units);
          const { bytes, lanes: threads } = matrixNeeds(form, tile, units);
          for (const storage of storageTypes) {
            const stored = view(tensor, 1, 4, 0, 4, storage === "f32" ? undefined : storage);
            const variant: Constants = {
              ...constants,
              ...readAs("A", stored, 4),
              ...readAs("B", stored, 4),
              ...readAs("bias", stored, 1),
              ...readAs("C", stored, 4),
              ...writeAs("C", stored),
              ...keptAs(stored.format),
            };
            const fault = await faultOf("matmul_matrix", source, variant);
            // The null backend has little workgroup memory: of what compiles and does not fit it says how much it takes.
            const taken = Number(fault?.match(/total use of workgroup storage \((\d+) bytes\)/)?.[1] ?? 0);
            const expected = bytes > device.limits.maxComputeWorkgroupStorageSize ? bytes : 0;
            assert.equal(taken, expected, `${JSON.stringify(variant)}: ${fault}`);
            if (expected === 0) assert.equal(fault, undefined, JSON.stringify(variant));
            small += expected === 0 ? 1 : 0;
            count++;
          }
          assert.ok(bytes <= 48 << 10 && threads <= 1024, `${form}: ${bytes} bytes, ${threads} lanes`);
        }
      }
    }
    for (const format of ["bf16", "f16"] as const) {
      const half = view(tensor, 1, 4, 0, 4, format);
      const stored = { ...readAs("bias", half, 1), ...readAs("C", half, 4), ...writeAs("C", half) };
      assert.equal(await faultOf("matmul_join", matrixProductKernels.join.source, stored), undefined);
    }
    assert.equal(count, 48);
    assert.ok(small > 0, "no variant was built to its end");
  },
});

Deno.test({
  ...options,
  name: "a kernel that does not compile is seen",
  fn: async () => {
    const { source } = matrixProductKernels.matrix;
    assert.match(await faultOf("matmul_matrix", source.replace("col_major", "no_major"), {}) ?? "", /^line \d+: /);
    assert.match(await faultOf("matmul_matrix", source, { ABSENT: 1 }) ?? "", /ABSENT/);
    // A tile that no workgroup holds.
    assert.notEqual(await faultOf("matmul_matrix", source, { GROUP_M: 64 }), undefined);
  },
});
