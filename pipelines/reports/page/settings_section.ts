/** What was run: the values of a recipe or of a run beside the paper's, and what differs from the paper. */
import { runs, training } from "../../../data/paper/hyperparameters.ts";
import { type Recipe, recipes } from "../../recipes/mod.ts";
import { defaults, flagOf, type SettingKey, settingKeys, type Settings, settings } from "../../settings.ts";
import { empty, textCell } from "../table.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";

const published: Readonly<Record<string, unknown>> = {
  ...training,
  model: runs[0].model,
  maxTokens: runs[0].maxTokens,
  steps: training.epochs * training.stepsPerEpoch,
  testEvery: training.stepsPerEpoch,
};

const shown = (value: unknown): string => Array.isArray(value) ? value.join(", ") : String(value);

type Values = Readonly<Partial<Record<SettingKey, unknown>>>;

/** Values beside the paper's, a row a setting. */
export const settingsTable = (values: Values, caption: string): Html =>
  htmlTable({
    notes: [
      "What is not listed has its default: the paper's value, but for template and longest response, which follow the task.",
    ],
    columns: ["Setting", "Here", "The paper", "Meaning"].map((name) => ({ name, align: "left" })),
    blocks: [{
      rows: settingKeys.filter((key) => values[key] !== undefined).map((key) => [
        textCell(flagOf(key)),
        textCell(shown(values[key])),
        published[key] === undefined ? empty : textCell(shown(published[key])),
        textCell(settings[key].description),
      ]),
    }],
  }, { caption });

const differences = (values: Values): ReadonlyArray<string> => [
  ...settingKeys.filter((key) =>
    values[key] !== undefined && published[key] !== undefined && published[key] !== values[key]
  )
    .map((key) => `${flagOf(key).replaceAll("-", " ")}: ${shown(values[key])}, not ${shown(published[key])}`),
  "no checkpoint is selected: each model is what its training ended with, where the paper takes the one that is best on the MATH test set",
];

/** What a recipe sets and how it measures. */
export const recipeSection = (recipe: Recipe): Html =>
  markup`<p>${recipe.summary}.</p>${settingsTable(recipe.settings, `The recipe ${recipe.name}`)}<h3>Evaluations</h3>
<ul>${
    recipe.evaluations.map(({ name, settings: values }) =>
      markup`<li><b>${name}</b>: ${
        settingKeys.filter((key) => values[key] !== undefined)
          .map((key) =>
            `${flagOf(key).replaceAll("-", " ")} ${shown(values[key])}`
          ).join(", ")
      }</li>
`
    )
  }</ul>
<h3>What differs from the paper</h3>
<ul>${
    differences(recipe.settings).map((line) =>
      markup`<li>${line}</li>
`
    )
  }</ul>
`;

/** Settings that only say where and how, or that `train` does not read. */
const silent: ReadonlyArray<string> = ["recipe", "format", "out"];

const changed = (config: Values, before: Partial<Settings>): ReadonlyArray<SettingKey> =>
  settingKeys.filter((key) =>
    !silent.includes(key) && config[key] !== undefined && JSON.stringify(config[key]) !== JSON.stringify(before[key])
  );

/** The settings of a run that are not defaults. */
export const ownSettings = (config: Values): Values =>
  Object.fromEntries(changed(config, defaults).map((key) => [key, config[key]]));

const quoted = (text: string): string => /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The command that makes a run again. */
export const trainCommandText = (config: Values): string => {
  const recipe = typeof config.recipe === "string" ? recipes[config.recipe] : undefined;
  const before = { ...defaults, ...recipe?.settings };
  const flags = changed(config, before).flatMap((key) => {
    const value = config[key];
    if (typeof value === "boolean") return [value ? `--${flagOf(key)}` : `--no-${flagOf(key)}`];
    return [`--${flagOf(key)} ${quoted(shown(value))}`];
  });
  return [
    "deno task train",
    ...(recipe === undefined ? [] : [`--recipe ${recipe.name}`]),
    ...flags,
    ...(config.out === undefined ? [] : [`--out ${quoted(shown(config.out))}`]),
  ].join(" ");
};
