/** Addition y = a + b: the residual connection, and sums of gradients. */
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { byRows, lanes, pack } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import { type Tensor, wholeOf } from "../../gpu/tensor.ts";
import source from "./add.wgsl" with { type: "text" };

export const addKernel = makeKernel(source);

/** target[N, C] += term[N, C]. */
export const accumulate = (encoder: Encoder, target: Tensor, term: Tensor): void =>
  // The first input is unused but must be bound; a dispatch cannot read and write one tensor, so it binds the term.
  byRows(encoder, target.rows, [term, target], ([b, out], _, N) => run(encoder, N, b, b, out, 1));

/**
 * Where kernels that only overwrite put the gradients of `inputs` [N, C], in buffers of which none is bound twice; `settle`, recorded behind
 * them, adds each that is not the first of its tensor to what is there.
 */
export const gradientPlaces = (
  tape: Tape,
  ...inputs: ReadonlyArray<Tensor>
): { readonly places: ReadonlyArray<Tensor>; readonly settle: () => void } => {
  const { encoder } = tape;
  const terms: Array<readonly [sum: Tensor, term: Tensor]> = [];
  const places = inputs.map((input, i) => {
    const isAgain = inputs.slice(0, i).some((other) => wholeOf(other) === wholeOf(input));
    const target = isAgain ? { tensor: tape.sum(input), accumulate: true } : tape.gradient(input);
    if (!target.accumulate) return target.tensor;
    const term = encoder.tensor(input.rows, input.cols);
    terms.push([target.tensor, term]);
    return term;
  });
  const settle = () => {
    for (const [sum, term] of terms) {
      accumulate(encoder, sum, term);
      encoder.release(term);
    }
  };
  return { places, settle };
};

/** y[N, C] = a[N, C] + b[N, C], recorded on the tape. */
export const add = (tape: Tape, a: Tensor, b: Tensor): Tensor => {
  const { encoder } = tape;
  const y = encoder.tensor(a.rows, a.cols);
  byRows(encoder, a.rows, [a, b, y], ([a, b, out], _, N) => run(encoder, N, a, b, out, 0));
  tape.record([y], [], () => {
    const dy = tape.arrived(y);
    if (dy === undefined) return;
    for (const input of [a, b]) {
      if (!tape.share(y, input)) accumulate(encoder, tape.sum(input), dy);
    }
  });
  return y;
};

const run = (encoder: Encoder, N: number, a: Tensor, b: Tensor, out: Tensor, ACCUMULATE: number): void => {
  const constants = { ...pack([a, b, out]), C: out.cols, ACCUMULATE };
  const tensors = [a, b, out];
  encoder.dispatch(addKernel, { constants, tensors, params: { N }, groups: lanes(N * out.cols / constants.PACK) });
};
