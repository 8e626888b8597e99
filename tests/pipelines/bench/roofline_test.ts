import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { entriesOf, roofsOfRun } from "../../../pipelines/bench/bench_row.ts";
import { goalShapes } from "../../../pipelines/bench/bench_shapes.ts";
import { hubShape, shapeConfigs } from "../../../pipelines/models/model_shapes.ts";
import { goalRows } from "../../../pipelines/bench/goals.ts";
import { leastTime, rates, roofsOf } from "../../../pipelines/bench/roofline.ts";
import { parameterCount } from "../../../pipelines/models/parameter_specs.ts";
import { roofline, type RooflineRow } from "../../../pipelines/reports/figures/roofline.ts";
import { svg } from "../../../pipelines/reports/figures/render_chart.ts";

const timed = (name: string, flops: number, bytes: number, seconds: number, dispatches = 1) => ({
  name,
  flops,
  bytes,
  seconds,
  dispatches,
});

const roofs = roofsOf(
  [timed("small", 1e9, 1e6, 1), timed("large", 8e12, 1e9, 2)],
  [timed("copy", 0, 6e9, 2), timed("add", 1e9, 2e9, 1)],
  1e-5,
);

Deno.test("roofs are the best that was measured, and a share is the distance to the nearer one", () => {
  assert.deepEqual(roofs, { flops: 4e12, bytes: 3e9, dispatch: 1e-5, flopsBy: "large", bytesBy: "copy" });
  // 1,000 operations a byte: the slope is at 3e12, the flat roof at 4e12.
  const sloped = rates(timed("", 1e12, 1e9, 1), roofs);
  assert.deepEqual(sloped, { gflops: 1000, gbPerSecond: 1, intensity: 1000, share: 1 / 3, heldBy: "bandwidth" });
  const flat = rates(timed("", 2e12, 1e6, 1), roofs);
  assert.equal(flat.share, 0.5);
  assert.equal(flat.heldBy, "arithmetic");
  assert.equal(rates(timed("", 1e6, 1e3, 1, 1000), roofs).heldBy, "dispatch");
  assert.deepEqual(leastTime({ flops: 4e12, bytes: 6e9, dispatches: 3 }, roofs), { seconds: 2, heldBy: "bandwidth" });
  const idle = rates(timed("", 0, 0, 1), roofs);
  assert.equal(idle.share, null);
  assert.equal(idle.intensity, null);
});

Deno.test("goals stand beside what was measured, or beside what the roofs allow alone", () => {
  const entries = entriesOf({
    device: [{ work: "copy", shape: "", seconds: 1, flops: 0, bytes: 3e12 }, {
      work: "dependent dispatch",
      shape: "",
      seconds: 1e-6,
      flops: 0,
      bytes: 0,
    }],
    products: [{
      form: "matrix 256x128",
      shape: "M=8192 N=8192 K=8192",
      seconds: 2 * 8192 ** 3 / 1e15,
      flops: 2 * 8192 ** 3,
      bytes: 1,
    }],
    kernels: [],
    works: [],
  });
  const work = { promptTokens: 256, responseTokens: 256, batch: 256, miniBatch: 64 };
  const goals = goalRows(entries, roofsOfRun(entries), goalShapes, work);
  assert.deepEqual(goals.map(({ asked }) => asked), [400, 25, 25, 25, 20_000, 1500]);
  const [product, step, , , sampled] = goals;
  assert.ok(Math.abs((product.measured ?? 0) - 1000) < 1e-9);
  assert.equal(product.heldBy, "arithmetic");
  assert.equal(step.measured, null);
  // At 1,000 TFLOP/s and 3 TB/s decoding reads 15 GB of weights and 5.5 GB of cache a token of each of 256 sequences.
  assert.equal(sampled.heldBy, "bandwidth");
  const weights = parameterCount(shapeConfigs["qwen2.5-7b"]);
  const cache = 256 * (256 + 128) * 2 * 28 * 4 * 128 * 2;
  assert.ok(Math.abs(sampled.bound - 256 / ((2 * weights + cache) / 3e12)) < 1e-6 * sampled.bound);
});

Deno.test("a training step's share is that of the work that was measured", () => {
  const entries = entriesOf({
    device: [{ work: "copy", shape: "", seconds: 1, flops: 0, bytes: 1e12 }, {
      work: "dependent dispatch",
      shape: "",
      seconds: 1e-6,
      flops: 0,
      bytes: 0,
    }],
    products: [{ form: "subgroup", shape: "", seconds: 1, flops: 1e14, bytes: 1 }],
    kernels: [],
    works: [],
  });
  const roofs = roofsOfRun(entries);
  const config = shapeConfigs["qwen2.5-0.5b"];
  const work = { promptTokens: 0, responseTokens: 1, batch: 8, miniBatch: 64 };
  const measured = { ...entries[0], part: "model" as const, work: "train", model: "qwen2.5-0.5b", seconds: 1 };
  const step = goalRows([...entries, measured], roofs, goalShapes, work)[1];
  // Eight sequences of one token: six operations a weight of the layers and of the head, none of them made again.
  const weights = 24 * (896 * (896 + 2 * 128) + 896 * 896 + 3 * 896 * 4864);
  const operations = 8 * (6 * weights + 3 * 4 * 0.5 * 896 * 24 + 6 * 151936 * 896);
  assert.equal(config.layers, 24);
  assert.ok(Math.abs((step.measured ?? 0) / (100 * operations / 1e14) - 1) < 1e-9, `${step.measured}`);
});

Deno.test("the shapes are those of Qwen: their parameters are as many as published", () => {
  const billions = Object.values(shapeConfigs).map((config) => (parameterCount(config) / 1e9).toFixed(2));
  assert.deepEqual(billions, ["0.49", "1.54", "7.62", "7.62", "4.02"]);
  assert.equal(hubShape("Qwen/Qwen3-4B"), shapeConfigs["qwen3-4b"]);
  assert.equal(hubShape("Qwen/Qwen3-8B"), undefined);
});

const row = (more: Partial<RooflineRow>): RooflineRow => ({
  part: "kernels",
  work: "add",
  model: "",
  intensity: 0.1,
  gflops: 1,
  roofGflops: 200,
  roofGbPerSecond: 20,
  device: "a device",
  date: "2026-01-01",
  load: 2,
  ...more,
});

Deno.test("the roofline names what it shows, both roofs, and that other work ran beside it", async () => {
  const drawn = await Effect.runPromise(svg(Result.getOrThrow(roofline.build([
    row({}),
    row({ work: "matmul_nt", intensity: 30, gflops: 150 }),
    row({ part: "model", work: "grpo", intensity: 8, gflops: 40 }),
    row({ part: "device", work: "dispatch", intensity: null, gflops: 0 }),
  ]))));
  for (const text of ["other kernels", "matrix products", "GRPO step"]) {
    assert.ok(drawn.includes(`>${text}</text>`), text);
  }
  for (const text of ["best product 200 GFLOP/s", "best copy 20 GB/s", "other work ran beside it", "3 measured"]) {
    assert.ok(drawn.includes(text), text);
  }
  assert.ok(!drawn.includes("NaN") && !drawn.includes("undefined"));
  assert.match(Result.getOrThrow(Result.flip(roofline.build([row({ intensity: null })]))), /no row computes/);
});
