"""Writes `real.json`: what transformers says of real models, for tests that run only where somebody has those models.

    python make_real_golden.py FOLDER        (torch 2.13.0, transformers 5.23.0; CPU, float32, eager attention)

FOLDER holds model directories. For each: `sha256` of its model.safetensors (other weights give other numbers), and for each
prompt the tokens, the greedy continuation of at most 24 tokens, and its log-probs and entropies at temperature 1.
"""
import hashlib, json, os, sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

QUESTIONS = [
    "What is the sum of the first ten positive integers? Put the answer in \\boxed{}.",
    "Solve $x^2 - 5x + 6 = 0$ for the larger root. Answer in \\boxed{}.",
    "Name a prime number between 20 and 30.",
]


def number(value):
    return float(f"{float(value):.9g}")


@torch.no_grad()
def respond(model, tokenizer, question):
    text = tokenizer.apply_chat_template([{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True)
    prompt = tokenizer.encode(text, add_special_tokens=False)
    tokens = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=24, repetition_penalty=1.0)[0].tolist()
    logs = torch.log_softmax(model(torch.tensor([tokens])).logits[0, len(prompt) - 1:-1], -1)
    response = tokens[len(prompt):]
    return dict(promptText=text, prompt=prompt, response=response, responseText=tokenizer.decode(response),
                logProbs=[number(row[token]) for row, token in zip(logs, response)],
                entropy=[number(value) for value in -(logs.exp() * logs).sum(-1)])


def main(folder):
    golden = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        with open(os.path.join(path, "model.safetensors"), "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
        tokenizer = AutoTokenizer.from_pretrained(path)
        golden[name] = dict(sha256=sha256, cases=[respond(model, tokenizer, question) for question in QUESTIONS])
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "real.json"), "w") as out:
        json.dump(golden, out, ensure_ascii=False)
        out.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
