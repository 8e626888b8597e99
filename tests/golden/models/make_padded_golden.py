"""Writes `padded.json`: golden models whose tokenizer knows fewer ids than there are rows, as PyTorch computes them with and without a mask.

    python make_padded_golden.py             (torch 2.13.0, transformers 5.24.0; CPU, float32)

Each case: `model`, `known` (ids that the tokenizer knows), `sequences` (`prompt`, `response` of known ids, `advantage`), and for `mask` (the other
logits are -infinity) and `keep`: `logProbs` and `entropy` of the response tokens at temperature 0.6, the loss mean(-A r) - 0.01 mean(entropy) over all
response tokens with r = 1, and of its gradient the norm of every parameter and, of the head's, the norm of each row.
"""
import json, os, random

import torch
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPERATURE, ENTROPY_COEF = 0.6, 0.01
CASES = [("qwen3_tied", 50), ("qwen2_untied", 61), ("llama_untied", 33)]


def numbers(row):
    return [float(f"{value:.9g}") for value in row.tolist()]


def compute(name, known, sequences):
    model = AutoModelForCausalLM.from_pretrained(os.path.join(HERE, name), dtype=torch.float32)
    logs, entropies, losses, bonus = [], [], [], []
    for one in sequences:
        ids = torch.tensor([one["prompt"] + one["response"]])
        logits = model(ids).logits[0, len(one["prompt"]) - 1:-1] / TEMPERATURE
        if known is not None:
            logits = logits[:, :known]
        log_p = torch.log_softmax(logits, -1)
        chosen = log_p[torch.arange(len(one["response"])), torch.tensor(one["response"])]
        entropy = -(log_p.exp() * log_p).sum(-1)
        losses.append(-one["advantage"] * torch.exp(chosen - chosen.detach()))
        logs.append(numbers(chosen))
        entropies.append(numbers(entropy))
        bonus.append(entropy)
    loss = torch.cat(losses).mean() - ENTROPY_COEF * torch.cat(bonus).mean()
    loss.backward()
    head = model.get_output_embeddings().weight.grad
    norms = {key: float(parameter.grad.norm()) for key, parameter in model.named_parameters()}
    return dict(logProbs=logs, entropy=entropies, loss=float(loss), gradNorms=norms, headRows=numbers(head.norm(dim=1)))


def main():
    chance, cases = random.Random(0), []
    for name, known in CASES:
        draw = lambda count: [chance.randrange(known) for _ in range(count)]
        sequences = [dict(prompt=draw(chance.randrange(2, 7)), response=draw(chance.randrange(3, 9)), advantage=sign)
                     for sign in (1.0, -1.0, -1.0, 1.0, 0.5)]
        cases.append(dict(model=name, known=known, sequences=sequences, mask=compute(name, known, sequences), keep=compute(name, None, sequences)))
    with open(os.path.join(HERE, "padded.json"), "w") as out:
        json.dump(dict(temperature=TEMPERATURE, entropyCoef=ENTROPY_COEF, cases=cases), out)
        out.write("\n")


if __name__ == "__main__":
    main()
