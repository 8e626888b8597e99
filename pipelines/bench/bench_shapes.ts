/**
 * What is measured, from `shapes.json`, which `tests/bench/torch_compare.py` reads too: products, work, and the models that goals are set for. A
 * device without hardware of its own gets what it finishes in seconds.
 */
import type { ProductSize } from "../../kernels/bench/bench_products.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { shapeConfigs } from "../models/model_shapes.ts";
import type { Workload } from "./speed.ts";
import shapes from "../../data/shapes.json" with { type: "json" };

/** The models that goals are set for. */
export const goalShapes: Readonly<Record<string, ModelConfig>> = Object.fromEntries(
  shapes.goals.map((name) => [name, shapeConfigs[name]]),
);

/** The sizes of products that a device is given. */
export const productSizes = ({ kind }: Pick<DeviceInfo, "kind">): ReadonlyArray<ProductSize> =>
  (kind === "gpu" ? shapes.products.gpu : shapes.products.software).map(([M, N, K]) => [M, N, K]);

/** The work that a model is measured by where nobody says: that of the tiny study, or what a model of real size is given on the device. */
export const workloadFor = ({ kind }: Pick<DeviceInfo, "kind">, isTiny: boolean): Workload =>
  shapes.workloads[isTiny ? "tiny" : kind === "gpu" ? "gpu" : "software"];
