/** The settings of a study or run: values of a recipe or run beside the paper's, conditions of a study, and differences from the paper. */
import { algorithmValues } from "../../algorithms/algorithm_settings.ts";
import { flagWords, quoted } from "../../settings/command_words.ts";
import { type Recipe, recipes } from "../../recipes/mod.ts";
import { defaults, type SettingKey, settingKeys, type Settings } from "../../settings/settings.ts";
import {
  conditionsTable,
  differencesOf,
  evaluationWords,
  type FinishedCells,
  type RecipeValues,
  settingsTable,
  valueText,
} from "../tables/recipe_tables.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";

/** A table of values beside the paper's. */
export const valuesSection = (values: RecipeValues, caption: string): Html =>
  htmlTable(settingsTable(values), { id: "values", caption });

const list = (lines: ReadonlyArray<string>): Html =>
  markup`<ul>${
    lines.map((line) =>
      markup`<li>${line}</li>
`
    )
  }</ul>
`;

/** The settings, evaluations and finished cells of a recipe. */
export const recipeSection = (recipe: Recipe, done: ReadonlyMap<string, FinishedCells>): Html =>
  markup`<p>${recipe.summary}.</p>${
    done.size === 0 ? undefined : htmlTable(conditionsTable(recipe, done), {
      id: "conditions",
      caption: "Conditions and their cells (base × seed × algorithm)",
    })
  }${valuesSection(recipe.settings, `The recipe ${recipe.name}`)}<h3>Evaluations</h3>
<ul>${
    recipe.evaluations.map((evaluation) =>
      markup`<li><b>${evaluation.name}</b>: ${evaluationWords(recipe, evaluation)}</li>
`
    )
  }</ul>
<h3>What differs from the paper</h3>
${list(differencesOf(recipe))}`;

/** Settings of input and output, and those that `train` does not read. */
const silent: ReadonlyArray<string> = ["recipe", "format", "out"];

const changed = (config: RecipeValues, before: Partial<Settings>): ReadonlyArray<SettingKey> =>
  settingKeys.filter((key) =>
    !silent.includes(key) && config[key] !== undefined && JSON.stringify(config[key]) !== JSON.stringify(before[key])
  );

/** The settings of a run that are not defaults. */
export const ownSettings = (config: RecipeValues): RecipeValues =>
  Object.fromEntries(changed(config, defaults).map((key) => [key, config[key]]));

/** The command that repeats a run. */
export const trainCommandText = (config: RecipeValues): string => {
  const recipe = typeof config.recipe === "string" && Object.hasOwn(recipes, config.recipe)
    ? recipes[config.recipe]
    : undefined;
  const before = { ...defaults, ...algorithmValues(config.algorithm), ...recipe?.settings };
  const flags = changed(config, before).map((key) => flagWords(key, config[key]));
  return [
    "deno task train",
    ...(recipe === undefined ? [] : [`--recipe ${recipe.name}`]),
    ...flags,
    ...(config.out === undefined ? [] : [`--out ${quoted(valueText(config.out))}`]),
  ].join(" ");
};
