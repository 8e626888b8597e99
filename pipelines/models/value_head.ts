/** The critic's last step: one number for each hidden state, without a bias, as transformers' token classifiers have it (`score.weight`). */
import { linear } from "../../kernels/ops/matmul/matmul.ts";
import type { Tape } from "../../kernels/tape.ts";
import type { Tensor } from "../../kernels/tensor.ts";
import type { Model } from "./model.ts";

/** Values [R, 1] of hidden states [R, C]; the model is a critic (`config.valueHead`). */
export const valueHead = (tape: Tape, critic: Model, states: Tensor): Tensor =>
  // Only critics come here, and a critic's layout holds the head.
  linear(tape, states, critic.weights.score!);
