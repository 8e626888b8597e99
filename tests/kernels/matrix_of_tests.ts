/**
 * The matrix units that tests use: an emulated card's own, elsewhere units that are written out in plain WGSL (`matrix_emulation.ts`), since no
 * software driver but the newest has any.
 */
import type { MatrixUnits } from "../../kernels/gpu/device_info.ts";
import { Encoder } from "../../kernels/gpu/encoder.ts";
import type { Kernel } from "../../kernels/gpu/kernel.ts";
import { matrixProductKernels } from "../../kernels/ops/matmul/matrix_product.ts";
import type { CardOptions } from "../../kernels/wasm/interpreter/emulated_card.ts";
import { emulated } from "./matrix_emulation.ts";
import { isEmulated } from "./on_subgroups.ts";

/** The emulated card, where one is used. */
export const card: CardOptions = { matrix: { size: 8, depth: 8 } };

/** The units. */
export const units: MatrixUnits = { size: 8, depth: 8, lanes: isEmulated ? 32 : 64, refused: [] };

/** The kernel for them; `change` spoils its source. */
export const matrixKernel = (change: (source: string) => string = (source) => source): Kernel =>
  isEmulated
    ? { ...matrixProductKernels.matrix, source: change(matrixProductKernels.matrix.source) }
    : emulated(change);

/** An encoder of its own, so that what a spoilt kernel leaves behind stays with it. */
export const apart = (encoder: Encoder, matrix?: MatrixUnits): Encoder =>
  new Encoder(encoder.device, { ...encoder.info, matrix });
