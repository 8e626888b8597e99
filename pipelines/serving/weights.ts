/**
 * Other weights for a served model without a restart, as SGLang's `/update_weights_from_disk`. The directory must lie below the folder that was
 * given at the start, and hold the same architecture. Responses that are being drawn end under the old weights, and those that wait
 * start under the new ones; so no response mixes two.
 */
import { Effect } from "effect";
import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../files/json.ts";
import { oneLine } from "../files/plain_text.ts";
import { weightsDigest } from "../files/weights_digest.ts";
import { openCheckpoint } from "../models/checkpoint.ts";
import { refresh } from "../models/model.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { fill } from "../models/parameters.ts";
import { badField, statusError } from "./api_error.ts";
import { jsonReply } from "./reply.ts";
import { readFields } from "./read_fields.ts";
import { updateFields } from "./request_fields.ts";
import type { Served } from "./served.ts";

/** The real path of a directory below a folder, links followed; undefined for any other. */
const below = (folder: string, path: string): Effect.Effect<string | undefined> =>
  Effect.tryPromise(() => Promise.all([realpath(folder), realpath(join(folder, path))])).pipe(
    Effect.map(([root, found]) => found.startsWith(`${root}${sep}`) ? found : undefined),
    Effect.orElseSucceed(() => undefined),
  );

/** What weights must share. The ids that the tokenizer knows, and fields that are not read, may differ. */
const architecture = ({ raw: _, knownTokens: __, ...rest }: ModelConfig) => rest;

/** Replaces the weights by those of `model_path` below `folder`. */
export const updateWeights = Effect.fnUntraced(function* (served: Served, folder: string, body: Json) {
  const { model_path: path } = yield* Effect.fromResult(readFields(updateFields, body));
  if (path === undefined) return yield* badField("model_path", "expected a directory, found none");
  const dir = yield* below(folder, path);
  if (dir === undefined) return yield* badField("model_path", "no such directory below the folder of updates");
  const refused = ({ message }: { readonly message: string }) => badField("model_path", oneLine(message));
  const checkpoint = yield* Effect.mapError(openCheckpoint(dir), refused);
  const { model, engine } = served;
  if (!isDeepStrictEqual(architecture(checkpoint.config), architecture(model.config))) {
    return yield* badField("model_path", "it holds another architecture than the model that is served");
  }
  const weights = yield* Effect.mapError(weightsDigest(dir), refused);
  const replace = Effect.gen(function* () {
    served.broken = "the weights were replaced in part; they must be replaced again";
    yield* fill(model.encoder, model.parameters, ({ spec }) => checkpoint.read(spec.name));
    refresh(model);
    served.weights = weights;
    served.broken = undefined;
  });
  yield* Effect.mapError(
    engine.exclusively(replace),
    ({ message }) => statusError(500, oneLine(message), "weights_broken"),
  );
  return jsonReply({ success: true, message: `weights ${weights}`, weights });
});
