"""Writes `directories.json`: log-probs of golden models whose directory is changed, as transformers computes them.

    python make_directories_golden.py        (torch 2.13.0, transformers 5.24.0; CPU, float32)

Each case: `model`, `changes` to its config.json (null takes a key away), whether it has a `head` of its own (the embedding times -0.5 in every second row),
the `prompt` and `response` and the response's `logProbs` at temperature 1.
"""
import json, os, random, shutil, tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
YARN = dict(type="yarn", factor=4.0, original_max_position_embeddings=16)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
CASES = [
    ("qwen3_tied", {}, False), ("qwen3_tied", dict(rope_scaling=YARN), False), ("qwen2_untied", dict(rope_scaling=dict(YARN, attention_factor=0.9, truncate=False)), False),
    ("qwen2_tied", dict(rope_scaling=dict(YARN, beta_fast=8, beta_slow=2)), False), ("llama_untied", dict(rope_scaling=LLAMA3), False),
    ("qwen3_tied", {}, True), ("llama_tied", {}, True), ("qwen2_tied", dict(attention_bias=True, mlp_bias=True), False), ("qwen2_tied", dict(max_position_embeddings=None), False),
    ("qwen2_tied", dict(rope_parameters={}, rope_theta=500000.0), False), ("qwen3_untied", dict(initializer_range=float("nan")), False),
]


def make(name, changes, head, chance):
    with tempfile.TemporaryDirectory() as folder:
        for file in os.listdir(os.path.join(HERE, name)):
            if "config" in file or "safetensors" in file:
                shutil.copy(os.path.join(HERE, name, file), folder)
        with open(os.path.join(folder, "config.json")) as source:
            config = json.load(source)
        config.update(changes)
        config = {key: value for key, value in config.items() if value is not None or key not in changes}
        with open(os.path.join(folder, "config.json"), "w") as out:
            json.dump(config, out)
        if head:
            tensors = load_file(os.path.join(folder, "model.safetensors"))
            other = tensors["model.embed_tokens.weight"].clone()
            other[::2] *= -0.5
            save_file({**tensors, "lm_head.weight": other}, os.path.join(folder, "model.safetensors"), metadata=dict(format="pt"))
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        draw = lambda count: [chance.randrange(config["vocab_size"]) for _ in range(count)]
        prompt, response = draw(5), draw(25)
        with torch.no_grad():
            log_p = torch.log_softmax(model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1:-1], -1)
    chosen = log_p[torch.arange(len(response)), torch.tensor(response)]
    changes = {key: "NaN" if value != value else value for key, value in changes.items()}
    return dict(model=name, changes=changes, head=head, prompt=prompt, response=response, logProbs=[float(f"{x:.9g}") for x in chosen.tolist()])


if __name__ == "__main__":
    chance = random.Random(0)
    with open(os.path.join(HERE, "directories.json"), "w") as out:
        json.dump([make(*case, chance) for case in CASES], out)
        out.write("\n")
