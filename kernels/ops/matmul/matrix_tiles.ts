/**
 * Variants of the matrix-unit kernel: their forms, tiles and resource needs, and the choice for a product. The number of workgroups chooses the
 * tile only if the self-test found equal bits in all tiles.
 */
import type { MatrixCapability, MatrixForm, MatrixUnits, Product } from "../../gpu/device_info.ts";
import type { Encoder } from "../../gpu/encoder.ts";
import type { Tensor } from "../../gpu/tensor.ts";

/** The products, in the order of their checks. */
export const products: ReadonlyArray<Product> = ["nt", "nn", "tn"];

/** All forms, in the order of their checks. */
export const matrixForms: ReadonlyArray<MatrixForm> = [...products, "swiglu"];

/** A workgroup's tile: subgroups down and across, and rows and columns of results per subgroup. */
export interface MatrixTile {
  readonly down: number;
  readonly across: number;
  readonly rows: number;
  readonly columns: number;
}

/** The tiles, largest first. */
export const matrixTiles: ReadonlyArray<MatrixTile> = [
  { down: 4, across: 2, rows: 64, columns: 64 },
  { down: 2, across: 2, rows: 32, columns: 32 },
];

/** Terms of the sum that are staged at a time. */
export const depth = 32;

/** A variant's name in the self-test, such as `nt 256x128`. */
export const variantName = (form: MatrixForm, { down, across, rows, columns }: MatrixTile): MatrixCapability =>
  `${form} ${down * rows}x${across * columns}`;

/** The capability to split a variant's sum over workgroups. */
export const splitName = ({ down, across, rows, columns }: MatrixTile): MatrixCapability =>
  `nt ${down * rows}x${across * columns} split`;

/** The capability that all tiles of a form give the same bits. */
export const anyTile = (form: MatrixForm): MatrixCapability => `${form} in any tile`;

/** The capability to store activations in 16 bits. */
export const halfActivations: MatrixCapability = "activations in 16 bits";

export const matrixConstants = (form: MatrixForm, tile: MatrixTile, { size, depth: TK, lanes }: MatrixUnits) => ({
  LANES: lanes,
  T: size,
  TK,
  GROUP_M: tile.down,
  GROUP_N: tile.across,
  PART_M: tile.rows / size,
  PART_N: tile.columns / size,
  DEPTH: depth,
  A_TURNED: form === "tn" ? 1 : 0,
  B_TURNED: form === "nt" || form === "swiglu" ? 1 : 0,
  SCALED: form === "nn" || form === "tn" ? 1 : 0,
  SWIGLU: form === "swiglu" ? 1 : 0,
});

/** Bytes of workgroup memory, and lanes, that a variant needs. */
export const matrixNeeds = (form: MatrixForm, { down, across, rows, columns }: MatrixTile, units: MatrixUnits) => {
  const staged = (long: number, turned: boolean) => turned ? depth * (long / 8 + 1) * 16 : long * (depth / 8 + 1) * 16;
  const leaving = down * across * units.size * units.size * 4 * (form === "swiglu" ? 2 : 1);
  return {
    bytes: staged(down * rows, form === "tn") + staged(across * columns, form === "nn" || form === "tn") + leaving,
    lanes: down * across * units.lanes,
  };
};

/** Whether the device has enough workgroup memory and lanes for a variant. */
export const matrixFits = ({ device }: Encoder, form: MatrixForm, tile: MatrixTile, units: MatrixUnits): boolean => {
  const { bytes, lanes } = matrixNeeds(form, tile, units);
  return bytes <= device.limits.maxComputeWorkgroupStorageSize &&
    lanes <= Math.min(device.limits.maxComputeInvocationsPerWorkgroup, device.limits.maxComputeWorkgroupSizeX);
};

/** Workgroups that keep a device busy; an estimate, not measured. */
export const enoughGroups = 256;

/** Workgroups across and down for a result of `rows` × `columns`. */
export const groupsOf = (form: MatrixForm, tile: MatrixTile, rows: number, columns: number): [number, number] => [
  Math.ceil(columns / (tile.across * tile.columns / (form === "swiglu" ? 2 : 1))),
  Math.ceil(rows / (tile.down * tile.rows)),
];

/** Columns from which the large tile is chosen if only one tile may be used; an estimate, not measured. */
const wide = 1024;

/** The tile for a product with a result of `rows` × `columns`, or undefined if none can be used. `rows` never affects bits. */
export const matrixTile = (
  encoder: Encoder,
  product: Product,
  rows: number,
  columns: number,
  tensors: ReadonlyArray<Tensor>,
  hasHalves: boolean,
): MatrixTile | undefined => {
  const { matrix } = encoder.info;
  const isAligned = columns % 4 === 0 && tensors.every(({ offset, stride }) => offset % 4 === 0 && stride % 4 === 0);
  if (matrix === undefined || !isAligned || (hasHalves && matrix.refused.includes(halfActivations))) return undefined;
  const usable = matrixTiles.filter((tile) => !matrix.refused.includes(variantName(product, tile)));
  if (matrix.refused.includes(anyTile(product))) return columns >= wide ? usable[0] : usable.at(-1);
  const busy = usable.find((tile) => {
    const [across, down] = groupsOf(product, tile, rows, columns);
    return across * down >= enoughGroups;
  });
  return busy ?? usable.at(-1);
};
