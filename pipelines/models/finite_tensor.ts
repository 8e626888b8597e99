/** Prevents writing weights or optimizer state that are not finite or exceed the element type. */
import * as Effect from "effect/Effect";
import { type CheckpointError, type Tensor, writeError } from "../files/safetensors.ts";
import { type ElementType, firstBeyond } from "../files/safetensors_header.ts";

/** The tensor with a `read` that fails if a number would not be finite in `file`. */
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
    return yield* writeError(file, tensor.name, expected, `${bad}`);
  }),
});
