/**
 * Models of published shapes (`data/shapes.json`, which `tests/bench/torch_compare.py` reads too), as their `config.json` on the Hub has them
 * (apache-2.0) without the fields that decide no size: for measurements with made-up weights, and to plan a run where a model is not.
 */
import shapes from "../../data/shapes.json" with { type: "json" };
import { type ModelConfig, parseModelConfig } from "./model_config.ts";

/** Models of known shapes, by the names that `--shape` takes. */
export const shapeConfigs: Readonly<Record<string, ModelConfig>> = Object.fromEntries(
  Object.entries(shapes.models).flatMap(([name, raw]) => {
    const parsed = parseModelConfig({ file: name, text: JSON.stringify(raw) });
    return parsed.ok ? [[name, parsed.config]] : [];
  }),
);

/** The shape of a model by its Hub name; undefined where it is not known. */
export const hubShape = (model: string): ModelConfig | undefined => {
  const named = Object.entries(shapes.models).find(([, { _name_or_path }]) => _name_or_path === model);
  return named && shapeConfigs[named[0]];
};
