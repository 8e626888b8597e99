/** Addition y = a + b: the residual connection, and sums of gradients. */
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { byRows, lanes, pack } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import source from "./add.wgsl" with { type: "text" };

export const addKernel = makeKernel(source);

/** target[N, C] += term[N, C]. */
export const accumulate = (encoder: Encoder, target: Tensor, term: Tensor): void =>
  // The first input is unused but must be bound; a dispatch cannot read and write one tensor, so it binds the term.
  byRows(encoder, target.rows, [term, target], ([b, out], _, N) => run(encoder, N, b, b, out, 1));

/** y[N, C] = a[N, C] + b[N, C], recorded on the tape. */
export const add = (tape: Tape, a: Tensor, b: Tensor): Tensor => {
  const { encoder } = tape;
  const y = encoder.tensor(a.rows, a.cols);
  byRows(encoder, a.rows, [a, b, y], ([a, b, out], _, N) => run(encoder, N, a, b, out, 0));
  tape.record([y], [], () => {
    const dy = tape.arrived(y);
    if (dy === undefined) return;
    for (const input of [a, b]) {
      if (!tape.share(y, input)) accumulate(encoder, tape.gradient(input).tensor, dy);
    }
  });
  return y;
};

const run = (encoder: Encoder, N: number, a: Tensor, b: Tensor, out: Tensor, ACCUMULATE: number): void => {
  const constants = { ...pack([a, b, out]), C: out.cols, ACCUMULATE };
  const tensors = [a, b, out];
  encoder.dispatch(addKernel, { constants, tensors, params: { N }, groups: lanes(N * out.cols / constants.PACK) });
};
