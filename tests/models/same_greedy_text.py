"""Whether transformers loads a trained directory and writes the greedy text that a run recorded.

    python3 tests/models/same_greedy_text.py RUN_OR_MODEL GREEDY.ndjson

The second file has records of `sample --temperature 0` with that model. Exits 1 at the first response that differs, and prints both. For a run of
the recipe smollm2:

    deno task -q prompt --model RUN/model --task jsonl --data data/arithmetic --template none --split test --limit 6 |
      deno task -q sample --model RUN/model --temperature 0 --responses 1 --max-tokens 12 > GREEDY.ndjson
"""

import json
import os
import sys

import torch
from transformers import AutoModelForCausalLM


def main(path, records):
    inner = os.path.join(path, "model")
    model = AutoModelForCausalLM.from_pretrained(inner if os.path.isdir(inner) else path, dtype=torch.float32).eval()
    rows = [json.loads(line) for line in open(records, encoding="utf-8")]
    assert rows and all(row["temperature"] == 0 for row in rows), f"{records}: expected greedy records"
    for row in rows:
        prompt = torch.tensor([row["promptTokens"]])
        with torch.no_grad():
            out = model.generate(prompt, do_sample=False, max_new_tokens=len(row["responseTokens"]))
        tokens = out[0, prompt.shape[1] :].tolist()
        if tokens != row["responseTokens"]:
            print(f"{row['problemId']}: ours {row['responseTokens']}, transformers {tokens}")
            return 1
    print(f"{len(rows)} greedy responses, {sum(len(row['responseTokens']) for row in rows)} tokens: the same")
    return 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main(*sys.argv[1:]))
