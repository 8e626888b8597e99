/**
 * The shapes that are measured, from `shapes.json`, which `tests/bench/torch_compare.py` reads too: products, work, and models of published
 * shapes whose weights are made up. A device without hardware of its own gets what it finishes in seconds.
 */
import type { ProductSize } from "../../kernels/bench/bench_products.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { type ModelConfig, parseModelConfig } from "../models/model_config.ts";
import type { Workload } from "./speed.ts";
import shapes from "../../data/shapes.json" with { type: "json" };

/** Models of known shapes, by the names that `--shape` takes. */
export const shapeConfigs: Readonly<Record<string, ModelConfig>> = Object.fromEntries(
  Object.entries(shapes.models).flatMap(([name, raw]) => {
    const parsed = parseModelConfig({ file: name, text: JSON.stringify(raw) });
    return parsed.ok ? [[name, parsed.config]] : [];
  }),
);

/** The sizes of products that a device is given. */
export const productSizes = ({ kind }: Pick<DeviceInfo, "kind">): ReadonlyArray<ProductSize> =>
  (kind === "gpu" ? shapes.products.gpu : shapes.products.software).map(([M, N, K]) => [M, N, K]);

/** The work that a model is measured by where nobody says: that of the tiny study, or what a model of real size is given on the device. */
export const workloadFor = ({ kind }: Pick<DeviceInfo, "kind">, isTiny: boolean): Workload =>
  shapes.workloads[isTiny ? "tiny" : kind === "gpu" ? "gpu" : "software"];
