/**
 * The numbers of `tests/golden/peers.py` (functions of verl, TRL, ROLL and of two papers' authors) and of `papers.py` (written down from
 * papers) in the shapes that the objective takes. Both scripts begin with the same batch.
 */
import papers from "../../golden/papers.json" with { type: "json" };
import peers from "../../golden/peers.json" with { type: "json" };
import type { Aggregation } from "../../../pipelines/algorithms/aggregation.ts";
import { denominatorsOf } from "../../../pipelines/algorithms/aggregation.ts";
import { signOf } from "../../../pipelines/algorithms/algorithm.ts";
import {
  clippedWeight,
  dualClipped,
  logLikelihood,
  sequenceClip,
  taperedWeight,
} from "../../../pipelines/algorithms/loss_forms.ts";
import {
  clippedRatio,
  type LossForm,
  type PolicyLossSettings,
  type PolicyTokens,
} from "../../../pipelines/algorithms/objective.ts";
import { packed } from "./golden_objectives.ts";

export { papers, peers };

type Lists = ReadonlyArray<ReadonlyArray<number>>;

/** What a peer was called with, and what it gave; lists are [sequences][tokens], those of the left-out responses included. */
export interface PeerCase {
  readonly source: string;
  readonly settings: {
    readonly lossForm: string;
    readonly entropyCoef: number;
    readonly clipRatio?: number;
    readonly clipRatioHigh?: number;
    readonly dualClip?: number;
    readonly constantLength?: number;
  };
  readonly aggregation: string;
  readonly share: number;
  readonly loss: number;
  readonly dLogProbs: Lists;
  readonly dEntropy: Lists;
  readonly clipFraction?: number;
  readonly approxKl: number;
}

/** An algorithm's golden numbers; a weight of 0 leaves a response out of the loss. */
export interface PeerAlgorithm {
  readonly source: string;
  readonly weights: ReadonlyArray<number>;
  readonly advantages: Lists;
  readonly cases: ReadonlyArray<PeerCase>;
}

/** Every golden algorithm under its name. */
export const peerAlgorithms: ReadonlyArray<readonly [string, PeerAlgorithm]> = [
  ...Object.entries<PeerAlgorithm>(peers.algorithms),
  ...Object.entries<PeerAlgorithm>(papers.algorithms),
];

/** The loss forms under their names in the golden files. */
export const goldenForms: Readonly<Record<string, LossForm>> = {
  "clip": clippedRatio,
  "sequence-clip": sequenceClip,
  "clipped-weight": clippedWeight,
  "tapered-weight": taperedWeight,
  "log-likelihood": logLikelihood,
};

/** The aggregations, which JSON cannot promise. */
export const aggregations: ReadonlyArray<Aggregation> = ["token-mean", "sequence-mean", "constant-length"];

/** The lists of the responses that `weights` keep. */
export const keptBy = ({ weights }: Pick<PeerAlgorithm, "weights">) => <A>(lists: ReadonlyArray<A>): ReadonlyArray<A> =>
  lists.filter((_, i) => weights[i] !== 0);

/** The golden batch as an algorithm keeps it, with its advantages. */
export const peerTokens = (algorithm: Pick<PeerAlgorithm, "weights" | "advantages">): PolicyTokens => {
  const kept = keptBy(algorithm);
  const sequences = kept(peers.sequences);
  return {
    logProbs: packed(sequences.map(({ logProbs }) => logProbs)),
    oldLogProbs: packed(sequences.map(({ oldLogProbs }) => oldLogProbs)),
    entropy: packed(sequences.map(({ entropy }) => entropy)),
    advantages: packed(kept(algorithm.advantages)),
    sequences: sequences.map(({ logProbs }) => logProbs.length),
    signs: sequences.map(({ reward }) => signOf(reward)),
  };
};

/** The settings of a case; a form without a clip ratio reads none. */
export const peerSettings = (tokens: PolicyTokens, { settings, aggregation, share }: PeerCase): PolicyLossSettings => {
  const { lossForm, clipRatio = NaN, dualClip, ...others } = settings;
  const form = goldenForms[lossForm];
  return {
    ...others,
    clipRatio,
    form: dualClip === undefined ? form : dualClipped(form, dualClip),
    klCoef: 0,
    aggregation: aggregations.find((known) => known === aggregation) ?? "token-mean",
    share,
    denominators: denominatorsOf(tokens.sequences),
  };
};
