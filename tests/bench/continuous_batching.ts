/**
 * Decoding in waves beside a pool whose places are given on, on the adapter at hand: `deno task bench:decode`. The model has the tiny study's
 * shape and weights of zero, so every token is equally likely and lengths are geometric: 1,024 responses to 16 prompts, 18 tokens in the mean
 * and at most 64. A wave is a pool that nobody enters later; an eighth of the cache holds 128 responses of 64 tokens. All variants run by
 * turns in one process; medians are printed. Arguments: rounds, and words that the names of the variants have.
 */
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import process from "node:process";
import { Key } from "../../data/random.ts";
import { median } from "../../data/statistics.ts";
import { Device } from "../kernels/device_service.ts";
import { type Dispatch, Encoder } from "../../kernels/gpu/encoder.ts";
import type { Kernel } from "../../kernels/gpu/kernel.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { decode, type DecodeOptions } from "../../pipelines/sampling/decode.ts";
import * as Model from "../../pipelines/models/model.ts";
import { readConfig } from "../../pipelines/models/checkpoint.ts";
import * as Parameters from "../../pipelines/models/parameters.ts";
import type { Request } from "../../pipelines/sampling/pool_shape.ts";

/** Counts steps of decoding, what is read back, and rows that are read into the cache of every layer beside them. */
class Counter extends Encoder {
  steps = 0;
  reads = 0;
  rows = 0;
  #isStep = false;

  override dispatch(kernel: Kernel, dispatch: Dispatch): void {
    if (kernel.name === "decode_rows") {
      this.steps++;
      this.#isStep = true;
    }
    if (kernel.name === "append_token") this.#isStep = false;
    // Prompts, and what sequences that had to wait go on from.
    if (kernel.name === "rope_cache" && !this.#isStep) this.rows += dispatch.params.N;
    super.dispatch(kernel, dispatch);
  }

  override readWords(...tensors: ReadonlyArray<Tensor>) {
    this.reads++;
    return super.readWords(...tensors);
  }
}

const rounds = Number(Deno.args[0] ?? 3);
const words = Deno.args.slice(1);
const maxTokens = 64;
const stopTokens = [0, 1, 2, 3];
const sampling = { temperature: 1, topK: 0, topP: 1 };

const requests = Array.from({ length: 1024 }, (_, i): Request => ({
  promptTokens: new Int32Array(8).fill(4 + (i >> 6)),
  key: Key.fold(Key.make(0), "bench", i),
  maxTokens,
}));

const bench = Effect.gen(function* () {
  const { encoder: { device, info } } = yield* Device;
  const encoder = new Counter(device, info);
  const shipped = yield* readConfig(new URL("../../data/models/countdown_1", import.meta.url).pathname);
  const config = { ...shipped.config, context: 8 + maxTokens };
  const weights = Parameters.zeros(encoder, Parameters.parameterLayout(config), "weights");
  const model = Model.fromParameters(encoder, config, weights);
  const pool = (batch: number, options: DecodeOptions = {}, some = requests) =>
    Stream.runFold(
      decode(model, some, sampling, stopTokens, { batch, ...options }),
      () => 0,
      (sum, { responseTokens }) => sum + responseTokens.length,
    );
  const waves = (batch: number) =>
    Effect.gen(function* () {
      let tokens = 0;
      for (let from = 0; from < requests.length; from += batch) {
        tokens += yield* pool(batch, {}, requests.slice(from, from + batch));
      }
      return tokens;
    });
  const { layers, kvHeads, headWidth } = config;
  const eighth = 2 * layers * (128 * maxTokens + 16 * 8) * kvHeads * headWidth * 4 / 2 ** 30;
  const works = [
    ...[64, 256].flatMap((batch) => [
      { name: `${batch} places, waves`, run: waves(batch) },
      { name: `${batch} slots, reassigned`, run: pool(batch) },
      ...[2, 4, 8].map((steps) => ({
        name: `${batch} slots, reassigned, a sync every ${steps} steps`,
        run: pool(batch, { syncInterval: () => steps }),
      })),
    ]),
    { name: "1024 places", run: pool(1024) },
    ...[1, 2, 4].map((steps) => ({
      name: `1024 slots at most, an eighth of the cache, a sync every ${steps} steps`,
      run: pool(1024, { cache: eighth, syncInterval: () => steps }),
    })),
  ].filter(({ name }) => words.every((word) => name.includes(word)));
  const found = works.map(({ name }) => ({
    name,
    rates: [] as number[],
    cpu: [] as number[],
    steps: 0,
    reads: 0,
    rows: 0,
    tokens: 0,
  }));
  yield* pool(64, {}, requests.slice(0, 80));
  for (let round = 0; round < rounds; round++) {
    for (const [i, { run }] of works.entries()) {
      encoder.steps = encoder.reads = encoder.rows = 0;
      const start = performance.now();
      const before = process.cpuUsage();
      const tokens = yield* run;
      found[i].rates.push(1000 * tokens / (performance.now() - start));
      const { user, system } = process.cpuUsage(before);
      found[i].cpu.push((user + system) / 1e6);
      Object.assign(found[i], { steps: encoder.steps, reads: encoder.reads, rows: encoder.rows / layers, tokens });
    }
  }
  console.log(`adapter: ${info.kind}, ${info.description}; ${rounds} rounds`);
  console.log("| | tokens/s | CPU s | steps | read-backs | rows read | tokens |\n|---|--:|--:|--:|--:|--:|--:|");
  for (const { name, rates, cpu, steps, reads, rows, tokens } of found) {
    console.log(
      `| ${name} | ${median(rates).toFixed(0)} | ${
        median(cpu).toFixed(2)
      } | ${steps} | ${reads} | ${rows} | ${tokens} |`,
    );
  }
});

await Effect.runPromise(Effect.provide(bench, Device.layer()));
Deno.exit(0);
