/**
 * An algorithm as data: which responses it keeps and with which weight, how it computes the advantage of each token, which models that needs,
 * and, where they are not everybody's, its loss, its defaults and its own settings.
 */
import type { Sign } from "../records/schema.ts";
import { certainValues, type Group, type SettingValues } from "../settings/setting.ts";
import type { Aggregation } from "./aggregation.ts";
import type { LossForm } from "./objective.ts";

/** The fields of a rollout that an advantage may depend on; lists are [T], one entry per response token. */
export interface Response {
  readonly problemId: string;
  readonly reward: number;
  readonly weight: number;
  readonly responseTokens: { readonly length: number };
  readonly oldLogProbs?: Float32Array;
  readonly referenceLogProbs?: Float32Array;
  readonly values?: Float32Array;
}

/** The advantages of one response, [T], and the targets of the critic if the algorithm has one. */
export interface Credit {
  readonly advantages: Float32Array;
  readonly returns?: Float32Array;
}

/** A field of Response that only some advantages need. */
export type AdvantageNeed = "oldLogProbs" | "referenceLogProbs" | "values";

/** The settings that every advantage may read; `maxTokens` is the longest response allowed. */
export interface CreditSettings {
  readonly klCoef: number;
  readonly maxTokens?: number | undefined;
}

/**
 * How rewards become advantages. `scope` is the input of one call: a single `response`, or a `batch`, which is a whole rollout batch.
 * `credit` requires all fields of `needs` and returns one Credit per response, in order. With `readsLimit` no response may be longer than
 * `maxTokens`.
 */
export interface Advantage {
  readonly scope: "response" | "batch";
  readonly needs: ReadonlyArray<AdvantageNeed>;
  readonly readsLimit?: true;
  readonly credit: (batch: ReadonlyArray<Response>, settings: CreditSettings) => ReadonlyArray<Credit>;
}

/** The sign of a reward: positive if it is above 0, else negative. */
export const signOf = (reward: number): Sign => reward > 0 ? "positive" : "negative";

/** Settings that an algorithm may give another default, as its paper says; recipe, config file and flags override it. */
export interface AlgorithmDefaults {
  readonly aggregation?: Aggregation;
  readonly clipRatio?: number;
  readonly clipRatioHigh?: number;
  readonly entropyCoef?: number;
  readonly klCoef?: number;
  readonly normalizeAdvantage?: boolean;
  readonly learningRate?: number;
  readonly weightDecay?: number;
  readonly maxGradNorm?: number;
  readonly miniBatch?: number;
}

/**
 * A learning algorithm. A `weight` of 0 drops the responses of that sign. `keepsGroup` drops all responses to a problem, by their rewards,
 * for which it is false; nothing is drawn in their place. `klInLoss` adds GRPO's KL term to the loss; it, a reference and a critic are named where an algorithm has them. `settings` are its own,
 * by key: they become flags, keys of config files and of a run's `config.json`, and no other algorithm takes them. Its functions find them
 * among the settings that they get; `makeAlgorithm` gives them their types. Without `loss` the loss is the clipped ratio (`objective.ts`).
 */
export interface Algorithm {
  readonly name: string;
  readonly summary: string;
  readonly weight: (sign: Sign, settings: { readonly lambda: number }) => number;
  readonly keepsGroup?: (group: ReadonlyArray<Pick<Response, "reward">>) => boolean;
  readonly advantage: Advantage;
  readonly klInLoss?: true;
  readonly needsReference?: true;
  readonly needsCritic?: true;
  readonly defaults?: AlgorithmDefaults;
  readonly settings?: Group;
  readonly loss?: LossForm;
}

/** A function of an algorithm that reads the algorithm's own settings `S` among those that it gets last. */
type Own<F, S extends Group> = F extends (given: infer A, settings: infer O) => infer B
  ? (given: A, settings: O & SettingValues<S>) => B
  : never;

/** The argument of `makeAlgorithm`. */
export interface DeclaredAlgorithm<S extends Group> extends Omit<Algorithm, "weight" | "advantage" | "loss"> {
  readonly settings: S;
  readonly weight: Own<Algorithm["weight"], S>;
  readonly advantage: Omit<Advantage, "credit"> & { readonly credit: Own<Advantage["credit"], S> };
  readonly loss?: Own<LossForm, S>;
}

/** Declares an algorithm with settings of its own; where a caller gives none of them, they have their defaults. */
export const makeAlgorithm = <S extends Group>(declared: DeclaredAlgorithm<S>): Algorithm => {
  const { weight, advantage: { credit, ...advantage }, loss, ...rest } = declared;
  const withOwn = <O extends object>(settings: O): O & SettingValues<S> => ({
    ...settings,
    ...certainValues(declared.settings, settings),
  });
  return {
    ...rest,
    weight: (sign, settings) => weight(sign, withOwn(settings)),
    advantage: { ...advantage, credit: (batch, settings) => credit(batch, withOwn(settings)) },
    ...(loss && { loss: (tokens, settings) => loss(tokens, withOwn(settings)) }),
  };
};
