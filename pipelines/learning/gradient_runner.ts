/** Runs the jobs of gradients in a worker: the passes of `gradient.ts` over a subtree, with the weights that the job names. */
import { Effect } from "effect";
import type { MakeRunner } from "../cluster/jobs.ts";
import { releaseParameters } from "../models/parameters.ts";
import { groupValues } from "../settings/setting.ts";
import { GradientError } from "./finite_gradient.ts";
import { criticPasses, policyPasses, type TrainedSequence } from "./gradient.ts";
import { sumLeaves } from "./gradient_passes.ts";
import { answerOf, subtreeFrom, type TreeSum } from "./gradient_work.ts";
import { lossGroup, policyLossOf, valueLossOf } from "./optimizer_step.ts";

const fail = (message: string) => new GradientError({ message: `Cannot compute a part of a gradient: ${message}` });

/** The runner of blocks of gradients. */
export const makeGradientRunner: MakeRunner = Effect.succeed(
  Effect.fnUntraced(function* ({ settings: { role, share, ...rest }, text, weights, blobs }) {
    if (weights === undefined) return yield* fail("the job names no weights");
    const settings = yield* Effect.mapError(Effect.fromResult(groupValues(lossGroup, rest)), fail);
    const { lengths, leaves, sequences } = yield* Effect.fromResult(subtreeFrom(text));
    const batch: ReadonlyArray<TrainedSequence> = sequences;
    const sum: TreeSum<object> = role === "critic"
      ? yield* sumLeaves(
        weights,
        batch,
        leaves,
        criticPasses(weights, valueLossOf(settings, Number(share)), lengths, []),
      )
      : yield* sumLeaves(
        weights,
        batch,
        leaves,
        policyPasses(weights, policyLossOf(settings, Number(share)), lengths, []),
      );
    const answer = answerOf(weights.encoder, sum, blobs);
    return yield* Effect.ensuring(answer, Effect.sync(() => releaseParameters(weights.encoder, sum.set)));
  }),
);
