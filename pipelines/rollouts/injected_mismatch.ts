/**
 * Samplers that differ from the policy by a stated amount, for studies of the mismatch; without it the two agree bit for bit. `noise:X` adds X
 * times a standard normal number to each of the sampler's log-probs (the responses stay), `bf16` draws with the policy's weights rounded to
 * bfloat16, `stale:1` with those of a step before (in the first step with the policy's). All of it depends on the names of the rollouts and
 * the steps alone, so it replays. The weights of a step before are kept beside each checkpoint, so a run with them resumes.
 */
import { Effect, type Scope, Stream } from "effect";
import { Key } from "../../data/random.ts";
import { formatOf } from "../../kernels/gpu/half_precision.ts";
import { join } from "node:path";
import { openSafetensors, writeSafetensors } from "../files/safetensors.ts";
import { fill } from "../learning/optimizer.ts";
import { normal } from "../models/initialize.ts";
import { purposeIn } from "../models/memory_purposes.ts";
import { clone, fileTensors, fromParameters, type Model, refresh, releaseModel } from "../models/model.ts";
import { narrow, zeros } from "../models/parameters.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import type { Injection } from "./rollout_settings.ts";
import { drawnBy, type DrawRollouts, type Sampler, type SamplerState } from "./rollout_source.ts";

/** Rollouts with noise of this deviation on their log-probs, keyed by the rollout's names and the token's position. */
export const noisy = (draw: DrawRollouts, deviation: number): DrawRollouts => (policy, prompts, settings, finished) =>
  Stream.map(draw(policy, prompts, settings, finished), (record) => {
    const { problemId, sampleIndex } = record;
    const key = Key.fold(Key.make(settings.seed), "mismatch", settings.step, problemId, sampleIndex);
    return { ...record, logProbs: record.logProbs.map((logProb, t) => logProb + deviation * normal(key, t)) };
  });

/** A copy of the policy for a sampler: rounded, or as it is. */
const samplerOf = (policy: Model, kind: "bf16" | "stale"): Model => {
  if (kind === "stale") return clone(policy);
  const { encoder, config, parameters: { layout }, activations } = policy;
  const rounded = zeros(encoder, layout, purposeIn(config, "weights"), formatOf("bf16"));
  return fromParameters(encoder, config, rounded, { storage: "bf16", activations });
};

/** Gives the sampler the policy's weights. */
const follow = (sampler: Model, policy: Model, kind: "bf16" | "stale"): void => {
  const { encoder, parameters } = sampler;
  if (kind === "bf16") return narrow(encoder, policy.parameters, parameters);
  policy.parameters.arenas.forEach((arena, i) => encoder.copy(arena, parameters.arenas[i]));
  refresh(sampler);
};

/** The file of the sampler's weights in a checkpoint's `trainer_state`. */
export const samplerFile = "sampler.safetensors";

/** Draws with a sampler of its own weights, which is released when the scope ends. */
const drawnApart = Effect.fnUntraced(function* (
  tokenizer: Tokenizer,
  kind: "bf16" | "stale",
): Effect.fn.Return<Sampler, never, Scope.Scope> {
  let sampler: Model | undefined;
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      if (sampler !== undefined) releaseModel(sampler);
    })
  );
  const draw: DrawRollouts = (policy, prompts, settings, finished) =>
    Stream.fromArrayEffect(Effect.gen(function* () {
      const drawing = sampler ??= samplerOf(policy.model, kind);
      if (kind === "bf16") follow(drawing, policy.model, kind);
      const weights = { ...policy, model: drawing };
      const drawn = yield* Stream.runCollect(drawnBy(tokenizer)(weights, prompts, settings, finished));
      if (kind === "stale") follow(drawing, policy.model, kind);
      return drawn;
    }));
  if (kind === "bf16") return { draw };
  const state: SamplerState = {
    write: (folder) =>
      sampler === undefined
        ? Effect.void
        : Effect.asVoid(writeSafetensors(folder, () => samplerFile, fileTensors(sampler.encoder, sampler.parameters))),
    read: Effect.fnUntraced(function* (folder, policy) {
      const file = yield* openSafetensors(join(folder, samplerFile));
      const drawing = sampler ??= samplerOf(policy, kind);
      yield* fill(drawing.encoder, drawing.parameters, file);
      refresh(drawing);
    }),
  };
  return { draw, state };
});

/** A sampler on this device with an injected difference. */
export const injected = (tokenizer: Tokenizer, injection: Injection): Effect.Effect<Sampler, never, Scope.Scope> =>
  injection.kind === "noise"
    ? Effect.succeed({ draw: noisy(drawnBy(tokenizer), injection.deviation) })
    : drawnApart(tokenizer, injection.kind);
