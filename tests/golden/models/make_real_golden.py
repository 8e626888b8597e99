"""Writes `real.json`: what transformers says of real models, for tests that run only where somebody has those models.

    python make_real_golden.py FOLDER        (torch 2.13.0, transformers 5.23.0; CPU, float32, eager attention)

FOLDER holds model directories. For each: `sha256` of its model.safetensors (other weights give other numbers), and for each
question the prompt and the greedy continuation of at most 24 tokens with its log-probs and entropies at temperature 1 and
`leads`, by how much the largest logit leads the second; for the problems of MATH (the first of its test split, asked as the
task asks them) also five responses of at most 32 tokens drawn at temperature 1, with their log-probs and entropies.
"""
import hashlib, json, os, sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

QUESTIONS = [
    "What is the sum of the first ten positive integers? Put the answer in \\boxed{}.",
    "Solve $x^2 - 5x + 6 = 0$ for the larger root. Answer in \\boxed{}.",
    "Name a prime number between 20 and 30.",
]
MATH = [
    "How many vertical asymptotes does the graph of $y=\\frac{2}{x^2+x-6}$ have?",
    "What is the positive difference between $120\\%$ of 30 and $130\\%$ of 20?",
    "Find $x$ such that $\\lceil x \\rceil + x = \\dfrac{23}{7}$. Express $x$ as a common fraction.",
]
INSTRUCTION = "\nPlease reason step by step, and put your final answer within \\boxed{}."


def number(value):
    return float(f"{float(value):.9g}")


def logits_of(model, prompt, response):
    """The logits [response, V] that give the response's tokens."""
    return model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1:-1]


def scored(logits, response):
    logs = torch.log_softmax(logits, -1)
    return dict(logProbs=[number(row[token]) for row, token in zip(logs, response)],
                entropy=[number(value) for value in -(logs.exp() * logs).sum(-1)])


@torch.no_grad()
def respond(model, tokenizer, question, count):
    text = tokenizer.apply_chat_template([{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True)
    prompt = tokenizer.encode(text, add_special_tokens=False)
    plain = dict(repetition_penalty=1.0)
    response = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=24, **plain)[0].tolist()[len(prompt):]
    logits = logits_of(model, prompt, response)
    top = logits.topk(2).values
    case = dict(promptText=text, prompt=prompt, response=response, responseText=tokenizer.decode(response),
                **scored(logits, response), leads=[number(first - second) for first, second in top])
    if count == 0:
        return case
    stops = model.generation_config.eos_token_id
    stops = stops if isinstance(stops, list) else [stops]
    drawn = model.generate(torch.tensor([prompt]), do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=32,
                           num_return_sequences=count, **plain)
    case["responses"] = []
    for row in drawn.tolist():
        tokens = row[len(prompt):]
        end = next((i + 1 for i, token in enumerate(tokens) if token in stops), len(tokens))
        tokens = tokens[:end]
        case["responses"].append(dict(tokens=tokens, **scored(logits_of(model, prompt, tokens), tokens)))
    return case


def main(folder):
    golden = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        with open(os.path.join(path, "model.safetensors"), "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
        tokenizer = AutoTokenizer.from_pretrained(path)
        asked = [(question, 0) for question in QUESTIONS] + [(question + INSTRUCTION, 5) for question in MATH]
        golden[name] = dict(sha256=sha256, cases=[respond(model, tokenizer, *case) for case in asked])
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "real.json"), "w") as out:
        json.dump(golden, out, ensure_ascii=False)
        out.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
