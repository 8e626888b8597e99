/**
 * `deno task bench`: measures the device (copies, dispatches, products), every kernel of a decoder block, and sampling, scoring and
 * training with a model, relative to the roofline of the same run. With `--out` it writes the rows as CSV and the roofline as SVG and PNG.
 * `--report device` measures the device alone; start with it on a new device.
 */
import { Clock, Effect, Result, Struct } from "effect";
import { basename, join } from "node:path";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { benchParts, type BenchRow, csvOf, entriesOf, type MeasurementPlace, roofsOfRun, rowsOf } from "./bench_row.ts";
import { shapeConfigs } from "../models/model_shapes.ts";
import { goalShapes, productSizes, workloadFor } from "./bench_shapes.ts";
import { factsOf, namesOf } from "./device_facts.ts";
import { goalRows } from "./goals.ts";
import { measureDevice, type Subject } from "./measure.ts";
import { openCheckpoint } from "../models/checkpoint.ts";
import { loadModel } from "../models/model.ts";
import { randomModel } from "./random_model.ts";
import type { CheckpointError } from "../files/safetensors.ts";
import { flatTable } from "../reports/tables/flat_table.ts";
import { renderTables } from "../reports/tables/render_table.ts";
import { pngOf, svgOf } from "../reports/figures/picture.ts";
import { roofline } from "../reports/figures/roofline.ts";
import { missingKernels } from "../../kernels/gpu/chosen_kernels.ts";
import { cannotRun, makeCommand, orRefusal } from "../settings/command.ts";
import { device, files, memory, models, passes, reporting, sampling } from "../settings/groups.ts";
import { nearest } from "../settings/resolve.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { toText } from "../records/text.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import type { Settings } from "../settings/settings.ts";
import { commitOf } from "../study/write_files.ts";

type Asked = Pick<Settings, "model" | "shape" | "batch" | "maxTokens" | "storage" | "activations">;

const fail = cannotRun("bench");

const isPart = (name: string): name is typeof benchParts[number] => benchParts.some((part) => part === name);

const askedParts = Effect.fnUntraced(function* (report: ReadonlyArray<string> = benchParts) {
  const wrong = report.find((name) => !isPart(name));
  if (wrong !== undefined) {
    return yield* fail(`--report "${wrong}": expected some of ${benchParts.join(", ")}${nearest(wrong, benchParts)}`);
  }
  return benchParts.filter((part) => report.includes(part));
});

/** The measured model: a directory, a shape with made-up weights, or the base of the tiny study. */
const subjectOf = Effect.fnUntraced(function* (
  { model: dir, shape, batch, maxTokens, storage = "f32", activations = "f32" }: Asked,
  { kind }: Pick<DeviceInfo, "kind">,
) {
  if (dir !== undefined && shape !== undefined) return yield* fail("--model and --shape name two models");
  const isTiny = dir === undefined && shape === undefined;
  const standard = workloadFor({ kind }, isTiny);
  const given = { ...(batch && { batch }), ...(maxTokens && { responseTokens: maxTokens }) };
  const stored = { storage, activations };
  const more = { ...stored, workload: { ...standard, ...given }, runs: isTiny ? 5 : kind === "gpu" ? 3 : 1 };
  if (shape !== undefined) {
    const load: Subject<CheckpointError>["load"] = (encoder) =>
      Effect.sync(() => randomModel(encoder, shapeConfigs[shape], stored));
    return { name: shape, load, ...more };
  }
  const checkpoint = yield* openCheckpoint(dir ?? "data/models/countdown_1");
  const load: Subject<CheckpointError>["load"] = (encoder) =>
    loadModel(encoder, checkpoint, "policy", { ...stored, trained: true });
  return { name: basename(checkpoint.dir), load, ...more };
});

/** The name of the files: the device, and the parts and the model if they are not the default. */
const nameOf = (place: MeasurementPlace, asked: Asked, measured: ReadonlyArray<string>, subject: string): string => {
  const isDefault = asked.model === undefined && asked.shape === undefined;
  const device = place.adapter === "gpu" ? place.device : place.adapter;
  const all = [device, ...measured.length < benchParts.length ? measured : [], ...isDefault ? [] : [subject]];
  return all.join("_").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
};

const placeOf = Effect.fnUntraced(function* (info: DeviceInfo, adapter: GPUAdapter | undefined, load: number) {
  const now = new Date(yield* Clock.currentTimeMillis);
  const commit = (yield* commitOf)?.slice(0, 12) ?? "";
  const date = now.toISOString().slice(0, 10);
  return { ...namesOf(info, adapter), adapter: info.kind, date, commit, load };
});

const writeFiles = Effect.fnUntraced(function* (out: string, name: string, rows: ReadonlyArray<BenchRow>) {
  const chart = yield* orRefusal(roofline.build(rows));
  const files = [
    ["csv", yield* orRefusal(csvOf(rows))],
    ["svg", yield* svgOf(chart)],
    ["png", yield* pngOf(chart)],
  ] as const;
  const { report } = yield* StandardStreams;
  for (const [extension, content] of files) {
    yield* RunDirectory.writeText(join(out, `${name}.${extension}`), content);
    yield* report(`wrote ${join(out, `${name}.${extension}`)}`);
  }
});

