/**
 * A training as its `metrics.ndjson` tells it: accuracy and entropy on the test split and in the batches, rewards, loss, gradient norm, KL, clipped
 * tokens, length, correct and fully solved, each against the step in a panel of its own; what was not measured has none.
 */
import { Result } from "effect";
import { chartReport } from "../report.ts";
import { DynamicsRow } from "../../records/rows.ts";
import { namesOf, seriesOf } from "../series.ts";
import { dynamicsPanels, isSmoothed, type Measure } from "./figure_4.ts";

const share = { axis: "share (%)", scale: 100, digits: 1, unit: " %" } as const;
const plain = { scale: 1, unit: "" } as const;
const entropy = { ...plain, digits: 3, axis: "entropy (nats a token)" } as const;

/** What the records of a training say beside the measures of Figure 4. */
export const lossMeasures: ReadonlyArray<Measure> = [
  { ...plain, digits: 3, title: "Mean reward of the batch", axis: "reward", path: ["meanReward"] },
  { ...plain, title: "Loss", axis: "loss", path: ["loss"] },
  { ...plain, title: "KL from the policy that sampled (approximate)", axis: "KL (nats a token)", path: ["approxKl"] },
  { ...plain, digits: 1, title: "Mean response length", axis: "tokens", path: ["meanResponseLength"] },
  { ...share, title: "Responses cut off", path: ["truncatedRatio"] },
  { ...plain, title: "Loss of the critic", axis: "loss", path: ["criticLoss"] },
];

const [reward, loss, kl, length, cut, critic] = lossMeasures;

const measures: ReadonlyArray<Measure> = [
  {
    ...share,
    title: "Greedy accuracy on the test split",
    axis: "accuracy (%)",
    path: ["testAccuracy"],
    isSparse: true,
  },
  { ...entropy, title: "Entropy on the test split", path: ["testEntropy"], isSparse: true },
  { ...share, title: "Correct rollouts in the batch", path: ["correctRatio"] },
  { ...share, title: "Fully solved prompts in the batch", path: ["fullySolvedRatio"] },
  reward,
  { ...entropy, title: "Entropy of the batch", path: ["meanEntropy"] },
  loss,
  { ...plain, title: "Gradient norm before it is clipped", axis: "norm", path: ["gradNorm"] },
  kl,
  { ...share, digits: undefined, title: "Clipped tokens", path: ["clipFraction"] },
  length,
  cut,
  critic,
];

/** All curves of one training, or of several. */
export const training = chartReport({
  name: "training",
  summary:
    "A run's metrics against the step: accuracy, entropy, reward, loss, gradient norm, KL, clip fraction, length",
  row: DynamicsRow,
  needs: ["step"],
  hints: ["timing"],
  build: (rows, series = seriesOf(rows)) => {
    const panels = dynamicsPanels(rows, series, measures);
    return panels.length === 0
      ? Result.fail(`no row has ${measures.map(({ path }) => `"${path[0]}"`).join(" or ")}`)
      : Result.succeed({
        name: "training",
        title: "Training",
        subtitle: isSmoothed(rows, series, measures)
          ? "Lines over training batches: centred mean over 5 steps, fewer at the ends"
          : undefined,
        description: `What was measured along training, against the step, one line for each of ${namesOf(series)}.`,
        series,
        panels,
        gap: 92,
      });
  },
});
