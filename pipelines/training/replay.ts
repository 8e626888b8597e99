/**
 * `deno task replay RUN`: does every stage of a recorded run again, on the weights that it began with, and compares each record, gradient and
 * state with what the run holds, byte for byte; timings in the metrics are not compared. Stops at the first byte that differs and says
 * where. Gradients and checkpoints that the run no longer keeps are rebuilt on the way, since everything is.
 */
import { Effect, Struct } from "effect";
import { join } from "node:path";
import { otherDevice } from "../../kernels/gpu/chosen_kernels.ts";
import { verifyManifest, weightsFile } from "../files/checkpoint_directory.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { Policy } from "../models/policy.ts";
import * as Safetensors from "../files/safetensors.ts";
import * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { makeProgress } from "../files/progress.ts";
import { readRunText, stepFolder } from "../files/run_directory.ts";
import { firstDifference } from "../records/text.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { namesIn } from "../files/text_file.ts";
import { device, models, problems } from "../settings/groups.ts";
import { type Given, layered, merge } from "../settings/resolve.ts";
import type { SettingValues } from "../settings/setting.ts";
import { runPlan } from "../planning/run_plan.ts";
import { changedSource, recordedConfig, type StoredConfig, storedConfig, type TrainConfig } from "./run_config.ts";
import { parseRows, recordedNames, withNames } from "./recorded_rows.ts";
import { beginFolder } from "./beginning.ts";
import { testRows, testsFile } from "./end_tests.ts";
import { finishedStep } from "./resume.ts";
import { prepare } from "./prepare.ts";
import { test } from "./train.ts";
import { replayedRollouts } from "../rollouts/open_rollouts.ts";
import { type StepWriter, type TrainingContext, trainingStep } from "./step.ts";

const differs = (message: string) => new Command.UsageError({ message });

const replaySettings = {
  ...Struct.pick(models, ["model"]),
  ...Struct.pick(problems, ["data"]),
  ...device,
};

/** The settings that a run was made with; `model`, `data` and `kernels` may be given anew, the first two where the run has moved. */
const recordedRun = Effect.fnUntraced(function* (run: string, given: SettingValues<typeof replaySettings>) {
  const path = join(run, "config.json");
  const stored = yield* storedConfig(run);
  if (stored === undefined) return yield* differs(`Cannot replay "${run}": it holds no "config.json"`);
  const { settings, fields } = stored;
  if (typeof fields.base !== "string") return yield* differs(`Cannot read "${path}": field "base" is missing`);
  const config = recordedConfig(settings, layered<Given>(given, { out: run }));
  return { stored, config: yield* Effect.fromResult(config) };
});

/** Compares what is made again with a file of the run. */
const compare = Effect.fnUntraced(function* (run: string, name: string, found: string) {
  const expected = yield* readRunText(join(run, name));
  if (expected === undefined) return yield* differs(`Replay differs: "${join(run, name)}" is missing`);
  const difference = firstDifference(name, expected, found);
  if (difference === undefined) return;
  const { byte, line, expected: was, found: is } = difference;
  return yield* differs(
    `Replay differs at "${join(run, name)}", line ${line}, byte ${byte}: recorded ${JSON.stringify(was)}, made again ${
      JSON.stringify(is)
    }`,
  );
});

/** Fails unless every gradient and checkpoint that the run still keeps has the bytes that it was written with. */
const intact = Effect.fnUntraced(function* (run: string) {
  // What a killed process left under a temporary name is no part of the run.
  const list = (folder: string) =>
    Effect.map(namesIn(join(run, folder)), (names) => names.filter((name) => !name.startsWith(".")));
  for (const name of yield* list("artifacts")) {
    const path = join(run, "artifacts", name);
    const found = yield* Safetensors.sha256File(path);
    if (`${found}.safetensors` !== name) return yield* differs(`Replay differs at "${path}": its SHA-256 is ${found}`);
  }
  for (const name of yield* list("checkpoints")) yield* verifyManifest(join(run, "checkpoints", name));
  for (const name of ["model", beginFolder]) {
    if ((yield* list(name)).length > 0) yield* verifyManifest(join(run, name));
  }
});

/** Fails where a finished run lacks rows of metrics, or a run has records of steps that no row speaks of. */
const wholeOf = Effect.fnUntraced(function* (run: string, rows: number, steps: number) {
  const metrics = join(run, "metrics.ndjson");
  const isFinished = (yield* finishedStep(run)) !== undefined;
  if (isFinished && rows !== steps) return yield* differs(`Replay differs at "${metrics}": ${rows} rows of ${steps}`);
  // A run that was killed may have begun one step more.
  const last = rows + (isFinished ? 0 : 1);
  const names = yield* namesIn(join(run, "steps"));
  const more = names.find((name) => Number(name) > last);
  if (more !== undefined) {
    return yield* differs(`Replay differs at "${join(run, "steps", more)}": "${metrics}" has ${rows} rows`);
  }
});

