"""The Python clients of a server: PyPI `openai`, and `lm-eval` over the server beside its own `hf` backend on the same checkpoint.

python clients.py URL DIR FILES: URL ends in /v1, DIR is the served model's directory, FILES a folder with choices.json and texts.json.
Prints one JSON object; exits 1 where a figure differs.
"""
import json
import os
import sys

url, model, folder = sys.argv[1:4]
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OPENAI_API_KEY="none")
os.environ.setdefault("HF_HOME", os.path.join(folder, "hf"))

import lm_eval
import openai
import torch

torch.set_num_threads(1)


def task(name, kind, **more):
    return {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": os.path.join(folder, f"{kind}.json")}},
        "test_split": "test",
        "doc_to_text": "{{question}}",
        "num_fewshot": 0,
        **more,
    }


until = dict(
    output_type="generate_until",
    doc_to_target="{{answer}}",
    generation_kwargs={"until": ["="], "max_gen_toks": 12, "do_sample": False, "temperature": 0.0},
    metric_list=[{"metric": "exact_match"}],
)
tasks = [
    task(
        "choices",
        "choices",
        output_type="multiple_choice",
        doc_to_choice="{{choices}}",
        doc_to_target="{{gold}}",
        metric_list=[{"metric": "acc"}, {"metric": "acc_norm"}],
    ),
    task("texts", "texts", **until),
]
# The template writes the tag that each question of a conversation lacks.
chats = [task("chats", "texts", **until, doc_to_text="{{question | replace(' <direct>', '')}}")]


def evaluated(backend, args, tasks, **more):
    return lm_eval.simple_evaluate(
        model=backend, model_args=args, tasks=tasks, log_samples=True, bootstrap_iters=0, cache_requests=False, **more
    )


served = evaluated(
    "local-completions",
    {
        "model": "base",
        "base_url": f"{url}/completions",
        "tokenizer": model,
        "tokenizer_backend": "huggingface",
        "max_length": 32,
        "num_concurrent": 4,
    },
    tasks,
)
served_chats = evaluated(
    "local-chat-completions",
    {"model": "base", "base_url": f"{url}/chat/completions", "num_concurrent": 4},
    chats,
    apply_chat_template=True,
)
hf = {"pretrained": model, "dtype": "float32", "device": "cpu", "max_length": 32}
local = evaluated("hf", hf, tasks)
local_chats = evaluated("hf", hf, chats, apply_chat_template=True)
for kind in ("results", "samples"):
    served[kind].update(served_chats[kind])
    local[kind].update(local_chats[kind])

failures = []
numbers = {}
for name in ("choices", "texts", "chats"):
    for key, value in local["results"][name].items():
        other = served["results"][name][key]
        if isinstance(value, float):
            numbers[f"{name} {key}"] = [other, value]
        if isinstance(value, float) and other != value:
            failures.append(f"{name} {key}: server {other}, hf {value}")

order = lambda sample: sample["doc_id"]
worst = 0.0
for mine, theirs in zip(sorted(served["samples"]["choices"], key=order), sorted(local["samples"]["choices"], key=order)):
    for choice, a, b in zip(mine["doc"]["choices"], mine["filtered_resps"], theirs["filtered_resps"]):
        worst = max(worst, abs(float(a[0]) - float(b[0])) / len(choice.split()))
        if str(a[1]) != str(b[1]):
            failures.append(f"greedy of {choice!r}: server {a[1]}, hf {b[1]}")
numbers["log-prob per token, largest difference"] = worst
if worst > 1e-4:
    failures.append(f"log-probs differ by {worst} a token")
for name in ("texts", "chats"):
    pairs = list(zip(sorted(served["samples"][name], key=order), sorted(local["samples"][name], key=order), strict=True))
    for mine, theirs in pairs:
        if mine["resps"] != theirs["resps"]:
            failures.append(f"{name}, {mine['doc']['question']!r}: server {mine['resps']}, hf {theirs['resps']}")
    numbers[f"characters of {name}"] = sum(len(mine["resps"][0][0]) for mine, _ in pairs)

client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
body = {"model": "base", "prompt": "3 5 7 ~5 20 <direct>", "seed": 3, "n": 2}
whole = client.completions.create(**body)
texts = {0: "", 1: ""}
for chunk in client.completions.create(**body, stream=True):
    for choice in chunk.choices:
        texts[choice.index] += choice.text
if [choice.text for choice in whole.choices] != [texts[0], texts[1]]:
    failures.append("openai: the stream does not join to the answer")
messages = [{"role": "user", "content": "3 5 7 ~5 20"}]
chat = client.chat.completions.create(model="base", messages=messages, seed=3, logprobs=True, top_logprobs=2)
streamed = "".join(
    chunk.choices[0].delta.content or ""
    for chunk in client.chat.completions.create(model="base", messages=messages, seed=3, stream=True)
)
if streamed != chat.choices[0].message.content:
    failures.append("openai: the chat's stream does not join to the answer")
try:
    client.completions.create(model="base", prompt="1", logit_bias={"1": 5})
    failures.append("openai: logit_bias was taken")
except openai.BadRequestError as error:
    if error.param != "logit_bias":
        failures.append(f"openai: the refusal names {error.param}")

print(json.dumps({"failures": failures, "numbers": numbers, "versions": {"openai": openai.__version__}}))
sys.exit(1 if failures else 0)
