/**
 * The variants of the kernel on matrix units: what each computes, what of the result a workgroup owns, what it takes of a device, and which one a
 * product gets. Tiles are chosen by the number of workgroups only where the self-test found that all tiles give the same bits.
 */
import type { MatrixCapability, MatrixForm, MatrixUnits, Product } from "../../gpu/device_info.ts";
import type { Encoder } from "../../gpu/encoder.ts";
import type { Tensor } from "../../gpu/tensor.ts";

/** The products, in the order in which they are checked. */
export const products: ReadonlyArray<Product> = ["nt", "nn", "tn"];

/** All forms, in the order in which they are checked. */
export const matrixForms: ReadonlyArray<MatrixForm> = [...products, "swiglu"];

/** What a workgroup owns: subgroups down and across, and rows and columns of each. */
export interface MatrixTile {
  readonly down: number;
  readonly across: number;
  readonly rows: number;
  readonly columns: number;
}

/** The tiles, the largest first. */
export const matrixTiles: ReadonlyArray<MatrixTile> = [
  { down: 4, across: 2, rows: 64, columns: 64 },
  { down: 2, across: 2, rows: 32, columns: 32 },
];

/** How much of the sum is staged at a time. */
export const depth = 32;

/** A variant's name, as the self-test knows it: `nt 256x128`. */
export const variantName = (form: MatrixForm, { down, across, rows, columns }: MatrixTile): MatrixCapability =>
  `${form} ${down * rows}x${across * columns}`;

/** The name under which the chunks of a variant's sum may have workgroups of their own. */
export const splitName = ({ down, across, rows, columns }: MatrixTile): MatrixCapability =>
  `nt ${down * rows}x${across * columns} split`;

/** The name under which all tiles of a form give the same bits. */
export const anyTile = (form: MatrixForm): MatrixCapability => `${form} in any tile`;

/** The name under which activations may be stored in 16 bits. */
export const halfActivations: MatrixCapability = "activations in 16 bits";

/** The constants of a variant. */
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

/** Bytes of workgroup memory and lanes that a variant takes. */
export const matrixNeeds = (form: MatrixForm, { down, across, rows, columns }: MatrixTile, units: MatrixUnits) => {
  const staged = (long: number, turned: boolean) => turned ? depth * (long / 8 + 1) * 16 : long * (depth / 8 + 1) * 16;
  const leaving = down * across * units.size * units.size * 4 * (form === "swiglu" ? 2 : 1);
  return {
    bytes: staged(down * rows, form === "tn") + staged(across * columns, form === "nn" || form === "tn") + leaving,
    lanes: down * across * units.lanes,
  };
};

/** Whether the device has the workgroup memory and the lanes for a variant. */
export const matrixFits = ({ device }: Encoder, form: MatrixForm, tile: MatrixTile, units: MatrixUnits): boolean => {
  const { bytes, lanes } = matrixNeeds(form, tile, units);
  return bytes <= device.limits.maxComputeWorkgroupStorageSize &&
    lanes <= Math.min(device.limits.maxComputeInvocationsPerWorkgroup, device.limits.maxComputeWorkgroupSizeX);
};

/** Workgroups that keep a device busy, by what is known of such units: nothing of it was measured. */
export const enoughGroups = 256;

/** Workgroups across and down that make a result of so many rows and columns. */
export const groupsOf = (form: MatrixForm, tile: MatrixTile, rows: number, columns: number): [number, number] => [
  Math.ceil(columns / (tile.across * tile.columns / (form === "swiglu" ? 2 : 1))),
  Math.ceil(rows / (tile.down * tile.rows)),
];

/** Columns from which the large tile pays where only one tile may be used; not measured either. */
const wide = 1024;

/**
 * The tile for a product with a result of `rows` x `columns`, some of whose activations may have 16 bits; undefined for none. The number of rows
 * shows in no bit.
 */
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
