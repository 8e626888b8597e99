/**
 * A recipe with what a command line gives beside its name: a model that lies elsewhere, storage in fewer bits, knobs of memory, some of its
 * algorithms. So an experiment goes from one machine to another by flags.
 */
import { Effect, Struct } from "effect";
import { recipes } from "../recipes/mod.ts";
import { algorithmsOf, type Recipe } from "../recipes/recipe.ts";
import * as Command from "../settings/command.ts";
import * as Groups from "../settings/groups.ts";
import { withDefault } from "../settings/setting.ts";
import { layered } from "../settings/resolve.ts";
import { codeDefaults, keysOf, type Settings } from "../settings/settings.ts";

const refuse = (message: string) => new Command.UsageError({ message });

/** What a study may be given beside its recipe: where its model and its data are, what it stores in how many bits, how it uses memory, and its kernels. */
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
};

type Asked = Pick<Settings, "recipe" | "asPublished" | "algorithms" | keyof typeof given>;

/**
 * A recipe by name with what is given beside it. With the quirks of the authors' code, with other bits in storage or with
 * other kernels than the plain ones, it is a study of its own, kept and written apart.
 */
export const recipeOf = Effect.fnUntraced(function* (config: Asked) {
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
  const kernels = config.kernels === undefined || config.kernels.includes("plain") ? [] : config.kernels;
  const apart = [
    ...asPublished ? ["as-published"] : [],
    ...other.map((key) => `${config[key]}-${key}`),
    ...kernels.map((one) => `${one}-kernels`),
  ];
  const flags = [
    ...asPublished ? ["--as-published"] : [],
    ...other.map((key) => `--${key} ${config[key]}`),
    ...kernels.length === 0 ? [] : [`--kernels ${kernels.join(",")}`],
  ];
  const settings = {
    ...asPublished === true ? codeDefaults : {},
    ...layered<Partial<Settings>>(recipe.settings, Struct.pick(config, keysOf(given))),
    ...asPublished === true ? { asPublished } : {},
  };
  const cells = recipe.cells.filter(({ algorithm }) =>
    algorithm === "base" || chosen === undefined || chosen.includes(algorithm)
  );
  const asked = [name, ...flags].join(" ");
  return { ...recipe, name: [name, ...apart].join("-"), asked, settings, cells } satisfies Recipe;
});
