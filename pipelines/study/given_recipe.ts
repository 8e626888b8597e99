/** A recipe with the overrides of a command line, so that one experiment runs on several machines. */
import { Effect, Struct } from "effect";
import { type AlgorithmName, algorithms } from "../algorithms/mod.ts";
import { recipes } from "../recipes/mod.ts";
import { algorithmsOf, comparedCell, type Recipe } from "../recipes/recipe.ts";
import * as Command from "../settings/command.ts";
import * as Groups from "../settings/groups.ts";
import { withDefault } from "../settings/setting.ts";
import { layered } from "../settings/resolve.ts";
import { codeDefaults, keysOf, type Settings } from "../settings/settings.ts";

const refuse = (message: string) => new Command.UsageError({ message });

/** The settings that may override a recipe: model, data, storage types, memory use and kernels. */
const given = {
  ...Struct.pick(Groups.models, ["model"]),
  ...Struct.pick(Groups.problems, ["data"]),
  ...Struct.pick(Groups.passes, ["storage", "activations"]),
  ...Struct.pick(Groups.optimizing, ["moments"]),
  ...Groups.memory,
  ...Groups.device,
};

/** The settings of `reproduce`. */
export const reproduceSettings = {
  recipe: withDefault(Groups.files.recipe, "tiny"),
  ...given,
  ...Struct.pick(Groups.studies, ["algorithms"]),
  ...Struct.pick(Groups.files, ["out"]),
  ...Struct.pick(Groups.studies, ["shard", "gather"]),
  ...Groups.published,
  ...Groups.planning,
  ...Groups.studies,
  ...Groups.cluster,
};

type Asked = Pick<Settings, "recipe" | "asPublished" | "algorithms" | keyof typeof given>;

const isAlgorithm = (name: string): name is AlgorithmName => Object.hasOwn(algorithms, name);
const algorithmNames = Object.keys(algorithms).filter(isAlgorithm);

/**
 * A recipe with its overrides. With the authors' quirks, other storage types, other kernels, or algorithms that the recipe does not train, it is a
 * separate study with its own folder.
 */
export const recipeOf = Effect.fnUntraced(function* (config: Asked) {
  const { recipe: name = "tiny", asPublished, algorithms: chosen } = config;
  const recipe = recipes[name];
  if (recipe === undefined) {
    return yield* refuse(`Cannot reproduce "${name}": the recipes are ${Object.keys(recipes).join(", ")}`);
  }
  const isCompared = recipe.claims !== undefined;
  if (chosen !== undefined && (isCompared || !chosen.every(isAlgorithm))) {
    const known = Object.keys(algorithms).join(", ");
    const expected = isCompared ? "none, its cells name theirs" : `some of ${known}`;
    return yield* refuse(`Cannot reproduce "${name}": --algorithms "${chosen?.join(",")}": expected ${expected}`);
  }
  if (isCompared && config.model !== recipe.settings.model) {
    return yield* refuse(`Cannot reproduce "${name}": --model "${config.model}": expected none, its cells name theirs`);
  }
  const other = (["storage", "activations", "moments"] as const).filter((key) =>
    (config[key] ?? "f32") !== (recipe.settings[key] ?? "f32")
  );
  const kernels = config.kernels === undefined || config.kernels.includes("plain") ? [] : config.kernels;
  const own = algorithmsOf(recipe);
  const added = algorithmNames.filter((one) => chosen?.includes(one) && !own.includes(one));
  const apart = [
    ...asPublished ? ["as-published"] : [],
    ...other.map((key) => `${config[key]}-${key}`),
    ...kernels.map((one) => `${one}-kernels`),
    ...added,
  ];
  const flags = [
    ...asPublished ? ["--as-published"] : [],
    ...other.map((key) => `--${key} ${config[key]}`),
    ...kernels.length === 0 ? [] : [`--kernels ${kernels.join(",")}`],
    ...added.length === 0 ? [] : [`--algorithms ${chosen?.join(",")}`],
  ];
  const settings = {
    ...asPublished === true ? codeDefaults : {},
    ...layered<Partial<Settings>>(recipe.settings, Struct.pick(config, keysOf(given))),
    ...asPublished === true ? { asPublished } : {},
  };
  const cells = [
    ...recipe.cells.filter(({ algorithm }) =>
      algorithm === "base" || chosen === undefined || chosen.includes(algorithm)
    ),
    ...added.map((algorithm) => comparedCell(recipe, algorithm)),
  ];
  const asked = [name, ...flags].join(" ");
  return { ...recipe, name: [name, ...apart].join("-"), asked, settings, cells } satisfies Recipe;
});
