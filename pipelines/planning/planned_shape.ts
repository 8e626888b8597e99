/** Where the shape of a planned model comes from: this machine, or the list of published shapes; and how a recipe's model and data come here. */
import { Effect, Option } from "effect";
import * as Checkpoint from "../models/checkpoint.ts";
import { openCheckpoint } from "../models/checkpoint.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { hubShape } from "../models/model_shapes.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { fromEnvironment, resolveModel } from "../files/hub.ts";

/** The fields of a recipe that a plan reads. */
export type Planable = Pick<Recipe, "prepare" | "hub" | "neverRun">;

/** A model's shape, and notes on its source. */
interface Shape {
  readonly config: ModelConfig;
  readonly notes: ReadonlyArray<string>;
}

/** The shape of a model from this machine or the list of published shapes, else that of the recipe's Hub model. Nothing is downloaded. */
export const shapeOf = Effect.fnUntraced(function* (
  model: string | undefined,
  recipe: Planable | undefined,
): Effect.fn.Return<Shape | undefined> {
  if (model === undefined) return undefined;
  const config = yield* shapeHere(model);
  if (config !== undefined) return { config, notes: [] };
  const name = recipe?.hub?.model;
  const published = name === undefined ? undefined : hubShape(name);
  return published &&
    { config: published, notes: [`"${model}" is not on this machine: planned with the published shape of ${name}`] };
});

const shapeHere = Effect.fnUntraced(function* (model: string) {
  const dir = yield* Effect.option(resolveModel(model, { ...fromEnvironment(), offline: true }, "tokenizer"));
  if (Option.isSome(dir)) {
    // Weights on this machine decide whether the head is the embedding or a matrix of its own.
    const read = yield* Effect.option(
      Effect.catch(openCheckpoint(dir.value), () => Checkpoint.readConfig(dir.value)),
    );
    if (Option.isSome(read)) return read.value.config;
  }
  return hubShape(model.split("@")[0]);
});

/** What is said where there is no shape. */
export const withoutShape = (model: string | undefined, { prepare }: Planable = {}): ReadonlyArray<string> =>
  model === undefined ? [] : [
    `no memory plan: "${model}" is not on this machine${prepare === undefined ? "" : `; it is made by: ${prepare}`}`,
  ];

/** How a recipe's model and data come here, and whether anybody has run it. */
export const fetchLines = ({ hub, neverRun }: Planable, model: string | undefined): ReadonlyArray<string> => [
  ...hub === undefined ? [] : [
    `model: --model ${hub.model} fetches it from the Hub${
      model === undefined || model === hub.model
        ? ""
        : `; into that folder: hf download ${hub.model} --local-dir ${model}`
    }`,
    `data: --data ${hub.data} fetches them from the Hub, else they are read below SIGNUM_DATA`,
  ],
  ...neverRun === true
    ? ["never run: times are arithmetic at an assumed speed (--tflops), decoding waits for memory"]
    : [],
];
