/**
 * The first half of the feed-forward block: silu(x · gateᵀ) · (x · upᵀ). Without a gradient, matrix units compute it in one pass that does not
 * store gate and up, with the bits of the product followed by the activation. All other cases use these two passes.
 */
import type { Encoder } from "../../gpu/encoder.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { byRows, rowsPerBinding } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { linear } from "../matmul/matmul.ts";
import { chunkDepth, matrixProduct } from "../matmul/matrix_product.ts";
import { matrixTile, variantName } from "../matmul/matrix_tiles.ts";
import { storedAs, swiglu } from "./swiglu.ts";

/**
 * out[N, F] = silu(x · weight[:F]ᵀ) · (x · weight[F:]ᵀ), recorded on the tape; weight is [2F, C]. With a `format`, gate and up are rounded to it
 * before their product, and the result after it.
 */
export const linearSwiglu = (tape: Tape, x: Tensor, weight: Tensor, format?: HalfFormat): Tensor => {
  const { encoder, mode } = tape;
  const { matrix } = encoder.info;
  const tile = mode === "inference" ? fusedTile(encoder, x, weight, format) : undefined;
  if (matrix === undefined || tile === undefined) {
    return swiglu(tape, linear(tape, x, weight, undefined, { format }), format);
  }
  const out = encoder.tensor(x.rows, weight.rows / 2, storedAs(format));
  byRows(
    encoder,
    x.rows,
    [x, out],
    ([a, c]) => matrixProduct(encoder, matrix, { product: "swiglu", tile, a, b: weight, c }),
  );
  tape.record([out], [], () => {});
  return out;
};

/**
 * The tile of the product alone, so that bits are the same even if tiles differ. Undefined if one pass cannot do it: the variant was refused, the
 * weight exceeds one binding, or the sum exceeds one chunk.
 */
const fusedTile = (encoder: Encoder, x: Tensor, weight: Tensor, format: HalfFormat | undefined) => {
  const hasHalves = x.format !== undefined || format !== undefined;
  const tile = matrixTile(encoder, "nt", x.rows, weight.rows, [x, weight], hasHalves);
  if (weight.rows % 8 > 0) return undefined;
  if (tile === undefined || encoder.info.matrix?.refused.includes(variantName("swiglu", tile))) return undefined;
  const whole = rowsPerBinding(encoder, [weight], 4) >= weight.rows;
  return whole && weight.cols <= chunkDepth ? tile : undefined;
};
