/**
 * A device's matrix units, asked for with `SIGNUM_MATRIX=1`: found in what the adapter says, tested at first use, every variant against the plain
 * kernel, and remembered in the cache, by device and by the text of the kernels. A variant that is wrong is refused in a line that says so. A
 * boundary file: it reads and writes the cache.
 */
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MatrixUnits } from "./device_error.ts";
import type { Encoder } from "./encoder.ts";
import { kernels, matrixTiles } from "./ops/matmul/matrix_product.ts";
import { checkMatrixProducts, type CheckOptions, type MatrixCheck } from "./ops/matmul/matrix_self_test.ts";
import { cacheFolder } from "./swiftshader.ts";

/** The feature of Dawn behind them. */
export const matrixFeature = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** The units that a device has been found to have, and what is to be said of them. */
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

/** The shapes that an adapter's matrix units take, as Dawn lists them. */
export const matrixConfigs = (info: GPUAdapterInfo): ReadonlyArray<Config> =>
  Reflect.get(info, "subgroupMatrixConfigs") ?? [];

/** Units for float16 operands and float32 results that the kernels can use: square results, tiles that they divide. */
export const suitable = (configs: ReadonlyArray<Config>, lanes: number): MatrixUnits | undefined => {
  const config = configs.find(({ componentType, resultComponentType, M, N, K }) =>
    componentType === "f16" && resultComponentType === "f32" && M === N && 32 % M === 0 && 32 % K === 0 && M >= 8 &&
    K >= 8
  );
  return config === undefined || lanes === 0 ? undefined : { size: config.M, depth: config.K, lanes, refused: [] };
};

/** Tests the units of a device, or remembers what an earlier test found. */
export const testedUnits = Effect.fnUntraced(function* (
  encoder: Encoder,
  units: MatrixUnits | undefined,
  folder = join(cacheFolder(), "self_tests"),
  { kernel = kernels.matrix, tiles = matrixTiles }: CheckOptions = {},
): Effect.fn.Return<FoundUnits> {
  if (units === undefined) {
    const line = "SIGNUM_MATRIX=1, but this device has no matrix units that take float16 and give float32";
    return { units, notes: [`${line}: products use the plain kernels`] };
  }
  const { kind, description } = encoder.info;
  const name = JSON.stringify([kind, description, units, tiles, kernel.source, kernels.largest.source]);
  const path = join(folder, `matrix_${createHash("sha256").update(name).digest("hex").slice(0, 16)}.json`);
  let checks = remembered(path);
  if (checks === undefined) {
    const done = yield* Effect.result(checkMatrixProducts(encoder, units, { kernel, tiles }));
    if (Result.isFailure(done)) {
      return {
        units: undefined,
        notes: [`refused matrix products, their self-test ended early: ${done.failure.message}`],
      };
    }
    checks = done.success;
    remember(folder, path, checks);
  }
  const wrong = checks.filter(({ error, allowed }) => !(error <= allowed));
  const right = checks.length - wrong.length;
  return {
    units: right === 0 ? undefined : { ...units, refused: wrong.map(({ variant }) => variant) },
    notes: [
      `matrix units of ${units.size}x${units.size}x${units.depth}: ${right} of ${checks.length} variants are right`,
      ...wrong.map(({ variant, error, allowed }) =>
        `refused matrix product "${variant}": off by ${error.toExponential(1)}, allowed ${allowed.toExponential(1)}`
      ),
    ],
  };
});

/** What stands in the cache; a file that cannot be read counts as none. */
const remembered = (path: string): ReadonlyArray<MatrixCheck> | undefined => {
  try {
    // JSON has no infinity: a variant that gave no numbers at all was written as null.
    const rows: ReadonlyArray<MatrixCheck> = JSON.parse(readFileSync(path, "utf8")).checks;
    return rows.map((row) => ({ ...row, error: row.error ?? Infinity }));
  } catch {
    return undefined;
  }
};

const remember = (folder: string, path: string, checks: ReadonlyArray<MatrixCheck>): void => {
  mkdirSync(folder, { recursive: true });
  const partial = `${path}.${Deno.pid}.partial`;
  writeFileSync(partial, `${JSON.stringify({ checks }, null, 2)}\n`);
  renameSync(partial, path);
};
