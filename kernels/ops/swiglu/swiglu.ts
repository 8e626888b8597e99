/** SwiGLU: silu(gate) · up; gate and up are the two halves of one projection. */
import { makeKernel } from "../../gpu/kernel.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { gradientPlaces } from "../add/add.ts";
import { byRows, lanes, pack, readAs, writeAs } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import source from "./swiglu.wgsl" with { type: "text" };
import backwardSource from "./swiglu_backward.wgsl" with { type: "text" };

const swigluKernels = {
  forward: makeKernel(source),
  backward: makeKernel(backwardSource),
};

/**
 * The scale of results in float16. The product of two channels is the one activation of a block that may exceed float16's maximum of 65504 (some
 * channels of real models are in the thousands). With this scale, numbers from 2^-10 to 2^20 keep 11 significant bits. It is the same for every
 * row, so that a row's bits do not depend on other rows.
 */
export const float16Scale = 16;

/** How the result is stored as `format`. */
export const storedAs = (format: HalfFormat | undefined) => ({
  format,
  scale: format === "f16" ? float16Scale : undefined,
});

/** out[N, F] = silu(gateUp[:, :F]) · gateUp[:, F:], stored as `format`, recorded on the tape. */
export const swiglu = (tape: Tape, gateUp: Tensor, format?: HalfFormat): Tensor => {
  const { encoder } = tape;
  const F = gateUp.cols / 2;
  const y = encoder.tensor(gateUp.rows, F, storedAs(format));
  byRows(encoder, y.rows, [gateUp, y], ([input, out], _, N) => {
    const constants = pack([input, out], F % 4 === 0);
    encoder.dispatch(swigluKernels.forward, {
      constants: { ...constants, F, ...readAs("gateUp", input, constants.PACK), ...writeAs("out", out) },
      tensors: [input, out],
      params: { N },
      groups: lanes(N * F / constants.PACK),
    });
  });
  tape.record([y], [], () => {
    const dy = tape.arrived(y);
    if (dy === undefined) return;
    const { places: [dgateUp], settle } = gradientPlaces(tape, gateUp);
    byRows(encoder, y.rows, [gateUp, dy, dgateUp], ([input, dout, din], _, N) => {
      const constants = pack([input, dout, din], F % 4 === 0);
      encoder.dispatch(swigluKernels.backward, {
        constants: { ...constants, F, ...readAs("gateUp", input, constants.PACK) },
        tensors: [input, dout, din],
        params: { N },
        groups: lanes(N * F / constants.PACK),
      });
    });
    settle();
  });
  return y;
};
