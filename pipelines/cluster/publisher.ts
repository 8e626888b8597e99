/** Weights that are put into the store for as long as jobs name them. */
import { Effect } from "effect";
import type { Model } from "../models/model.ts";
import type { Failure } from "../settings/command.ts";
import type { BlobStore } from "./blob_store.ts";
import type { ClusterError } from "./cluster_error.ts";
import type { Weights } from "./jobs.ts";
import { keepWeights, type KeptWeights } from "./weights.ts";

/** Keeps the weights that works name; those of a model are removed when it has others, and when the scope ends. */
export const publisher = Effect.fnUntraced(function* (
  store: BlobStore,
  sources: Map<string, Effect.Effect<unknown, ClusterError>>,
) {
  const models = new Map<Model, { readonly version: object; readonly kept: KeptWeights }>();
  const namesOf = ({ changing }: KeptWeights) => changing.map(([blob]) => blob);
  yield* Effect.addFinalizer(() =>
    Effect.ignore(store.remove([...models.values()].flatMap(({ kept }) => namesOf(kept))))
  );
  return Effect.fnUntraced(function* (weights: Weights): Effect.fn.Return<string, Failure> {
    const before = models.get(weights.model);
    if (before?.version === weights.version) return before.kept.list;
    const kept = yield* keepWeights(store, weights);
    models.set(weights.model, { version: weights.version, kept });
    for (const [blob, put] of [...kept.files, ...kept.changing]) sources.set(blob, put);
    const used = new Set([...models.values()].flatMap((one) => namesOf(one.kept)));
    const old = before === undefined ? [] : namesOf(before.kept).filter((blob) => !used.has(blob));
    for (const blob of old) sources.delete(blob);
    yield* store.remove(old);
    return kept.list;
  });
});
