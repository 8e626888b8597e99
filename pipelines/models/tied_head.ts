/** Whether a model with a tied head has a different one in its files, which then counts, as in transformers 5. */
import { Buffer } from "node:buffer";
import * as Effect from "effect/Effect";
import type { CheckpointError, Safetensors } from "../files/safetensors.ts";
import { elementCount, narrow } from "../files/safetensors_header.ts";

const names = ["lm_head.weight", "model.embed_tokens.weight"] as const;

// The number of elements compared at a time.
const most = 1 << 22;

/** Whether the head in `head` and the embedding in `embedding` differ in shape or in any bit; neither is held in memory as a whole. */
export const hasOwnHead = Effect.fnUntraced(function* (
  head: Safetensors,
  embedding: Safetensors,
): Effect.fn.Return<boolean, CheckpointError> {
  const [own, shared] = [head.entries.get(names[0]), embedding.entries.get(names[1])];
  if (own === undefined || shared === undefined) return false;
  // The check of the head's own tensor reports a wrong shape or format.
  if (own.shape.join() !== shared.shape.join() || !float.includes(own.dtype) || !float.includes(shared.dtype)) {
    return true;
  }
  const count = elementCount(own.shape);
  for (let from = 0; from < count; from += most) {
    const to = Math.min(count, from + most);
    const [values, others] = [yield* head.read(names[0], from, to), yield* embedding.read(names[1], from, to)];
    if (Buffer.compare(narrow(values, "float32"), narrow(others, "float32")) !== 0) return true;
  }
  return false;
});

const float = ["F32", "F16", "BF16"];
