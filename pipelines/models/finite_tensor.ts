/** Keeps weights and optimizer state whole: a number that is none, or that the element type cannot hold, is never written. */
import * as Effect from "effect/Effect";
import { CheckpointError, type Tensor } from "../files/safetensors.ts";
import { type ElementType, firstBeyond } from "../files/safetensors_header.ts";

/** The tensor, whose reading fails where a number of it would not be finite in `file`. */
export const finite = <E, R>(
  tensor: Tensor<E, R>,
  file: string,
  type: ElementType,
): Tensor<E | CheckpointError, R> => ({
  ...tensor,
  read: Effect.gen(function* () {
    const values = yield* tensor.read;
    const bad = firstBeyond(values, tensor.type ?? type);
    if (bad === undefined) return values;
    const expected = `finite numbers that ${tensor.type ?? type} can hold`;
    return yield* new CheckpointError({ action: "write", file, tensor: tensor.name, expected, found: `${bad}` });
  }),
});
