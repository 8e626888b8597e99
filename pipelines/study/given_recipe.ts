/**
 * A recipe with what a command line gives beside its name: a model that lies elsewhere, storage in fewer bits, knobs of memory, some of its
 * algorithms. So an experiment goes from one machine to another by flags.
 */
import { Effect } from "effect";
import { recipes } from "../recipes/mod.ts";
import { algorithmsOf, type Recipe } from "../recipes/recipe.ts";
import * as Command from "../settings/command.ts";
import { merge, select } from "../settings/resolve.ts";
import { memoryKnobs } from "../training/run_config.ts";
import { codeDefaults, type SettingKey, type Settings } from "../settings/settings.ts";

const refuse = (message: string) => new Command.UsageError({ message });

/** What a study may be given beside its recipe: where its model is, what it stores in how many bits, and how it uses memory. */
export const given = ["model", "storage", "activations", "moments", ...memoryKnobs] as const satisfies ReadonlyArray<
  SettingKey
>;

type Given = Pick<Settings, "recipe" | "asPublished" | "algorithms" | typeof given[number]>;

/**
 * A recipe by name with what is given beside it. With the quirks of the authors' code, or with other bits in storage, it is a study of its own, kept
 * and written apart.
 */
export const recipeOf = Effect.fnUntraced(function* (config: Given) {
  const { recipe: name = "tiny", asPublished, algorithms: chosen } = config;
  const recipe = recipes[name];
  if (recipe === undefined) {
    return yield* refuse(`Cannot reproduce "${name}": the recipes are ${Object.keys(recipes).join(", ")}`);
  }
  const known: ReadonlyArray<string> = algorithmsOf(recipe);
  const isCompared = recipe.claims !== undefined;
  if (chosen !== undefined && (isCompared || chosen.some((one) => !known.includes(one)))) {
    const expected = isCompared ? "none, its cells name theirs" : `some of ${known.join(", ")}`;
    return yield* refuse(`Cannot reproduce "${name}": --algorithms "${chosen?.join(",")}": expected ${expected}`);
  }
  if (isCompared && config.model !== recipe.settings.model) {
    return yield* refuse(`Cannot reproduce "${name}": --model "${config.model}": expected none, its cells name theirs`);
  }
  const other = (["storage", "activations", "moments"] as const).filter((key) =>
    (config[key] ?? "f32") !== (recipe.settings[key] ?? "f32")
  );
  const apart = [...asPublished ? ["as-published"] : [], ...other.map((key) => `${config[key]}-${key}`)];
  const flags = [...asPublished ? ["--as-published"] : [], ...other.map((key) => `--${key} ${config[key]}`)];
  const settings = {
    ...asPublished === true ? codeDefaults : {},
    ...recipe.settings,
    ...select(merge(config), given),
    ...asPublished === true ? { asPublished } : {},
  };
  const cells = recipe.cells.filter(({ algorithm }) =>
    algorithm === "base" || chosen === undefined || chosen.includes(algorithm)
  );
  const asked = [name, ...flags].join(" ");
  return { ...recipe, name: [name, ...apart].join("-"), asked, settings, cells } satisfies Recipe;
});
