#!/usr/bin/env bash
# The first minutes on a GPU, correctness first: see README.md beside this file. In the project's root; at most 300 s.
set -u
script=first_light_1
. tests/gpu/parts.sh

# Software is slow at conformance cases, and takes a minute for a step.
if [ "$size" = tiny ]; then sizes=256 cases=150; else sizes=4096,8192 cases=50; fi

part doctor 30 $signum task doctor
part facts 10 $signum run -q -A --no-check tests/gpu/facts.ts
part self_test_cooperative 45 $signum run -q -A --no-check tests/gpu/chosen_kernels.ts cooperative
part self_test_matrix 45 $signum run -q -A --no-check tests/gpu/chosen_kernels.ts matrix
part conformance_plain "$cases" $signum run -q -A --no-check tests/gpu/conformance.ts plain
part conformance_cooperative "$cases" $signum run -q -A --no-check tests/gpu/conformance.ts cooperative
if [ "$size" = tiny ]; then
  part training 80 $signum task train --recipe tiny --algorithm w-reinforce --steps 1 --test-every 0 --out "$scratch/run"
else
  part training 40 $signum task train --recipe tiny --algorithm w-reinforce --steps 5 --test-every 0 --out "$scratch/run"
fi
part training_apart 10 $signum run -q -A --no-check tests/gpu/apart.ts "$scratch/run" results/tiny/dynamics.ndjson
part products 30 $signum run -q -A --no-check tests/gpu/products.ts "$sizes"
torch_part torch_products 20 --part device --part product --sizes 4096,8192
