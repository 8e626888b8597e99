/** Rotary position embedding of queries or keys. */
import { makeKernel } from "../../gpu/kernel.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { gradientPlaces } from "../add/add.ts";
import { byRows, lanes, pack, readAs, writeAs } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import { sliceColumns, type Tensor } from "../../gpu/tensor.ts";
import source from "./rope.wgsl" with { type: "text" };

/** The kernel; the backward pass rotates in the opposite direction. */
const ropeKernel = makeKernel(source);

/** y = x[N, H·D] rotated by positions[1, N] (u32), stored as `format`, recorded on the tape; `table` is [T, D]: cosines, then sines. */
export const rope = (tape: Tape, x: Tensor, positions: Tensor, table: Tensor, format?: HalfFormat): Tensor => {
  const { encoder } = tape;
  const y = encoder.tensor(x.rows, x.cols, { format });
  run(tape, x, positions, table, y, 0);
  tape.record([y], [], () => {
    const dy = tape.arrived(y);
    if (dy === undefined) return;
    const { places: [dx], settle } = gradientPlaces(tape, x);
    run(tape, dy, positions, table, dx, 1);
    settle();
  });
  return y;
};

const run = ({ encoder }: Tape, x: Tensor, positions: Tensor, table: Tensor, y: Tensor, BACKWARD: number): void =>
  byRows(encoder, x.rows, [x, y], ([x, y], start, N) => {
    const D = table.cols;
    const H = x.cols / D;
    const packed = pack([x, y, table], D % 8 === 0);
    const constants = { ...packed, H, D, BACKWARD, ...readAs("x", x, packed.PACK), ...writeAs("y", y) };
    encoder.dispatch(ropeKernel, {
      constants,
      tensors: [x, sliceColumns(positions, start, N), table, y],
      params: { N },
      groups: lanes(N * H * D / 2 / packed.PACK),
    });
  });
