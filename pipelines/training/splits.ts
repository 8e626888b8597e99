/**
 * What is asked: that training can fill its steps, that testing asks what was not trained on, and by which template where nobody names one.
 */
import { Effect, Option } from "effect";
import { training } from "../../data/paper/hyperparameters.ts";
import { tasks } from "../../data/mod.ts";
import { loadProblems } from "../files/source.ts";
import { exists } from "../files/text_file.ts";
import type * as Command from "../settings/command.ts";
import type { Settings } from "../settings/settings.ts";
import { resolveModel } from "../files/hub.ts";
import { cannotDraw, withTemplate } from "../stages/prompt.ts";
import { startOf } from "./beginning.ts";
import { runRefusal, type StoredConfig, type TrainConfig } from "./run_config.ts";

interface Asked {
  readonly question: string;
}

/** How many test problems are training problems too, as a sentence, and whether all are; undefined where there are none. */
export const sharedProblems = (
  prompts: ReadonlyArray<Asked>,
  tests: ReadonlyArray<Asked>,
): { readonly count: string; readonly isAll: boolean } | undefined => {
  const trained = new Set(prompts.map(({ question }) => question));
  const shared = tests.filter(({ question }) => trained.has(question)).length;
  return shared === 0
    ? undefined
    : { count: `${shared} of ${tests.length} test problems are training problems`, isAll: shared === tests.length };
};

/** What to do about one file that serves both splits. */
export const apart =
  "--holdout 0.1 keeps a tenth of a file for testing; a folder with train.jsonl and test.jsonl holds both";

type SplitSettings = Pick<Settings, "task" | "split" | "data" | "limit" | "holdout" | "prompts">;

/** Fails where the problems at hand cannot fill a step. Those that are not on this machine are not looked at: the lines say so of a file. */
export const fillsSteps = Effect.fnUntraced(function* (
  { task, split, data, limit, holdout, prompts = training.prompts }: SplitSettings,
): Effect.fn.Return<ReadonlyArray<string>, Command.Failure> {
  if (data !== undefined && !(yield* exists(data))) {
    return [`"${data}" (--data) is not on this machine: its problems are not counted`];
  }
  const loaded = yield* loadProblems(tasks[task], split, { data, limit, holdout }).pipe(
    Effect.map(Option.some),
    Effect.catchIf(({ reason, file }) => reason === "missing" && file !== "", () => Effect.succeed(Option.none())),
  );
  const message = Option.isNone(loaded) ? undefined : cannotDraw(loaded.value.problems.length, prompts);
  return message === undefined ? [] : yield* runRefusal(message);
});

/** Settings with the template that a run asks by: what it recorded of one that nobody named, else the model's own where the task prefers it. */
export const templated = Effect.fnUntraced(function* (
  config: TrainConfig,
  stored: StoredConfig | undefined,
): Effect.fn.Return<TrainConfig, Command.Failure> {
  if (config.template !== undefined || tasks[config.task].prefersChat !== true) return config;
  if (stored === undefined) return yield* withTemplate(config, yield* resolveModel(startOf(config)));
  return stored.settings.template === "chat" ? { ...config, template: "chat" } : config;
});
