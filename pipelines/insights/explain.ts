/**
 * The gradient at single tokens of a mini-batch. As for `gradient`, the whole input is the mini-batch. Each chosen response token becomes
 * one record: the most probable tokens of its distribution, the logit updates by the paper's Eq. 7 or 8 and by the kernels' gradient, and
 * their difference. Terms that the equations leave out (entropy bonus, GRPO's KL) are recorded by size.
 */
import { isAskedFor } from "../records/text.ts";
import { Effect, Stream, Struct } from "effect";
import { isKlInLoss } from "../algorithms/mod.ts";
import { signIn } from "../learning/gradient.ts";
import { Explained } from "../records/explained.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { Policy } from "../models/policy.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import * as Stage from "../stages/stage.ts";
import { makeStage } from "../stages/stage.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import * as Records from "../records/schema.ts";
import { deviation, largest, scaledDeviation, type TokenGradient, tokenGradients } from "./token_gradients.ts";
import { checkedBatch } from "../stages/gradient.ts";
import { algorithmSettings, device, loss, models, passes, reading, sampling, schedule } from "../settings/groups.ts";
import { fromRecords, withDefault } from "../settings/setting.ts";

/** The `count` most probable tokens (0: all) and the sampled one, by descending probability. */
const mostProbable = (probabilities: Float64Array, sampled: number, count: number): Int32Array => {
  const order = Array.from(probabilities, (_, v) => v).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  return Int32Array.from(order.filter((v, rank) => count === 0 || rank < count || v === sampled));
};

const explained = (record: Records.Credited, one: TokenGradient, tokenizer: Tokenizer, count: number): Explained => {
  const shownTokens = mostProbable(one.probabilities, one.token, count);
  const shown = (list: Float64Array) => Float32Array.from(shownTokens, (v) => list[v]);
  return {
    problemId: record.problemId,
    sampleIndex: record.sampleIndex ?? 0,
    sign: signIn(record),
    position: one.position,
    before: tokenizer.decode(record.responseTokens.subarray(0, one.position)),
    token: one.token,
    tokenText: tokenizer.decode([one.token]),
    probability: one.probabilities[one.token],
    oldProbability: one.oldProbability,
    tokenEntropy: one.entropy,
    advantage: one.advantage,
    clipped: one.clipped,
    factor: one.factor,
    paperUpdate: one.paper[one.token],
    kernelUpdate: one.kernel[one.token],
    deviation: deviation(one),
    scaledDeviation: scaledDeviation(one),
    entropyUpdate: largest(one.entropyTerm),
    ...(one.klTerm === undefined ? {} : { klUpdate: largest(one.klTerm) }),
    shownTokens,
    shownTexts: Array.from(shownTokens, (token) => tokenizer.decode([token])),
    shownProbabilities: shown(one.probabilities),
    shownPaper: shown(one.paper),
    shownKernel: shown(one.kernel),
  };
};

/** The stage from Credited to Explained, one record per chosen response token; it reads the whole input at once. */
export const explainStage = makeStage({
  name: "explain",
  summary: "Shows the gradient at single tokens beside the paper's Eqs. 7 and 8",
  settings: {
    ...Struct.pick(models, ["model"]),
    ...Struct.pick(loss, ["algorithm"]),
    temperature: fromRecords(sampling.temperature),
    // The input is one full mini-batch unless its nominal size is given.
    miniBatch: withDefault(schedule.miniBatch, 0),
    ...Struct.pick(sampling, ["responses", "maxTokens"]),
    ...Struct.pick(loss, ["clipRatio", "clipRatioHigh", "dualClip", "entropyCoef", "klCoef", "klInLoss"]),
    ...Struct.pick(loss, ["aggregation"]),
    ...algorithmSettings,
    ...Struct.pick(schedule, ["gradientChunk"]),
    topK: withDefault(sampling.topK, 10),
    ...Struct.pick(reading, ["problem", "first", "positions"]),
    ...Struct.pick(passes, ["paddedVocabulary"]),
    ...device,
  },
  required: ["model"],
  input: Records.Credited,
  needs: ["problemId", "promptTokens", "responseTokens", "oldLogProbs", "advantages"],
  needsUnder: (config) => isKlInLoss(config) ? ["referenceLogProbs"] : [],
  output: Explained,
  buffered: true,
  layer: layerPolicy,
  run: (input, config) =>
    Stream.fromArrayEffect(Effect.gen(function* () {
      const batch = yield* Stream.runCollect(input);
      const fail = (message: string) => new Stage.StageError({ stage: "explain", message });
      if (batch.length === 0) return yield* fail("Cannot explain: the input holds no record");
      const policy = yield* Policy;
      const { model } = yield* policy.load(config.model, "policy", { paddedVocabulary: config.paddedVocabulary });
      const tokenizer = yield* policy.tokenizer(config.model);
      const checked = { stage: "explain", verb: "explain", model } as const;
      const { cut, settings } = yield* checkedBatch(batch, config, checked);
      const { problem, first, positions } = config;
      const asked = batch.flatMap(({ problemId }, i) => isAskedFor(problemId, problem) ? [i] : []);
      if (asked.length === 0) return yield* fail(`Cannot explain: no response to problem "${problem}"`);
      const wanted = new Set(asked.slice(0, first));
      const longest = Math.max(...[...wanted].map((i) => batch[i].responseTokens.length));
      const beyond = positions?.find((position) => position >= longest);
      if (beyond !== undefined) {
        return yield* fail(
          `Cannot explain position ${beyond} (--positions): the longest response has ${longest} tokens`,
        );
      }
      const places = positions && [...new Set(positions)].sort((a, b) => a - b);
      const records: Explained[] = [];
      yield* tokenGradients(model, cut, settings, {
        choose: (response, length) => {
          if (!wanted.has(response)) return [];
          return places?.filter((place) => place < length) ?? Array.from({ length }, (_, position) => position);
        },
        each: (one) => {
          records.push(explained(batch[one.response], one, tokenizer, config.topK));
        },
      });
      const { report } = yield* StandardStreams;
      const most = (field: "deviation" | "scaledDeviation") =>
        records.reduce((largest, one) => Math.max(largest, one[field]), 0).toExponential(1);
      yield* report(
        `${records.length} tokens; largest deviation from Eqs. 7 and 8: ${most("scaledDeviation")} of the scale ` +
          `at which float32 rounds, ${most("deviation")} of a token's own update`,
      );
      return records;
    })),
});
