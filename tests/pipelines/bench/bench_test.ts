/** A bench of the smallest shapes on the adapter of this test run: every row is there, with figures that can be. No time is asserted. */
import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { readFileSync } from "node:fs";
import { blockShapes } from "../../../kernels/bench/bench.ts";
import { benchParts, csvOf, entriesOf, roofsOfRun, rowsOf } from "../../../pipelines/bench/bench_row.ts";
import { productSizes, workloadFor } from "../../../pipelines/bench/bench_shapes.ts";
import { measureDevice } from "../../../pipelines/bench/measure.ts";
import { factsOf, namesOf } from "../../../pipelines/bench/device_facts.ts";
import { benchCommand } from "../../../pipelines/bench/bench.ts";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { randomModel } from "../../../pipelines/bench/random_model.ts";
import { run } from "../../../pipelines/cli.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { configText } from "../models/made_up_model.ts";
import { testOnDevice } from "../../kernels/run_case.ts";

const place = {
  device: "a device, with a comma",
  driver: "1.0",
  adapter: "lavapipe",
  date: "2026-01-01",
  commit: "",
  load: 0.5,
};

/** Cells of a line of CSV. */
const cells = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, bare]) =>
    quoted?.replaceAll('""', '"') ?? bare
  );

testOnDevice(
  "a bench of the smallest shapes has a row for each work with finite figures, as CSV",
  (encoder) =>
    Effect.gen(function* () {
      const parsed = parseModelConfig({ file: "config.json", text: configText(20) });
      assert.ok(parsed.ok);
      const before = encoder.pool.statistics.live;
      const workload = { promptTokens: 3, responseTokens: 2, batch: 3, miniBatch: 2 };
      const { measured, failure } = yield* measureDevice({ plain: encoder, used: encoder }, {
        parts: benchParts,
        sizes: [[16, 32, 8]],
        blocks: [{ name: "block", sequences: 2, length: 4, C: 32, H: 4, KV: 2, D: 8, F: 32, V: 20 }],
        copyBytes: 4096,
        subject: {
          name: "made up",
          storage: "f32",
          workload,
          runs: 1,
          load: (own) => Effect.sync(() => randomModel(own, parsed.config)),
        },
      });
      assert.equal(failure, undefined);
      assert.equal(encoder.pool.statistics.live, before);
      const entries = entriesOf(measured);
      const rows = rowsOf(entries, roofsOfRun(entries), place);
      const works = (part: string) => rows.filter((row) => row.part === part).map(({ work }) => work);
      assert.deepEqual(works("device"), ["copy", "add", "dispatch", "dependent dispatch", "read-back"]);
      assert.deepEqual(works("model"), ["sample", "score", "train", "grpo"]);
      for (const kernel of ["matmul", "attention", "rms_norm", "swiglu", "token_log_probs", "adamw", "global_norm"]) {
        assert.ok(works("kernels").some((name) => name.startsWith(kernel)), kernel);
      }
      assert.ok(measured.kernels.every(({ flops }) => flops !== undefined), "every kernel of a block is counted");
      const text = Result.getOrThrow(csvOf(rows));
      const [head, ...lines] = text.trim().split("\n").map(cells);
      assert.equal(lines.length, rows.length);
      const at = (line: ReadonlyArray<string>, name: string) => line[head.indexOf(name)];
      for (const line of lines) {
        assert.equal(line.length, head.length);
        assert.equal(at(line, "device"), place.device);
        assert.ok(Number(at(line, "seconds")) > 0, line.join());
        for (const name of ["gflops", "gbPerSecond", "intensity", "share", "tokensPerSecond", "roofGflops"]) {
          assert.ok(Number.isFinite(Number(at(line, name))) && Number(at(line, name)) >= 0, `${name}: ${line.join()}`);
        }
      }
      const product = lines.find((line) => at(line, "work") === "product nt" && at(line, "form") === "plain") ?? [];
      assert.equal(at(product, "shape"), "M=16 N=32 K=8");
      const operations = Number(at(product, "gflops")) * 1e9 * Number(at(product, "seconds"));
      assert.ok(Math.abs(operations - 2 * 16 * 32 * 8) < 1e-6);
      assert.ok(Math.abs(Number(at(product, "intensity")) - 8192 / (4 * (128 + 256 + 512))) < 1e-12);
      // A sampled token and one of a score pass through the same products; of a mini-batch both passes are counted.
      const flopsOf = (work: string) => entries.find((entry) => entry.work === work)?.flops ?? 0;
      assert.ok(flopsOf("grpo") > flopsOf("sample") + flopsOf("score") && flopsOf("train") > 0);
      const tokens = lines.find((line) => at(line, "work") === "grpo") ?? [];
      assert.ok(Math.abs(Number(at(tokens, "tokensPerSecond")) * Number(at(tokens, "seconds")) - 6) < 1e-9);
    }),
);

Deno.test("the embedded device says its kind, why, threads and memory, and its rows name threads and engine", () => {
  const info = {
    kind: "wasm",
    description: "WebAssembly",
    why: "no driver of a GPU is installed",
    features: [],
    lanes: 0,
    serial: true,
    threads: 3,
    maxBinding: 1,
    maxBuffer: 5 * 2 ** 30,
    validated: false,
  } as const;
  const driver = `V8 ${Deno.version.v8}`;
  assert.deepEqual(factsOf(info), [
    { fact: "adapter", value: "wasm: no driver of a GPU is installed" },
    { fact: "device", value: "WebAssembly" },
    { fact: "driver", value: driver },
    { fact: "threads", value: 3 },
    { fact: "memory limit", value: 5 * 2 ** 30 },
  ]);
  assert.deepEqual(namesOf(info), { device: "WebAssembly, 3 threads", driver });
  const sizes = (kind: "gpu" | "wasm" | "lavapipe") => [
    productSizes({ kind }),
    workloadFor({ kind }, false),
    blockShapes({ kind }),
  ];
  assert.deepEqual(sizes("wasm"), sizes("lavapipe"));
  assert.notDeepEqual(sizes("wasm"), sizes("gpu"));
});

const refused = (...words: ReadonlyArray<string>) => {
  const { streams } = memory("");
  return Effect.runPromise(Effect.flip(run(["bench", ...words]).pipe(Effect.provideService(StandardStreams, streams))));
};

Deno.test("bench refuses parts that it does not have, and two models at once", async () => {
  assert.equal(
    (await refused("--report", "devise")).message,
    'Cannot run "bench": --report "devise": expected some of device, kernels, model, did you mean "device"?',
  );
  assert.match((await refused("--shape", "qwen2")).message, /--shape "qwen2": expected one of qwen2.5-0.5b, /);
  assert.ok("out" in benchCommand.settings);
});

Deno.test("the comparison with PyTorch writes the columns of bench", () => {
  const python = readFileSync(new URL("../../bench/torch_compare.py", import.meta.url), "utf8");
  const [, list] = /COLUMNS = \(([^)]*)\)/.exec(python) ?? [];
  const columns = [...(list ?? "").matchAll(/"(\w+)"/g)].map(([, name]) => name);
  const timed = { seconds: 1, flops: 1, bytes: 1 };
  const entries = entriesOf({
    device: [{ work: "copy", shape: "", ...timed }, { work: "dependent dispatch", shape: "", ...timed }],
    products: [{ form: "plain", shape: "", ...timed }],
    kernels: [],
    works: [],
  });
  assert.deepEqual(columns, Object.keys(rowsOf(entries, roofsOfRun(entries), place)[0]));
});