/** Does a run again on the open device. */
const replay = Effect.fnUntraced(function* (run: string, { fields }: StoredConfig, config: TrainConfig) {
  const { report } = yield* StandardStreams;
  const { info } = yield* Policy;
  const other = otherDevice(fields, info);
  if (other !== undefined) return yield* differs(`Cannot replay "${run}": it was ${other}`);
  if (fields.adapter === undefined) {
    yield* report(
      `"${run}" does not say on which adapter it was made: it is compared with what ${info.kind} gives`,
    );
  }
  const isKnown = config.deviceMemory !== undefined;
  const { chosen } = isKnown ? yield* runPlan(merge(config), { trains: true, info, times: false }) : { chosen: {} };
  const apart = yield* testRows(run);
  const hasFirst = apart.some((row) => row.step === 0);
  const prepared = yield* prepare({ ...config, ...chosen, ...hasFirst && { testFirst: true } });
  const source = changedSource(fields, prepared.sources);
  if (source !== undefined) return yield* differs(`Cannot replay "${run}": it was begun with ${source}`);
  const sink: StepWriter = {
    records: (name, text) => compare(run, name, text),
    store: { put: (tensors) => Safetensors.digest(tensors) },
  };
  const { world: { tokenizer }, sourceDir } = prepared;
  const rollouts = yield* replayedRollouts({ config, tokenizer, sourceDir });
  const world: TrainingContext = { ...prepared.world, sink, rollouts };
  const metrics = join(run, "metrics.ndjson");
  const rows = yield* Effect.fromResult(parseRows(metrics, (yield* readRunText(metrics)) ?? ""));
  const names = recordedNames(rows);
  yield* wholeOf(run, rows.length, prepared.steps);
  const progress = yield* makeProgress("replay", rows.length);
  let state = prepared.initial;
  const testAgain = Effect.fnUntraced(function* (step: number) {
    const recorded = apart.find((row) => row.step === step);
    if (recorded === undefined) return;
    const made = { step, ...yield* test(prepared, state.policy) };
    const path = join(run, testsFile);
    const difference = firstDifference("", JSON.stringify(recorded), JSON.stringify(made));
    if (difference === undefined) return;
    const { expected, found } = difference;
    return yield* differs(`Replay differs at "${path}", step ${step}: recorded ${expected}, made again ${found}`);
  });
  yield* testAgain(0);
  let last = prepared.sources.base;
  for (const [index, row] of rows.entries()) {
    const step = index + 1;
    const done = yield* trainingStep(world, state, step);
    state = done.state;
    const tested = prepared.tests.length > 0 && step % config.testEvery === 0
      ? yield* test(prepared, state.policy)
      : {};
    const recorded = JSON.stringify(row);
    const again = JSON.stringify(withNames({ ...done.row, ...tested }, names));
    if (recorded !== again) {
      const difference = firstDifference("", recorded, again);
      return yield* differs(
        `Replay differs at "${metrics}", line ${step}: recorded ${difference?.expected}, made again ${difference?.found}`,
      );
    }
    const updates = yield* readRunText(join(run, stepFolder(step), "update.ndjson"));
    last = updates?.trimEnd().split("\n").at(-1)?.match(/"model":"(\w+)"/)?.[1] ?? last;
    yield* progress.advance(1);
  }
  if (rows.length === prepared.steps) yield* testAgain(prepared.steps);
  const weights = join(run, "model", weightsFile);
  const found = yield* Effect.option(Safetensors.sha256File(weights));
  if (rows.length === prepared.steps && found._tag === "Some" && found.value !== last) {
    return yield* differs(`Replay differs at "${weights}": SHA-256 ${found.value}, the last update made ${last}`);
  }
  yield* intact(run);
  yield* report(`"${run}": ${rows.length} steps made again, every byte the same`);
});

/** `deno task replay`; where nobody names kernels, those of the run are run. */
export const replayCommand = makeCommand({
  name: "replay",
  summary: "Repeats a recorded run and names the first byte that differs",
  settings: replaySettings,
  positional: { name: "RUN", summary: "the run's directory" },
  run: Effect.fnUntraced(function* (given, [run]) {
    const { stored, config } = yield* recordedRun(run, given);
    yield* Effect.scoped(replay(run, stored, config)).pipe(Effect.provide(layerPolicy(config)));
  }),
});
