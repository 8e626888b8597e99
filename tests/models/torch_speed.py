"""Measures PyTorch on the shapes of `real_models.ts`: tokens a second, float32, CPU.

    python torch_speed.py DIR [THREADS]      (torch 2.13.0, transformers 5.23.0; THREADS: 2)

For each Hugging Face directory below DIR: sampling 16 responses of 32 tokens to prompts of 80 tokens (response tokens a
second, prompts included in the time), scoring 16 such sequences and a W-REINFORCE gradient of 8 (all tokens a second). The
vocabulary head runs over the response's positions only, as it does here, and attention is PyTorch's fused one.
"""
import os, sys, time

import torch
from transformers import AutoModelForCausalLM

PROMPT, RESPONSE = 80, 32


def prompts(count):
    return torch.tensor([[100 + (i * 2 // count) * 7 + t * 13 for t in range(PROMPT)] for i in range(count)])


def response_scores(model, tokens):
    hidden = model.model(tokens, use_cache=False).last_hidden_state[:, PROMPT - 1:-1]
    logs = torch.log_softmax(model.lm_head(hidden), -1)
    return logs.gather(-1, tokens[:, PROMPT:, None])[..., 0], -(logs.exp() * logs).sum(-1)


def timed(what, count, run):
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    print(f"  {what}: {count / seconds:.1f} tokens/s ({count} in {seconds:.1f} s)", flush=True)
    return result


@torch.no_grad()
def sample(model, count, length=RESPONSE):
    return model.generate(prompts(count), attention_mask=torch.ones(count, PROMPT, dtype=torch.long), do_sample=True,
                          temperature=1.0, top_k=0, top_p=1.0, repetition_penalty=1.0, min_new_tokens=length,
                          max_new_tokens=length, pad_token_id=0)


@torch.no_grad()
def score(model, tokens):
    # Eight at a time: float32 logits of all rows together would not be quicker.
    return [response_scores(model, part) for part in tokens.split(8)]


def train(model, tokens):
    old, _ = score(model, tokens)[0]
    advantage = torch.tensor([0.1, -1.0]).repeat(len(tokens) // 2)[:, None]

    def run():
        for part in (0, 1):
            chosen = slice(part, None, 2)
            logs, entropy = response_scores(model, tokens[chosen])
            ratio = (logs - old[chosen]).exp()
            plain, bounded = -advantage[chosen] * ratio, -advantage[chosen] * ratio.clamp(0.8, 1.2)
            loss = (torch.maximum(plain, bounded).sum() - 1e-4 * entropy.sum()) / (len(tokens) * RESPONSE)
            loss.backward()
    return run


def main(folder, threads=2):
    torch.set_num_threads(int(threads))
    for name in sorted(os.listdir(folder)):
        model = AutoModelForCausalLM.from_pretrained(os.path.join(folder, name), dtype=torch.float32).eval()
        print(f"{name}: PyTorch {torch.__version__}, {threads} threads", flush=True)
        sample(model, 2, 2)
        tokens = timed("sample, 16 sequences (response tokens)", 16 * RESPONSE, lambda: sample(model, 16))
        timed("score, 16 sequences (all tokens)", 16 * (PROMPT + RESPONSE), lambda: score(model, tokens))
        timed("train, 8 sequences, W-REINFORCE gradient (all tokens)", 8 * (PROMPT + RESPONSE), train(model, tokens[4:12]))


if __name__ == "__main__":
    main(*sys.argv[1:])
