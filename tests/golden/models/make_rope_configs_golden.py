"""Writes `rope_configs.json`: what transformers makes of the rotary settings of `config.json` in their many spellings.

    python make_rope_configs_golden.py       (torch 2.13.0, transformers 5.24.0)

Each case: `family`, `changes` (keys of config.json beside `BASE`; a null is written as null), and what transformers reads:
`frequencies` [headWidth / 2], `attentionFactor` (cosines and sines are multiplied by it), and for each of `positions` the
`cosine` and `sine` rows; or `error` true where it refuses or fails. Nine digits, so the same float32 is read back.
"""
import json, os, tempfile

import torch
from transformers import AutoConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding
from transformers.models.qwen2.modeling_qwen2 import Qwen2RotaryEmbedding
from transformers.models.qwen3.modeling_qwen3 import Qwen3RotaryEmbedding

POSITIONS = [0, 1, 37, 4095, 30000]
ROTARY = dict(qwen2=Qwen2RotaryEmbedding, qwen3=Qwen3RotaryEmbedding, llama=LlamaRotaryEmbedding)
NAMES = dict(qwen2="Qwen2ForCausalLM", qwen3="Qwen3ForCausalLM", llama="LlamaForCausalLM")
BASE = dict(vocab_size=100, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=64)
DEFAULT = dict(rope_type="default", rope_theta=1000000.0)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=64)
LONG = dict(hidden_size=512, max_position_embeddings=40960, rope_theta=1000000.0)
QWEN = dict(type="yarn", factor=4.0, original_max_position_embeddings=32768)
CASES = [
    ("qwen2", {}),
    ("qwen2", dict(rope_theta=500000.0)),
    ("qwen2", dict(rope_parameters=DEFAULT)),
    ("qwen2", dict(rope_parameters={}, rope_theta=500000.0)),
    ("qwen2", dict(rope_parameters=None, rope_scaling=None, rope_theta=500000.0)),
    ("qwen2", dict(rope_parameters={}, rope_scaling=dict(type="linear", factor=2.0), rope_theta=500000.0)),
    ("qwen2", dict(rope_parameters=DEFAULT, rope_scaling={})),
    ("qwen2", dict(rope_parameters=DEFAULT, rope_theta=20000.0)),
    ("llama", dict(rope_parameters=DEFAULT, rope_scaling=LLAMA3)),
    ("llama", dict(rope_parameters=DEFAULT, rope_scaling=LLAMA3, rope_theta=500000.0)),
    ("llama", dict(rope_parameters=DEFAULT, rope_scaling=dict(LLAMA3, rope_theta=300000.0))),
    ("llama", dict(rope_scaling=LLAMA3, rope_theta=500000.0)),
    ("llama", dict(rope_parameters=dict(LLAMA3, rope_theta=500000.0))),
    ("llama", dict(LONG, rope_scaling=dict(LLAMA3, factor=32.0, original_max_position_embeddings=8192))),
    ("llama", dict(rope_scaling={key: value for key, value in LLAMA3.items() if key[0] != "o"})),
    ("llama", dict(original_max_position_embeddings=32, rope_scaling=LLAMA3)),
    ("qwen3", dict(rope_parameters=DEFAULT, rope_scaling=YARN)),
    ("qwen3", dict(rope_parameters=dict(YARN, rope_theta=1000000.0), head_dim=64)),
    ("qwen3", dict(LONG, rope_scaling=QWEN)),
    ("qwen2", dict(LONG, max_position_embeddings=4096, rope_theta=10000.0,
                   rope_scaling=dict(QWEN, original_max_position_embeddings=4096))),
    ("qwen2", dict(LONG, rope_scaling=dict(type="yarn", factor=2.5))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, factor=1.0))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, factor=None))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, attention_factor=0.75))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, attention_factor=None))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, mscale=0.707, mscale_all_dim=1.0))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, mscale=0.707))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, beta_fast=16, beta_slow=2))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, beta_fast=0, beta_slow=None))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, truncate=False))),
    ("qwen2", dict(LONG, rope_scaling=dict(QWEN, finetuned=True))),
    ("qwen2", dict(rope_scaling=dict(YARN, beta_fast=1000000, beta_slow=0.00001), hidden_size=64)),
    ("qwen2", dict(rope_scaling=dict(YARN, beta_fast=1, beta_slow=1))),
    ("qwen2", dict(original_max_position_embeddings=32, rope_scaling=YARN)),
    ("qwen2", dict(rope_parameters=dict(full_attention=DEFAULT))),
    ("qwen3", dict(layer_types=["full_attention"] * 2, rope_parameters=dict(full_attention=DEFAULT, sliding_attention=DEFAULT))),
    ("llama", dict(rope_scaling="linear")),
    ("llama", dict(rope_scaling=dict(type="yarn"))),
    ("llama", dict(rope_theta=None)),
    ("llama", dict(head_dim=None)),
    ("qwen2", dict(head_dim=None)),
    ("qwen3", dict(head_dim=None)),
    ("qwen2", dict(head_dim=12)),
    ("qwen2", dict(max_position_embeddings=None)),
    ("qwen2", dict(attention_bias=True)),
    ("qwen2", dict(layer_types="full_attention")),
    ("qwen2", dict(layer_types=["full_attention"])),
    ("qwen2", dict(layer_types=["full_attention", None])),
    ("qwen2", dict(use_sliding_window="yes")),
    ("qwen2", dict(rms_norm_eps=None)),
    ("qwen2", dict(tie_word_embeddings=None)),
    ("qwen2", dict(hidden_act=None)),
]


def numbers(row):
    return [float(f"{value:.9g}") for value in row.tolist()]


def make(family, changes):
    case = dict(family=family, changes=changes)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "config.json"), "w") as out:
            json.dump({**BASE, "model_type": family, "architectures": [NAMES[family]], **changes}, out)
        try:
            config = AutoConfig.from_pretrained(folder)
            rope = ROTARY[family](config)
            cosine, sine = rope(torch.zeros(1), torch.tensor([POSITIONS]))
        except Exception as error:
            print(family, changes, "->", type(error).__name__, str(error)[:100].replace("\n", " "))
            return dict(case, error=True)
    half = cosine.shape[-1] // 2
    return dict(case, positions=POSITIONS, frequencies=numbers(rope.inv_freq), attentionFactor=float(rope.attention_scaling),
                cosine=[numbers(row[:half]) for row in cosine[0]], sine=[numbers(row[:half]) for row in sine[0]])


if __name__ == "__main__":
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rope_configs.json"), "w") as out:
        json.dump([make(*case) for case in CASES], out)
        out.write("\n")
