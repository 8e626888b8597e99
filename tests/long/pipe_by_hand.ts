/** As `tests/pipelines/training/pipe_by_hand_test.ts`, with more variants. */
import { pipeByHand } from "../pipelines/training/pipe_by_hand.ts";

pipeByHand({ algorithm: "w-reinforce", stored: " --activations f16" });
pipeByHand({ algorithm: "ppo" });
