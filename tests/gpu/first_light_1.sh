#!/usr/bin/env bash
# The first minutes on a GPU, correctness first: see README.md beside this file. In the project's root; at most 300 s.
set -u
script=first_light_1
. tests/gpu/parts.sh

part doctor 30 $signum task doctor
part self_test_cooperative 45 $signum run -q -A --no-check tests/gpu/chosen_kernels.ts cooperative
part self_test_matrix 45 $signum run -q -A --no-check tests/gpu/chosen_kernels.ts matrix
part conformance_plain 50 $signum run -q -A --no-check tests/gpu/conformance.ts plain
part conformance_cooperative 40 $signum run -q -A --no-check tests/gpu/conformance.ts cooperative
part training 40 $signum task train --recipe tiny --algorithm w-reinforce --steps 5 --test-every 0 --out "$scratch/run"
part training_apart 10 $signum run -q -A --no-check tests/gpu/apart.ts "$scratch/run" results/tiny/dynamics.ndjson
if [ "$size" = tiny ]; then sizes=256; else sizes=4096,8192; fi
part products 30 $signum run -q -A --no-check tests/gpu/products.ts "$sizes"
torch_part torch_products 20 --part device --part product --sizes 4096,8192
