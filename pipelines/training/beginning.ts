/**
 * Runs that begin from a checkpoint of another run, with its optimizer state, under settings of their own (`--from RUN --step N`). The
 * checkpoint becomes a part of the new run, `RUN/begin`, by links where the file system has them: the run is resumed and replayed whatever
 * becomes of the other. Steps count from 1.
 */
import { Effect, type Scope } from "effect";
import { join } from "node:path";
import { algorithmValues } from "../algorithms/algorithm_settings.ts";
import { linkFiles, stateFolder, verifyManifest, writeDirectory } from "../files/checkpoint_directory.ts";
import type { RunDirectory } from "../files/run_directory.ts";
import { exists, isFolder } from "../files/text_file.ts";
import type * as Command from "../settings/command.ts";
import { flagWords, quoted } from "../settings/command_words.ts";
import { codeDefaults, keysOf } from "../settings/settings.ts";
import { type KeptState, keptStates } from "./resume.ts";
import { runRefusal, type StoredConfig, type TrainConfig, trainSettings } from "./run_config.ts";

/** The folder of a run that holds the checkpoint that it began from. */
export const beginFolder = "begin";

/** The directory of the weights that a run begins with, and of their optimizer state where it begins from another run. */
export const startOf = ({ model, fromRun, out }: Pick<TrainConfig, "model" | "fromRun" | "out">): string =>
  fromRun === undefined ? model : join(out, beginFolder);

/** The state of a run that is asked for. */
const stateOf = Effect.fnUntraced(function* (
  run: string,
  step: number | undefined,
): Effect.fn.Return<KeptState, Command.Failure> {
  if (!(yield* isFolder(run))) return yield* runRefusal(`Cannot begin from "${run}" (--from): there is no such folder`);
  const states = yield* keptStates(run);
  const found = step === undefined ? states[0] : states.find((state) => state.step === step);
  if (found !== undefined) return found;
  if (states.length === 0) {
    const isState = yield* exists(join(run, stateFolder));
    const why = isState ? "it is one state of a run; name the run" : "it keeps no checkpoint and no final model";
    return yield* runRefusal(`Cannot begin from "${run}" (--from): ${why}`);
  }
  const kept = states.map((state) => state.step).toReversed().join(", ");
  return yield* runRefusal(`Cannot begin from "${run}" at step ${step} (--step): it keeps ${kept}`);
});

/** Takes what a run begins from into it, unless it has begun; gives the settings with the step that was taken. */
export const beginFrom = Effect.fnUntraced(function* (
  run: RunDirectory,
  config: TrainConfig,
  stored: StoredConfig | undefined,
): Effect.fn.Return<TrainConfig, Command.Failure, Scope.Scope> {
  const { fromRun, fromStep } = config;
  if (fromRun === undefined && fromStep !== undefined) {
    return yield* runRefusal(`Cannot begin at step ${fromStep} (--step): --from names no run`);
  }
  const before = stored?.settings.fromRun;
  if (stored !== undefined && (before === undefined) !== (fromRun === undefined)) {
    const named = (name: string | undefined) => name === undefined ? "no other run" : `"${name}"`;
    return yield* runRefusal(
      `Cannot continue "${run.path}": it was begun from ${named(before)}, now it is from ${named(fromRun)} (--from)`,
    );
  }
  if (fromRun === undefined) return config;
  if (stored !== undefined) return { ...config, fromStep: fromStep ?? stored.settings.fromStep };
  const { dir, step } = yield* stateOf(fromRun, fromStep);
  yield* verifyManifest(dir);
  // A run that then cannot begin leaves nothing behind.
  yield* Effect.addFinalizer(() =>
    Effect.ignore(Effect.flatMap(
      run.readText("config.json"),
      (text) => text === undefined ? run.remove(beginFolder) : Effect.void,
    ))
  );
  yield* writeDirectory(run.pathOf(beginFolder), () => true, (partial) => linkFiles(dir, partial));
  return { ...config, fromStep: step };
});

/** Settings that the command names itself, and one that gives others their values. */
const own: ReadonlyArray<string> = ["fromRun", "fromStep", "recipe", "out"];

/** What to do instead of continuing a run under other settings: the command that begins a new run from it; empty where it keeps no state. */
export const adviceFor = Effect.fnUntraced(function* (config: TrainConfig): Effect.fn.Return<string, Command.Failure> {
  const [newest] = yield* keptStates(config.out);
  if (newest === undefined) return "";
  const flags = keysOf(trainSettings).filter((key) =>
    !own.includes(key) && config[key] !== undefined &&
    // The mini-batch has another default where the batch is small.
    (key === "miniBatch" || key in algorithmValues(config.algorithm) ||
      JSON.stringify(config[key]) !== JSON.stringify(trainSettings[key].default) ||
      (config.asPublished === true && key in codeDefaults))
  ).map((key) => flagWords(key, config[key]));
  const { step } = newest;
  const words = [
    `--from ${quoted(config.out)} --step ${step}`,
    ...flags,
    `--out ${quoted(`${config.out}-from-${step}`)}`,
  ];
  return `; a new run begins from its step ${step} with: deno task train ${words.join(" ")}`;
});
