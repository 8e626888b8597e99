/** `deno task bench`: a decoder block, the head and an optimizer step, profiled kernel by kernel on the device at hand. */
import { Effect, Result } from "effect";
import { flatTable } from "./reports/flat_table.ts";
import { renderTables } from "./reports/render_table.ts";
import * as Command from "./runtime/command.ts";
import { toText } from "./runtime/stage_record.ts";
import { StandardStreams } from "./runtime/standard_streams.ts";

/** `deno task bench`; `--format json` gives one row a kernel as NDJSON. */
export const benchCommand = Command.make({
  name: "bench",
  summary: "Times every kernel at the shapes of training and says its rate",
  settings: ["format"],
  run: ({ format }) =>
    Effect.scoped(Effect.gen(function* () {
      const { environment, open } = yield* Effect.promise(() => import("../kernels/device.ts"));
      const { bench } = yield* Effect.promise(() => import("../kernels/bench.ts"));
      const { encoder, info } = yield* open(environment());
      const { report, write } = yield* StandardStreams;
      yield* report(`adapter: ${info.kind}, ${info.description} (${info.why})`);
      const rows = (yield* bench(encoder)).map((row) => ({ device: info.kind, ...row }));
      const tables = flatTable.build(rows);
      if (Result.isFailure(tables)) return yield* new Command.UsageError({ message: tables.failure });
      const text = format === "json" ? toText(rows) : renderTables(tables.success, { format, isTerminal: false });
      yield* Effect.catchTag(write(text), "PipeClosed", () => Effect.void);
    })),
});
