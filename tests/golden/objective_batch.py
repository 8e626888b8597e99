"""The batch of peers.json and papers.json: five groups, unequal lengths, ratios beyond every clip; and how its numbers are written.

Groups: `a` and `e` are mixed, `b` is all wrong, `c` is all right, `d` is a single response. Three responses are truncated.
"""

import json
import pathlib

import torch

D = torch.float64
GROUPS = ["a", "a", "b", "a", "b", "c", "c", "b", "c", "d", "e", "e", "a"]
REWARDS = [1, -1, -1, -1, -1, 1, 1, -1, 1, 1, -1, 1, 1]
LENGTHS = [5, 3, 7, 6, 4, 2, 6, 7, 1, 3, 5, 4, 7]
TRUNCATED = [2, 7, 12]
B, T = len(LENGTHS), max(LENGTHS)
MASK = torch.tensor([[t < n for t in range(T)] for n in LENGTHS], dtype=D)
REWARD = torch.tensor(REWARDS, dtype=D)
# No ratio lies within EDGE of a place where a loss has a corner: the clips of the algorithms, the bounds of dual clip.
EDGE, CORNERS = 1e-3, [0.8, 0.84, 1.2, 1.24, 1.28, 1.4, 1.5, 3.0]


def f32(x):
    """Rounds to float32, so that both sides start from the same numbers."""
    return x.to(torch.float32).to(D)


def rows(x):
    return [x[i, :n].tolist() for i, n in enumerate(LENGTHS)]


def batch():
    torch.manual_seed(20261130)
    draw = lambda scale: f32(torch.randn(B, T, dtype=D) * scale) * MASK
    old = f32(-draw(1.0).abs() - 0.2) * MASK
    logp = f32(torch.minimum(old + draw(0.45), torch.tensor(-0.01, dtype=D))) * MASK
    logp[0, :2] = old[0, :2]  # on-policy tokens
    logp[1] = f32(old[1] + 1e-4) * MASK[1]  # a sequence whose mean ratio stays within GSPO's clip
    for i, t in [(2, 1), (10, 3), (0, 4)]:  # beyond dual clip, with either sign
        old[i, t] = f32(torch.tensor(-1.9, dtype=D))
        logp[i, t] = f32(torch.tensor(-0.15, dtype=D))
    entropy = draw(1.0).abs()
    reference = f32(old + draw(0.3)) * MASK
    near = lambda: torch.stack([(torch.exp(logp - old) - corner).abs() < 2 * EDGE for corner in CORNERS]).any(0)
    logp = f32(torch.where(near(), logp - 8 * EDGE, logp)) * MASK
    assert not near().any()
    return old, logp, reference, entropy


def sequences(old, logp, reference, entropy):
    return [
        {
            "problemId": GROUPS[i],
            "reward": REWARDS[i],
            "finish": "length" if i in TRUNCATED else "stop",
            "oldLogProbs": rows(old)[i],
            "logProbs": rows(logp)[i],
            "referenceLogProbs": rows(reference)[i],
            "entropy": rows(entropy)[i],
        }
        for i in range(B)
    ]


def write(script, out):
    path = pathlib.Path(script).with_suffix(".json")
    lines = []
    for key, value in out.items():
        if key == "algorithms":
            inner = ",\n".join(f" {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in value.items())
            lines.append(f'"algorithms": {{\n{inner}\n}}')
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
