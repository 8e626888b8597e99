/** Cases of AdamW: the first and a later step, with and without clipping. */
import * as Elementary from "../../../data/elementary/mod.ts";
import { floats, type OpCase, type OpCases } from "../op_case.ts";
import { type AdamW, adamw } from "./adamw.ts";

const options: AdamW = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, step: 1, clip: 1 };

const stepCase = ({ n, step, clip }: { readonly n: number; readonly step: number; readonly clip: number }): OpCase => ({
  name: `${n} at step ${step}, scaled by ${clip}`,
  operands: {
    gradient: floats("gradient", 1, n, { role: "constant" }),
    weight: floats("weight", 1, n, { role: "constant" }),
    mean: floats("mean", 1, n, { role: "constant", spread: step > 1 ? 0.1 : 0 }),
    square: floats("square", 1, n, { role: "constant", spread: step > 1 ? 0.01 : 0, center: step > 1 ? 0.02 : 0 }),
  },
  run: ({ encoder }, { gradient, weight, mean, square }) => {
    adamw(encoder, gradient, weight, mean, square, { ...options, step, clip });
    return { weight, mean, square };
  },
  reference: (values, round) => {
    const { learningRate, beta1, beta2, eps, weightDecay } = options;
    const [weight, mean, square] = [values.weight, values.mean, values.square].map((source) =>
      Float64Array.from(source)
    );
    const keep = round(1 - learningRate * weightDecay);
    const stepSize = round(learningRate / (1 - Elementary.pow(beta1, step)));
    const correction = round(Math.sqrt(1 - Elementary.pow(beta2, step)));
    values.gradient.forEach((x, i) => {
      const g = round(x * round(clip));
      mean[i] = round(mean[i] + round(round(g - mean[i]) * round(1 - beta1)));
      square[i] = round(round(square[i] * round(beta2)) + round(round(round(1 - beta2) * g) * g));
      const denominator = round(round(round(Math.sqrt(square[i])) / correction) + eps);
      weight[i] = round(round(weight[i] * keep) - round(stepSize * round(mean[i] / denominator)));
    });
    return { weight, mean, square };
  },
});

export const adamwCases: OpCases = {
  name: "adamw",
  cases: [{ n: 1, step: 1, clip: 1 }, { n: 4001, step: 1, clip: 0.25 }, { n: 64, step: 7, clip: 1 }].map(stepCase),
  windowed: { binding: 4096, bits: "equal" },
};
