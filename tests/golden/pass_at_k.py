"""Writes pass_at_k.json: Pass@k of random (n, c) by numpy, as evaluation code commonly has it, a running product over the wrong responses.

python3 tests/golden/pass_at_k.py > tests/golden/pass_at_k.json   (numpy 2.4.6)
"""
import json

import numpy as np


def wrong_draws(n, c, k):
    """The chance that k of n responses, of which c are right, are all wrong."""
    if c + k > n:
        return 0.0
    return float(np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


rng = np.random.default_rng(2506_01347)
cases = []
for _ in range(300):
    n = int(rng.integers(1, 513))
    c = int(rng.integers(0, n + 1)) if rng.random() < 0.7 else int(rng.integers(0, min(n, 4) + 1))
    k = int(rng.integers(1, n + 1))
    cases.append([n, c, k, 1.0 - wrong_draws(n, c, k)])
means = []
for n in (8, 64, 256):
    counts = [int(c) for c in rng.integers(0, n + 1, size=100)]
    ks = [k for k in (1, 2, 4, 8, 16, 32, 64, 128, 256) if k <= n]
    means.append({"n": n, "c": counts, "passAtK": [[k, float(np.mean([1.0 - wrong_draws(n, c, k) for c in counts]))] for k in ks]})
print(json.dumps({"cases": cases, "means": means}, separators=(",", ":")))
