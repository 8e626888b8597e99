/**
 * The three products of a training step beside those of jax-js (npm `@jax-js/jax`), on the same adapter in one run, taking turns: `deno task
 * bench:jax-js`. Each figure is the median of seven turns; jax-js's kernels are compiled (`jit`) and warm, and its transposes
 * are what its compiler makes of them. Both run through Dawn, so it needs a GPU or SIGNUM_ADAPTER=lavapipe. Prints a Markdown table.
 */
import * as Effect from "effect/Effect";
import { median } from "../../data/statistics.ts";
import { toggles } from "../../kernels/device/dawn.ts";
import { environment, openDevice, type Opened } from "../../kernels/device/device.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { noise } from "../../kernels/ops/op_case.ts";
import { matmulNN, matmulNT, matmulTN } from "../../kernels/ops/matmul/matmul.ts";

// Not among the project's packages: fetched when this is run.
const jaxJs = "npm:@jax-js/jax@0.1.25";

/** Rows of a mini-batch, and the layers of the tiny model and of Qwen2.5 0.5B: M, N and K of y[M, N] = x[M, K] · W[N, K]ᵀ. */
const shapes = [
  { layer: "tiny, gate and up", M: 2016, N: 256, K: 64 },
  { layer: "tiny, down", M: 2016, N: 64, K: 128 },
  { layer: "0.5B, queries, keys, values", M: 512, N: 1152, K: 896 },
  { layer: "0.5B, attention output", M: 512, N: 896, K: 896 },
  { layer: "0.5B, gate and up", M: 512, N: 9728, K: 896 },
  { layer: "0.5B, down", M: 512, N: 896, K: 4864 },
];
const turns = 7;
/** Products of about this many operations are waited for together, so that waiting does not count. */
const operations = 1e9;

const milliseconds = async (run: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await run();
  return performance.now() - start;
};

const main = async (encoder: Encoder): Promise<void> => {
  const { create } = await import("webgpu");
  const gpu = create(toggles(false));
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  const { init, defaultDevice, jit, numpy } = await import(jaxJs);
  await init("webgpu");
  defaultDevice("webgpu");
  const rows: { product: string; shape: string; layer: string; ours: number; theirs: number }[] = [];
  for (const { layer, M, N, K } of shapes) {
    const host = { x: noise("x", M * K), w: noise("w", N * K), dy: noise("dy", M * N) };
    const ours = {
      x: encoder.upload(host.x, M, K),
      w: encoder.upload(host.w, N, K),
      dy: encoder.upload(host.dy, M, N),
    };
    const theirs = {
      x: numpy.array(host.x).reshape([M, K]),
      w: numpy.array(host.w).reshape([N, K]),
      dy: numpy.array(host.dy).reshape([M, N]),
    };
    const y = encoder.tensor(M, N);
    const dx = encoder.tensor(M, K);
    const dw = encoder.tensor(N, K);
    const nt = jit((a: typeof theirs.x, b: typeof theirs.x) => numpy.matmul(a, b.transpose()));
    const nn = jit((a: typeof theirs.x, b: typeof theirs.x) => numpy.matmul(a, b));
    const tn = jit((a: typeof theirs.x, b: typeof theirs.x) => numpy.matmul(a.transpose(), b));
    const products = [
      {
        product: "y = x Wᵀ",
        own: () => matmulNT(encoder, ours.x, ours.w, undefined, y),
        other: () => nt(theirs.x.ref, theirs.w.ref),
      },
      {
        product: "dx = dy W",
        own: () => matmulNN(encoder, ours.dy, ours.w, dx),
        other: () => nn(theirs.dy.ref, theirs.w.ref),
      },
      {
        product: "dW += dyᵀ x",
        own: () => matmulTN(encoder, ours.dy, ours.x, dw),
        other: () => tn(theirs.dy.ref, theirs.x.ref),
      },
    ];
    for (const { product, own, other } of products) {
      const calls = Math.max(1, Math.round(operations / (2 * M * N * K)));
      const runOwn = () =>
        milliseconds(() => {
          for (let call = 0; call < calls; call++) own();
          return Effect.runPromise(encoder.wait);
        });
      const runOther = () =>
        milliseconds(async () => {
          // An array that is disposed of before it is waited for is never computed.
          for (const array of Array.from({ length: calls }, other)) (await array.blockUntilReady()).dispose();
        });
      const times: { own: number[]; other: number[] } = { own: [], other: [] };
      for (let turn = -1; turn < turns; turn++) {
        const [a, b] = [await runOwn(), await runOther()];
        if (turn < 0) continue;
        times.own.push(a);
        times.other.push(b);
      }
      const rate = (ms: number) => 2 * M * N * K * calls / ms / 1e6;
      rows.push({
        product,
        layer,
        shape: `${M} × ${N} × ${K}`,
        ours: rate(median(times.own)),
        theirs: rate(median(times.other)),
      });
      console.error(rows.at(-1));
    }
    for (const tensor of [...Object.values(ours), y, dx, dw]) encoder.release(tensor);
    for (const array of Object.values(theirs)) array.dispose();
  }
  console.log(
    `${encoder.info.kind}, ${encoder.info.description}, ${navigator.hardwareConcurrency} cores; GFLOP/s, median of ${turns}\n`,
  );
  console.log("| layer | M × N × K | product | signum | jax-js | ratio |\n|---|---|---|--:|--:|--:|");
  for (const { layer, shape, product, ours, theirs } of rows) {
    console.log(
      `| ${layer} | ${shape} | ${product} | ${ours.toFixed(1)} | ${theirs.toFixed(2)} | ${
        (ours / theirs).toFixed(1)
      } |`,
    );
  }
  const middle = median(rows.map(({ ours, theirs }) => ours / theirs));
  console.log(
    `\nMedian ratio ${middle.toFixed(1)}, least ${
      Math.min(...rows.map(({ ours, theirs }) => ours / theirs)).toFixed(1)
    }.`,
  );
};

const run = async ({ encoder, adapter }: Opened): Promise<void> => {
  if (adapter !== undefined) return await main(encoder);
  console.error(`jax-js runs through Dawn, not on ${encoder.info.kind}: SIGNUM_ADAPTER=gpu|lavapipe chooses`);
  Deno.exit(1);
};

await Effect.runPromise(
  Effect.scoped(Effect.flatMap(openDevice(environment()), (opened) => Effect.promise(() => run(opened)))),
);
Deno.exit(0);
