/**
 * The critic's head: one number per hidden state. A new critic has no bias, as in verl and OpenRLHF. Transformers' token classifiers have
 * one (`score.bias`, drawn or 0 if the file lacks it, unless `token_classification_bias` is false): if a critic's files have a bias, it is
 * read, added and trained.
 */
import { linear } from "../../kernels/ops/matmul/matmul.ts";
import type { Tape } from "../../kernels/gpu/tape.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import type { Model } from "./model.ts";

/** Values [R, 1] of hidden states [R, C]; the model is a critic (`config.valueHead`). */
export const valueHead = (tape: Tape, critic: Model, states: Tensor): Tensor =>
  // Only critics reach this, and their layout includes the head.
  linear(tape, states, critic.weights.score!, critic.weights.scoreBias);
