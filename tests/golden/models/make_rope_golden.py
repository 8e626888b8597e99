"""Writes `rope.json`: rotary frequencies, cosines and sines as transformers has them in float32.

    python make_rope_golden.py               (torch 2.13.0, transformers 5.23.0)

Each case: `headWidth`, `ropeTheta`, `ropeScaling` (as in `ModelConfig`), `frequencies` [headWidth / 2], and for each of
`positions` the `cosine` and `sine` rows. Nine digits, so the same float32 is read back.
"""
import json, os

import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

POSITIONS = [0, 1, 100, 4095, 30000]
NAMES = dict(lowFrequencyFactor="low_freq_factor", highFrequencyFactor="high_freq_factor",
             originalContext="original_max_position_embeddings", factor="factor")
CASES = [
    (64, 1000000.0, dict(kind="none")),
    (12, 10000.0, dict(kind="none")),
    (32, 10000.0, dict(kind="linear", factor=3.0)),
    (64, 500000.0, dict(kind="llama3", factor=32.0, lowFrequencyFactor=1.0, highFrequencyFactor=4.0, originalContext=8192)),
    (16, 10000.0, dict(kind="llama3", factor=8.0, lowFrequencyFactor=1.0, highFrequencyFactor=4.0, originalContext=64)),
]


def numbers(row):
    return [float(f"{value:.9g}") for value in row.tolist()]


def make(width, theta, scaling):
    kind = {"none": "default"}.get(scaling["kind"], scaling["kind"])
    fields = {NAMES[key]: value for key, value in scaling.items() if key in NAMES}
    config = LlamaConfig(hidden_size=2 * width, num_attention_heads=2, head_dim=width, max_position_embeddings=131072,
                         rope_parameters=dict(rope_type=kind, rope_theta=theta, **fields))
    rope = LlamaRotaryEmbedding(config)
    cosine, sine = rope(torch.zeros(1), torch.tensor([POSITIONS]))
    half = width // 2
    return dict(headWidth=width, ropeTheta=theta, ropeScaling=scaling, positions=POSITIONS,
                frequencies=numbers(rope.inv_freq), cosine=[numbers(row[:half]) for row in cosine[0]],
                sine=[numbers(row[:half]) for row in sine[0]])


if __name__ == "__main__":
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rope.json"), "w") as out:
        json.dump([make(*case) for case in CASES], out)
        out.write("\n")
