/** Cases of the vocabulary head: small and large vocabularies, temperatures, unused targets. */
import * as Elementary from "../../../data/elementary/mod.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { dotProduct, floats, noise, type OpCase, type OpCases, type Round, words } from "../op_case.ts";
import { tokenLogProbs } from "./token_log_probs.ts";

interface Shape {
  readonly R: number;
  readonly V: number;
  readonly C: number;
  readonly temperature?: number;
  /** How the head's weight is stored. */
  readonly format?: HalfFormat;
}

/** Log-softmax of a row's logits divided by the temperature, and the entropy of the softmax. */
const distribution = (
  hidden: Float64Array,
  weight: Float64Array,
  row: number,
  { V, C, temperature = 1 }: Shape,
  round: Round,
) => {
  const inverse = round(1 / temperature);
  const z = Float64Array.from(
    { length: V },
    (_, v) => round(inverse * dotProduct(round, C, hidden, row * C, 1, weight, v * C, 1)),
  );
  const most = z.reduce((a, b) => Math.max(a, b), -Infinity);
  const shifted = z.map((x) => round(x - most));
  const powers = shifted.map((x) => round(Elementary.exp(x)));
  const total = powers.reduce((a, b) => round(a + b), 0);
  const logTotal = round(Elementary.log(total));
  const weighted = powers.reduce((sum, p, v) => round(sum + round(p * shifted[v])), 0);
  return { logs: shifted.map((x) => round(x - logTotal)), entropy: round(logTotal - round(weighted / total)) };
};

const headCase = (shape: Shape): OpCase => {
  const { R, V, C, temperature = 1, format } = shape;
  // Every seventh target is outside the vocabulary: its log-prob is 0, and it has no gradient.
  const targets = words(noise("targets", R).map((x, r) => r % 7 === 6 ? 0xffffffff : Math.floor((x + 1) / 2 * V)));
  return {
    name: `${R}x${C} over ${V} at ${temperature}${format ? ` ${format}` : ""}`,
    operands: {
      hidden: floats("hidden", R, C, { spread: 2 }),
      weight: floats("weight", V, C, { role: "weight", format }),
      targets,
    },
    run: (tape, { hidden, weight, targets }) => {
      const { logProbs, entropy } = tokenLogProbs(tape, hidden, weight, targets, temperature);
      return { logProbs, entropy };
    },
    reference: ({ hidden, weight }, round) => {
      const rows = Array.from({ length: R }, (_, row) => distribution(hidden, weight, row, shape, round));
      return {
        logProbs: Float64Array.from(rows, ({ logs }, row) => targets.data[row] < V ? logs[targets.data[row]] : 0),
        entropy: Float64Array.from(rows, ({ entropy }) => entropy),
      };
    },
    vjp: ({ hidden, weight }, { logProbs, entropy }, round) => {
      const inverse = round(1 / temperature);
      const dhidden = new Float64Array(R * C);
      const dlogits = new Float64Array(R * V);
      for (let row = 0; row < R; row++) {
        const { logs, entropy: H } = distribution(hidden, weight, row, shape, round);
        const target = targets.data[row];
        const pull = target < V ? logProbs[row] : 0;
        logs.forEach((log, v) => {
          const p = round(Elementary.exp(log));
          const chosen = round(pull * round((v === target ? 1 : 0) - p));
          dlogits[row * V + v] = round(inverse * round(chosen - round(round(entropy[row] * p) * round(log + H))));
        });
        for (let c = 0; c < C; c++) dhidden[row * C + c] = dotProduct(round, V, dlogits, row * V, 1, weight, c, C);
      }
      const dweight = Float64Array.from(
        { length: V * C },
        (_, i) => dotProduct(round, R, dlogits, Math.floor(i / C), V, hidden, i % C, C),
      );
      return { hidden: dhidden, weight: dweight };
    },
  };
};

export const tokenLogProbsCases: OpCases = {
  name: "token_log_probs",
  cases: [
    { R: 1, V: 77, C: 64 },
    { R: 37, V: 77, C: 64, temperature: 0.6 },
    { R: 9, V: 13, C: 7 },
    { R: 6, V: 1030, C: 8, temperature: 1.5 },
    { R: 37, V: 77, C: 64, format: "bf16" as const },
    { R: 37, V: 77, C: 64, format: "f16" as const },
  ].map(headCase),
  rows: (R) => headCase({ R, V: 77, C: 64, temperature: 0.6 }),
  windowed: { binding: 28 << 10, bits: "close" },
};
