/**
 * Refuses a loss or a gradient that is not finite before it updates any weight. The error names the first bad parameter and the responses
 * that caused it: those with a number that is not finite, else those whose log-probs under the model are not finite.
 */
import * as Schema from "@effect/schema";
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Model } from "../models/model.ts";
import type { TrainedSequence, ValuedSequence } from "./gradient.ts";
import * as Parameters from "../models/parameters.ts";
import { score } from "./score.ts";

/** A loss or a gradient is not finite, or a part of it cannot be had from a worker; nothing was updated. */
export class GradientError extends Schema.TaggedError<GradientError>()("GradientError", { message: Schema.String }) {}

/** A response with the fields that identify it in errors, and its numbers, [T] each. */
export type Named = ValuedSequence & Partial<TrainedSequence>;

const finite = (list: Float32Array | undefined): boolean => list === undefined || list.every(Number.isFinite);

const sound = ({ oldLogProbs, referenceLogProbs, advantages, values, returns }: Named): boolean =>
  [oldLogProbs, referenceLogProbs, advantages, values, returns].every(finite);

/** Fails if the loss, the norm or a number of `batch` is not finite. */
export const requireFinite = Effect.fnUntraced(function* (
  model: Model,
  gradient: Parameters.ParameterSet,
  gradNorm: number,
  loss: number,
  batch: ReadonlyArray<Named>,
): Effect.fn.Return<void, DeviceError | GradientError> {
  const unsound = batch.filter((one) => !sound(one));
  if (Number.isFinite(gradNorm) && Number.isFinite(loss) && unsound.length === 0) return;
  let parameter = "none";
  for (const place of gradient.layout.places) {
    if (finite(yield* model.encoder.read(Parameters.flat(gradient, place)))) continue;
    parameter = place.spec.name;
    break;
  }
  const blamed = unsound.length > 0 ? unsound : yield* unscorable(model, batch);
  const names = blamed.slice(0, 8).map(({ problemId, sampleIndex }) => `${problemId}#${sampleIndex ?? 0}`).join(", ");
  return yield* new GradientError({
    message:
      `Cannot use a gradient that is not finite: loss ${loss}, norm ${gradNorm}, first bad parameter "${parameter}", ` +
      `${blamed.length} of ${batch.length} responses (${names}${blamed.length > 8 ? ", …" : ""})`,
  });
});

/** The responses whose log-probs are not finite; all responses if there are none. */
const unscorable = Effect.fnUntraced(function* (model: Model, batch: ReadonlyArray<Named>) {
  const { logProbs } = yield* score(model, batch, 1);
  const bad = batch.filter((_, i) => !finite(logProbs[i]));
  return bad.length > 0 ? bad : batch;
});
