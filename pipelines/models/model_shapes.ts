/**
 * Published model shapes (`data/shapes.json`, also read by `tests/bench/torch_compare.py`): the `config.json` on the Hub (apache-2.0)
 * without fields that do not affect a size. Used for measurements with synthetic weights, and to plan a run without the model.
 */
import shapes from "../../data/shapes.json" with { type: "json" };
import { type ModelConfig, parseModelConfig } from "./model_config.ts";

/** Model shapes by the names that `--shape` takes. */
export const shapeConfigs: Readonly<Record<string, ModelConfig>> = Object.fromEntries(
  Object.entries(shapes.models).flatMap(([name, raw]) => {
    const parsed = parseModelConfig({ file: name, text: JSON.stringify(raw) });
    return parsed.ok ? [[name, parsed.config]] : [];
  }),
);

/** The shape of a model by Hub name; undefined if unknown. */
export const hubShape = (model: string): ModelConfig | undefined => {
  const named = Object.entries(shapes.models).find(([, { _name_or_path }]) => _name_or_path === model);
  return named && shapeConfigs[named[0]];
};
