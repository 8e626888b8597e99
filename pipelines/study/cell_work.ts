/**
 * A cell of a study as work that can be done elsewhere: the recipe's name, what the command line changed, the cell's name, and the hash of the
 * base. Its result is the cell's outcome. Problems are not handed out by hash yet, so only tasks that generate theirs can be.
 */
import { Effect, Stream, Struct } from "effect";
import type { Json } from "@effect/schema";
import { tasks } from "../../data/mod.ts";
import type { StageWork } from "../cluster/jobs.ts";
import { isObject } from "../files/json.ts";
import type { Cell, Recipe } from "../recipes/mod.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import type { Outcome } from "./run_cell.ts";
import { settingsOf } from "./plan.ts";

/** The settings that the command line may change and that change results, kernels aside: these belong to the worker. */
export const changed = ["asPublished", "storage", "activations", "moments"] as const;

const isOutcome = (value: unknown): value is Outcome =>
  isObject(value) && Array.isArray(value.measured) && Array.isArray(value.metrics);

/** Why a cell cannot be handed out, as a sentence; undefined if it can. */
export const cannotHandOut = (recipe: Recipe, cell: Cell): string | undefined => {
  const { task, data } = settingsOf(recipe, cell.settings);
  if (cell.rate !== undefined) {
    return `Cannot hand out "${cell.name}" (--cluster): other cells choose its learning rate, and workers do not see them`;
  }
  if (data === undefined && tasks[task].source.kind === "generated") return undefined;
  return `Cannot hand out "${cell.name}" (--cluster): the problems of task "${task}" are read from files, which workers do not get`;
};

/** The cell as work; `here` runs it in this process. */
export const cellWork = <E extends Failure, R>(
  recipe: Recipe,
  cell: Cell,
  base: string,
  here: Effect.Effect<Outcome, E, R>,
): StageWork<Outcome, E, R> => {
  const given = Object.entries(Struct.pick(recipe.settings, changed)).flatMap(([key, value]): [string, Json][] =>
    value === undefined ? [] : [[key, value]]
  );
  return {
    stage: "cell",
    settings: {
      ...Object.fromEntries(given),
      recipe: (recipe.asked ?? recipe.name).split(" ")[0],
      cell: cell.name,
    },
    model: base,
    blocks: [{ text: "" }],
    here: Stream.fromEffect(here),
    decode: Effect.fnUntraced(function* (text) {
      const outcome: unknown = yield* Effect.try({
        try: (): unknown => JSON.parse(text),
        catch: () => new UsageError({ message: `Cannot read the outcome of "${cell.name}": it is not JSON` }),
      });
      if (isOutcome(outcome)) return [outcome];
      return yield* new UsageError({ message: `Cannot read the outcome of "${cell.name}": it has no counts` });
    }),
  };
};
