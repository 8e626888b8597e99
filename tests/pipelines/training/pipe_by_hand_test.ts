import { pipeByHand } from "./pipe_by_hand.ts";

pipeByHand({ algorithm: "w-reinforce" });
pipeByHand({ algorithm: "w-reinforce", stored: " --storage bf16", moments: " --moments bf16" });
pipeByHand({
  algorithm: "ppo",
  stored: " --activations bf16 --storage f16",
  summed: " --gradient-chunk 30 --gradient-leaves 4",
});
pipeByHand({ algorithm: "ppo", published: "--as-published" });
