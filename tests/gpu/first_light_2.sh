#!/usr/bin/env bash
# The next minutes on a GPU, speed: see README.md beside this file. In the project's root; at most 300 s.
set -u
script=first_light_2
. tests/gpu/parts.sh

part device 60 $signum task bench:device --format json
if [ "$size" = tiny ]; then
  part tiny_model 120 $signum task bench --report model --batch 8 --max-tokens 4 --format json
else
  part qwen_0_5b 70 $signum task bench --report model --shape qwen2.5-0.5b --storage bf16 --kernels cooperative,matrix --format json
fi
torch_part torch_0_5b 50 --part model --shape qwen2.5-0.5b
if [ "$size" != tiny ]; then
  part qwen_1_5b 50 $signum task bench --report model --shape qwen2.5-1.5b --storage bf16 --kernels cooperative,matrix --batch 64 --max-tokens 64 --format json
  torch_part torch_1_5b 30 --part model --shape qwen2.5-1.5b --batch 64 --max-tokens 64
  part qwen_7b 80 $signum task bench --report model --shape qwen2.5-7b --storage bf16 --kernels cooperative,matrix --batch 64 --max-tokens 32 --format json
  torch_part torch_7b 40 --part model --shape qwen2.5-7b --batch 64 --max-tokens 32
fi
