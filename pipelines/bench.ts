/**
 * `deno task bench`: how a model is sampled, scored and trained on the device at hand, and where the time goes: a decoder block, the head
 * and an optimizer step, kernel by kernel.
 */
import { Effect, Result } from "effect";
import { basename } from "node:path";
import * as Checkpoint from "./models/checkpoint.ts";
import * as Model from "./models/model.ts";
import { measureSpeed } from "./models/speed.ts";
import { flatTable } from "./reports/flat_table.ts";
import { renderTables } from "./reports/render_table.ts";
import * as Command from "./runtime/command.ts";
import { toText } from "./runtime/stage_record.ts";
import { StandardStreams } from "./runtime/standard_streams.ts";

/** The work that a model is measured by where nobody says: that of the tiny study, or short answers of a real model. */
const workloads = {
  tiny: { promptTokens: 8, responseTokens: 12, batch: 256, miniBatch: 64 },
  real: { promptTokens: 80, responseTokens: 32, batch: 16, miniBatch: 8 },
};

/** `deno task bench`; `--format json` gives one row a work or kernel as NDJSON. */
export const benchCommand = Command.make({
  name: "bench",
  summary: "Times sampling, scoring, training and every kernel, and says their rates",
  settings: ["model", "batch", "maxTokens", "storage", "format"],
  run: ({ model: dir, batch, maxTokens, storage, format }) =>
    Effect.scoped(Effect.gen(function* () {
      const { environment, open } = yield* Effect.promise(() => import("../kernels/device.ts"));
      const { bench } = yield* Effect.promise(() => import("../kernels/bench.ts"));
      const { encoder, info } = yield* open(environment());
      const { report, write } = yield* StandardStreams;
      yield* report(`adapter: ${info.kind}, ${info.description} (${info.why})`);
      const checkpoint = yield* Checkpoint.open(dir ?? "data/models/countdown_1");
      const standard = workloads[dir === undefined ? "tiny" : "real"];
      const workload = {
        ...standard,
        batch: batch ?? standard.batch,
        responseTokens: maxTokens ?? standard.responseTokens,
      };
      const model = yield* Model.load(encoder, checkpoint, "policy", { storage });
      const works = (yield* measureSpeed(model, workload, dir === undefined ? 5 : 1)).map((row) => ({
        device: info.kind,
        model: basename(checkpoint.dir),
        ...(storage && { storage }),
        ...row,
      }));
      Model.release(model);
      const kernels = (yield* bench(encoder)).map((row) => ({ device: info.kind, ...row }));
      const tables = Result.all([flatTable.build(works), flatTable.build(kernels)]);
      if (Result.isFailure(tables)) return yield* new Command.UsageError({ message: tables.failure });
      const text = format === "json"
        ? toText([...works, ...kernels])
        : renderTables(tables.success.flat(), { format, isTerminal: false });
      yield* Effect.catchTag(write(text), "PipeClosed", () => Effect.void);
    })),
});