const shownRow = ({ part, work, form, model, shape, dispatches, seconds, ...row }: BenchRow) => ({
  part,
  work,
  form,
  model,
  shape,
  dispatches,
  microseconds: seconds * 1e6,
  "GFLOP/s": row.gflops,
  "GB/s": row.gbPerSecond,
  "FLOP/byte": row.intensity,
  "share of roof (%)": row.share === null ? null : 100 * row.share,
  "held by": row.heldBy,
  "tokens/s": row.tokensPerSecond,
});

/** Load per processor before the measurement. */
const loadNow = Effect.sync(() => Deno.loadavg()[0] / navigator.hardwareConcurrency);

/** `deno task bench`; `--format json` writes the rows as NDJSON. */
export const benchCommand = makeCommand({
  name: "bench",
  summary: `Times the device, every kernel and a model under measured roofs (--report: ${benchParts.join(", ")})`,
  settings: {
    ...models,
    ...Struct.pick(memory, ["batch"]),
    ...Struct.pick(sampling, ["maxTokens"]),
    ...Struct.pick(passes, ["storage", "activations"]),
    ...device,
    ...Struct.pick(reporting, ["report"]),
    ...Struct.pick(files, ["out"]),
    ...Struct.pick(reporting, ["format"]),
  },
  run: ({ format, report: wanted, out, kernels = [], ...asked }) =>
    Effect.scoped(Effect.gen(function* () {
      const measuredParts = yield* askedParts(wanted);
      const load = yield* loadNow;
      const { environment, openDevice, withoutMatrix } = yield* Effect.promise(() =>
        import("../../kernels/device/device.ts")
      );
      const tried = [...new Set([...kernels.filter((name) => name !== "plain"), "matrix" as const])];
      const { encoder, info, adapter } = yield* openDevice({ ...environment(), kernels: tried });
      const missing = missingKernels(kernels, info);
      if (missing !== undefined) return yield* fail(missing);
      const { report, write } = yield* StandardStreams;
      yield* report(`adapter: ${info.kind}, ${info.description} (${info.why})`);
      const subject = yield* subjectOf(asked, info);
      const sizes = productSizes(info);
      const plain = withoutMatrix(encoder);
      // Models use matrix units only on request.
      const devices = { plain, used: kernels.includes("matrix") ? encoder : plain, units: info.matrix };
      const { measured, failure } = yield* measureDevice(devices, { parts: measuredParts, sizes, subject });
      const entries = entriesOf(measured);
      const roofs = roofsOfRun(entries);
      const place = yield* placeOf(info, adapter, load);
      const rows = rowsOf(entries, roofs, place);
      if (out !== undefined) {
        yield* writeFiles(out, nameOf(place, asked, measuredParts, subject.name), rows);
      }
      const goalWork = asked.shape === undefined ? workloadFor({ kind: "gpu" }, false) : subject.workload;
      const goals = goalRows(entries, roofs, goalShapes, goalWork);
      const flat = (some: ReadonlyArray<object>) => flatTable.build(some.map((row) => ({ ...row })));
      const facts = measuredParts.includes("device") ? [factsOf(info, adapter)] : [];
      const tables = Result.all([...facts, rows.map(shownRow), goals].map(flat));
      const [plainly, ordered] = ["dispatch", "dependent dispatch"].map((work) =>
        entries.find((entry) => entry.part === "device" && entry.work === work)?.seconds ?? 0
      );
      const notes = [
        `roofs, measured in this run: ${(roofs.flops / 1e9).toPrecision(4)} GFLOP/s (${roofs.flopsBy}), ` +
        `${(roofs.bytes / 1e9).toPrecision(4)} GB/s (${roofs.bytesBy}); a dispatch ${
          (plainly * 1e6).toPrecision(3)
        } µs, waiting for the one before it ${(ordered * 1e6).toPrecision(3)} µs: ${
          ordered > plainly
            ? `a barrier costs ${((ordered - plainly) * 1e6).toPrecision(2)} µs`
            : "what a barrier costs is below what can be told apart"
        }`,
        `load before it began: ${load.toFixed(2)} a processor${load > 0.25 ? ", so other work ran beside it" : ""}`,
        "goals: those of a server GPU; bound is what these roofs allow at best",
      ];
      const shown = yield* orRefusal(tables);
      const text = format === "json"
        ? toText(rows)
        : format === "csv"
        ? yield* orRefusal(csvOf(rows))
        : renderTables(shown.flat().map((table, i, all) => i < all.length - 1 ? table : { ...table, notes }), {
          format,
          isTerminal: false,
        });
      yield* Effect.catchTag(write(text), "PipeClosed", () => Effect.void);
      if (failure !== undefined) return yield* failure;
    })),
});
