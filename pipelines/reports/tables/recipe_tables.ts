/** Tables of a recipe for pages: its values beside the paper's, its evaluations, its conditions, and the differences from the paper. */
import { runs, training } from "../../../data/paper/hyperparameters.ts";
import { algorithmsOf, type Cell as StudyCell, type Evaluation, type Recipe } from "../../recipes/recipe.ts";
import { flagOf, type SettingKey, settingKeys, settings } from "../../settings/settings.ts";
import { seriesName } from "../series.ts";
import { type Cell, empty, numberCell, type Table, textCell } from "./table.ts";

/** Values of the settings of a recipe or of a run. */
export type RecipeValues = Readonly<Partial<Record<SettingKey, unknown>>>;

const published: Readonly<Record<string, unknown>> = {
  ...training,
  model: runs[0].model,
  maxTokens: runs[0].maxTokens,
  steps: training.epochs * training.stepsPerEpoch,
  testEvery: training.stepsPerEpoch,
};

/** A value as text. */
export const valueText = (value: unknown): string => Array.isArray(value) ? value.join(", ") : String(value);

const given = (values: RecipeValues): ReadonlyArray<SettingKey> =>
  settingKeys.filter((key) => values[key] !== undefined);

/** Values beside the paper's, one row per setting. */
export const settingsTable = (values: RecipeValues): Table => ({
  notes: [
    "What is not listed has its default: the paper's value, but for template and longest response, which follow the task.",
  ],
  columns: ["Setting", "Here", "The paper", "Meaning"].map((name) => ({ name, align: "left" })),
  blocks: [{
    rows: given(values).map((key) => [
      textCell(flagOf(key)),
      textCell(valueText(values[key])),
      published[key] === undefined ? empty : textCell(valueText(published[key])),
      textCell(settings[key].description),
    ]),
  }],
});

/** The sampling of a recipe's evaluation in words; of the responses, the numbers that its cells draw. */
export const evaluationWords = (
  { cells }: Pick<Recipe, "cells">,
  { name, settings: values, repeats }: Evaluation,
): string => {
  const drawn = cells.flatMap(({ evaluations }) =>
    evaluations.flatMap(({ evaluation, responses = values.responses }) => evaluation === name ? responses ?? [] : [])
  );
  const numbers = [...new Set(drawn)].sort((a, b) => b - a);
  return [
    ...given(values).map((key) =>
      `${flagOf(key).replaceAll("-", " ")} ${
        key === "responses" && numbers.length > 0 ? numbers.join(" or ") : valueText(values[key])
      }`
    ),
    ...repeats === undefined ? [] : [`asks ${repeats} again, of other problems`],
  ].join(", ");
};

/** The values that differ from the paper's, in words. */
const changedValues = (values: RecipeValues): ReadonlyArray<string> =>
  given(values).filter((key) => published[key] !== undefined && published[key] !== values[key])
    .map((key) => `${flagOf(key).replaceAll("-", " ")}: ${valueText(values[key])}, not ${valueText(published[key])}`);

/** A statement that no checkpoint was selected. */
const noSelection =
  "no checkpoint is selected: each model is what its training ended with, where the paper takes the one that is best on the MATH test set";

const numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** The number of a recipe's bases in words. */
const basesOf = ({ cells }: Recipe): string => {
  const count = new Set(cells.map(({ base }) => base)).size;
  return numbers[count] ?? String(count);
};

/** The differences of a recipe from the paper, in words. */
export const differencesOf = (recipe: Recipe): ReadonlyArray<string> => {
  const methods = algorithmsOf(recipe).filter((name) => name === "reinforce").map(seriesName);
  return [
    ...changedValues(recipe.settings),
    ...(methods.length === 0 ? [] : [`${methods.join(", ")} is trained too; the paper's Table 1 does not have it`]),
    noSelection,
    recipe.claims === undefined
      ? "each algorithm is trained once: the intervals are over problems, and another seed may fall outside of them"
      : `the intervals are over ${
        recipe.byFamilies ? "groups of problems and over bases" : "problems and over bases × seeds"
      }; ${basesOf(recipe)} bases are few, so they are rough ones`,
  ];
};

/** Whether a recipe trains generated models on a generated task; such a study shows mechanisms only. */
export const isModelOrganism = ({ settings: { task } }: Recipe): boolean => task === "countdown";

/** A statement of what such a study can show. */
export const modelOrganism =
  "It is a model organism: small models on a made-up task show mechanisms; they do not stand for a model of 7 billion parameters";

/** The settings that a cell adds to the recipe's, besides base and seed, in words. */
const addedBy = ({ baseKind, settings: values, insights, rate }: StudyCell): string => {
  const added = given(values).filter((key) => key !== "model" && key !== "seed")
    .map((key) => `${flagOf(key)} ${valueText(values[key])}`);
  const chosen = rate === undefined ? [] : ["the learning rate that the rule chose"];
  return [
    ...baseKind === undefined ? [] : [baseKind],
    ...added,
    ...chosen,
    ...insights ? ["a step measured by the stage insights"] : [],
  ].join(", ");
};

const listed = (values: ReadonlyArray<string | number>): Cell => textCell([...new Set(values)].join(", "));

/** The finished cells of a condition: how many, and the mean number of optimizer steps of each algorithm's. */
export interface FinishedCells {
  readonly count: number;
  readonly optimizerSteps: ReadonlyMap<string, number>;
}

/** One number if it is the same for all algorithms, else one for each. */
const stepsCell = (steps: ReadonlyMap<string, number> = new Map()): Cell => {
  const rounded = [...steps].map(([algorithm, mean]) => [seriesName(algorithm), Math.round(mean)] as const);
  if (rounded.length === 0) return empty;
  const isOne = new Set(rounded.map(([, mean]) => mean)).size === 1;
  return textCell(isOne ? `${rounded[0][1]}` : rounded.map(([name, mean]) => `${name} ${mean}`).join(", "));
};

/** The conditions of a study of cells, with their finished cells. */
export const conditionsTable = (recipe: Recipe, done: ReadonlyMap<string, FinishedCells>): Table => ({
  notes: [
    "An optimizer step learns from a mini-batch of the responses that the algorithm keeps, so that fewer kept responses are fewer steps; the " +
    "number is the mean over cells. Cell by cell, with base, seed and algorithm, in counts.ndjson and dynamics.ndjson.",
  ],
  columns: [
    { name: "Condition", align: "left" },
    { name: "algorithms", align: "left" },
    { name: "seeds", align: "left" },
    { name: "cells", align: "right" },
    { name: "done", align: "right" },
    { name: "optimizer steps", align: "left" },
    { name: "settings besides the recipe's", align: "left" },
  ],
  blocks: [{
    rows: [...Map.groupBy(recipe.cells, ({ condition }) => condition)].map(([condition, cells]) => [
      textCell(condition),
      listed(cells.map(({ algorithm }) => algorithm === "base" ? "base" : seriesName(algorithm))),
      listed(cells.map(({ seed }) => seed)),
      numberCell(cells.length),
      numberCell(done.get(condition)?.count ?? 0),
      stepsCell(done.get(condition)?.optimizerSteps),
      textCell(addedBy(cells[0])),
    ]),
  }],
});
