/** Whether a model that says its head is the embedding has another one in its files; such a head counts, as it does in transformers 5. */
import * as Effect from "effect/Effect";
import type { CheckpointError, Safetensors } from "../files/safetensors.ts";

const names = ["lm_head.weight", "model.embed_tokens.weight"] as const;

/** Whether the head is in `head` and differs from the embedding in `embedding`, in shape or in a number. */
export const hasOwnHead = Effect.fnUntraced(function* (
  head: Safetensors,
  embedding: Safetensors,
): Effect.fn.Return<boolean, CheckpointError> {
  const [own, shared] = [head.entries.get(names[0]), embedding.entries.get(names[1])];
  if (own === undefined || shared === undefined) return false;
  // A wrong shape or format is refused by name when the head's own tensor is checked.
  if (own.shape.join() !== shared.shape.join() || !float.includes(own.dtype) || !float.includes(shared.dtype)) {
    return true;
  }
  const [values, others] = [yield* head.read(names[0]), yield* embedding.read(names[1])];
  return values.some((value, i) => value !== others[i]);
});

const float = ["F32", "F16", "BF16"];
