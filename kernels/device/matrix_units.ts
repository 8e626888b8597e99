/**
 * A device's matrix units (`--kernels matrix`): read from the adapter's properties, and tested at first use, every variant against the plain
 * kernel. A variant that fails is not used, and a note says so.
 */
import { libraryTexts } from "../gpu/specialize.ts";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import type { MatrixUnits } from "../gpu/device_info.ts";
import type { Encoder } from "../gpu/encoder.ts";
import { matrixProductKernels } from "../ops/matmul/matrix_product.ts";
import { checkMatrixProducts, type CheckOptions } from "./matrix_self_test.ts";
import { matrixFits, matrixForms, matrixTiles, products, variantName } from "../ops/matmul/matrix_tiles.ts";
import { isRight, refusal, remembered, selfTestFolder } from "./self_tests.ts";

/** Dawn's feature for matrix units. */
export const matrixFeature = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** The tested units of a device, and notes for the user. */
export interface FoundUnits {
  readonly units: MatrixUnits | undefined;
  readonly notes: ReadonlyArray<string>;
}

interface Config {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** The shapes that an adapter's matrix units support, as Dawn lists them. */
export const matrixConfigs = (info: GPUAdapterInfo): ReadonlyArray<Config> =>
  Reflect.get(info, "subgroupMatrixConfigs") ?? [];

/** The first supported units: float16 operands, float32 results, square results, and sizes that divide the tiles. */
export const suitable = (configs: ReadonlyArray<Config>, lanes: number): MatrixUnits | undefined => {
  const config = configs.find(({ componentType, resultComponentType, M, N, K }) =>
    componentType === "f16" && resultComponentType === "f32" && M === N && 32 % M === 0 && 32 % K === 0 && M >= 8 &&
    K >= 8
  );
  return config === undefined || lanes === 0 ? undefined : { size: config.M, depth: config.K, lanes, refused: [] };
};

/** The note for a device without matrix units. */
export const noUnits = "this device has no matrix units that take float16 and give float32";

/** Tests the units of a device, or reads the result of an earlier test. */
export const testedUnits = Effect.fnUntraced(function* (
  encoder: Encoder,
  units: MatrixUnits | undefined,
  folder = selfTestFolder(),
  options: CheckOptions = {},
): Effect.fn.Return<FoundUnits> {
  if (units === undefined) {
    return { units, notes: [noUnits] };
  }
  const { kernel = matrixProductKernels.matrix, tiles = matrixTiles } = options;
  const { kind, description } = encoder.info;
  const facts = [
    kind,
    description,
    units,
    tiles,
    kernel.source,
    matrixProductKernels.largest.source,
    matrixProductKernels.join.source,
    libraryTexts,
  ];
  const run = checkMatrixProducts(encoder, units, options);
  const done = yield* Effect.result(remembered("matrix", facts, folder, run));
  if (Result.isFailure(done)) {
    return {
      units: undefined,
      notes: [`refused matrix products, their self-test ended early: ${done.failure.message}`],
    };
  }
  const checks = done.success;
  const wrong = checks.filter((check) => !isRight(check));
  const right = checks.length - wrong.length;
  const large = matrixForms.flatMap((form) =>
    tiles.filter((tile) => !matrixFits(encoder, form, tile, units)).map((tile) => variantName(form, tile))
  );
  const refused = [...large, ...wrong.map(({ variant }) => variant)];
  const some = products.some((product) => tiles.some((tile) => !refused.includes(variantName(product, tile))));
  return {
    units: some ? { ...units, refused } : undefined,
    notes: [
      `matrix units of ${units.size}x${units.size}x${units.depth}: ${right} of ${checks.length} checks are right`,
      ...wrong.map((check) => refusal("matrix product", check)),
    ],
  };
});
