/** The measured products, workloads and models, from `shapes.json` (`tests/bench/torch_compare.py` reads it too); small on a CPU. */
import type { ProductSize } from "../../kernels/bench/bench_products.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { shapeConfigs } from "../models/model_shapes.ts";
import type { Workload } from "./speed.ts";
import shapes from "../../data/shapes.json" with { type: "json" };

/** The models that have goals. */
export const goalShapes: Readonly<Record<string, ModelConfig>> = Object.fromEntries(
  shapes.goals.map((name) => [name, shapeConfigs[name]]),
);

/** The sizes of the products to measure on a device. */
export const productSizes = ({ kind }: Pick<DeviceInfo, "kind">): ReadonlyArray<ProductSize> =>
  (kind === "gpu" ? shapes.products.gpu : shapes.products.software).map(([M, N, K]) => [M, N, K]);

/** The default workload of a model: that of the tiny study, or one for a model of real size on this device. */
export const workloadFor = ({ kind }: Pick<DeviceInfo, "kind">, isTiny: boolean): Workload =>
  shapes.workloads[isTiny ? "tiny" : kind === "gpu" ? "gpu" : "software"];
