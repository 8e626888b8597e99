#!/usr/bin/env python3
"""Latency and tokens/s of `deno task serve` beside the server of llama.cpp (PyPI `llama-cpp-python[server]`), same model, threads and prompts.

    python convert_hf_to_gguf.py DIR --outtype f32 --outfile MODEL.gguf          llama.cpp's script, in the source of llama-cpp-python
    python tests/bench/serving_latency.py --model DIR --gguf MODEL.gguf --llama-python PYTHON

Starts both servers. Prompts are texts of 32 tokens that share no beginning, decoding is greedy. A prompt whose response ends before 64 tokens on either
server is left out. In each round every number of clients asks one server and then the other, whose order turns; the server that is not asked is idle.
Prints a table in Markdown: p50 and p95 of a request's seconds and the tokens/s of all clients, each the median of the rounds, and their ratios. Needs
Python's standard library alone.
"""

import argparse
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("signum", "llama.cpp")
# llama-cpp-python penalizes repetition unless told otherwise.
MORE = {"signum": {}, "llama.cpp": {"repeat_penalty": 1.0}}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, metavar="DIR", help="a Hugging Face directory")
    parser.add_argument("--gguf", required=True, metavar="FILE", help="the same model as GGUF")
    parser.add_argument("--llama-python", default=sys.executable, metavar="PYTHON", help="a Python with llama-cpp-python[server]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clients", default="1,8", help="numbers of clients at once")
    parser.add_argument("--requests", type=int, default=8, help="requests of a round, at least one a client")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prompt-tokens", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=64)
    return parser.parse_args()


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def started(command, port, log, **environment):
    """A server that answers /v1/models."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **environment})
    for _ in range(1200):
        if process.poll() is not None:
            sys.exit(f"{command[0]} ended with {process.returncode}; see {log.name}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).read()
            return process
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
    process.terminate()
    return sys.exit(f"{command[0]} does not answer; see {log.name}")


def servers(args, slots, log):
    """The address and the process of each server."""
    length = args.prompt_tokens + args.max_tokens
    ports = [free_port(), free_port()]
    serve = ["deno", "run", "-q", "-P=serving", "--v8-flags=--max-old-space-size=16384", "pipelines/cli.ts", "serve"]
    signum = [*serve, "--model", os.path.abspath(args.model), "--served-model", "model", "--batch", str(slots), "--context", str(2 * length)]
    threads = str(args.threads)
    llama = [args.llama_python, "-m", "llama_cpp.server", "--model", os.path.abspath(args.gguf), "--model_alias", "model", "--n_ctx", str(2 * length)]
    llama += ["--n_threads", threads, "--n_threads_batch", threads, "--interrupt_requests", "False"]
    commands = [[*command, "--port", str(port)] for command, port in zip((signum, llama), ports)]
    processes = []
    try:
        for command, port in zip(commands, ports):
            processes.append(started(command, port, log, SIGNUM_THREADS=threads))
    except BaseException:
        for process in processes:
            process.terminate()
        raise
    return {name: f"http://127.0.0.1:{port}/v1/completions" for name, port in zip(NAMES, ports)}, processes


def prompts_of(url, tokens, count):
    """Texts of `tokens` tokens, each of other words from the first on."""
    draw = random.Random(1)
    words = "river stone light garden music winter paper silver table forest water window morning letter school mountain".split()
    prompts = []
    while len(prompts) < count:
        text = f"{len(prompts)}" + "".join(f" {draw.choice(words)}" for _ in range(tokens + 8))
        while len(post(url, {"prompt": text})["tokens"]) > tokens:
            text = text.rsplit(" ", 1)[0]
        if len(post(url, {"prompt": text})["tokens"]) == tokens:
            prompts.append(text)
    return prompts


def asked(url, name, prompt, args):
    """Seconds of a request, and its answer."""
    body = {"model": "model", "prompt": prompt, "max_tokens": args.max_tokens, "temperature": 0, **MORE[name]}
    start = time.perf_counter()
    answer = post(url, body)
    return time.perf_counter() - start, answer


def usable(urls, prompts, most, args):
    """At most `most` prompts that both servers answer in full, and how many of these have the same text on both."""
    kept, same = [], 0
    for prompt in prompts:
        if len(kept) == most:
            break
        answers = [asked(urls[name], name, prompt, args)[1] for name in NAMES]
        counts = [(answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) for answer in answers]
        if all(count == (args.prompt_tokens, args.max_tokens) for count in counts):
            kept.append(prompt)
            same += len({answer["choices"][0]["text"] for answer in answers}) == 1
        else:
            print(f"left out, tokens of prompt and response are {counts}: {prompt!r}", file=sys.stderr)
    return kept, same


def measured(url, name, prompts, clients, args):
    """The seconds of each request of a round, and the tokens/s of all."""
    with ThreadPoolExecutor(clients) as pool:
        barrier = threading.Barrier(clients)

        def one(number):
            barrier.wait()
            return [asked(url, name, prompt, args) for prompt in prompts[number::clients]]

        start = time.perf_counter()
        answers = [answer for some in pool.map(one, range(clients)) for answer in some]
        wall = time.perf_counter() - start
    return [seconds for seconds, _ in answers], sum(answer["usage"]["completion_tokens"] for _, answer in answers) / wall


def percentile(values, share):
    """Linear between the two nearest values."""
    at = share * (len(values) - 1)
    low, high = sorted(values)[int(at)], sorted(values)[min(int(at) + 1, len(values) - 1)]
    return low + (at - int(at)) * (high - low)


def main():
    args = arguments()
    # The servers end with this program, however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    counts = [int(count) for count in args.clients.split(",")]
    most = max(*counts, args.requests)
    with tempfile.NamedTemporaryFile("w", prefix="serving-latency-", suffix=".log", delete=False) as log:
        urls, processes = servers(args, max(counts), log)
        try:
            candidates = prompts_of(urls["signum"].replace("/v1/completions", "/tokenize"), args.prompt_tokens, most + 4)
            kept, same = usable(urls, candidates, most, args)
            if len(kept) < most:
                sys.exit(f"{len(kept)} prompts of {len(candidates)} have whole responses, and {most} are needed")
            rows = {(name, count): [] for name in NAMES for count in counts}
            loads = []
            for turn in range(args.rounds):
                for count in counts:
                    for name in NAMES if turn % 2 == 0 else NAMES[::-1]:
                        loads.append(os.getloadavg()[0])
                        seconds, speed = measured(urls[name], name, kept[: max(count, args.requests)], count, args)
                        row = percentile(seconds, 0.5), percentile(seconds, 0.95), speed
                        rows[name, count].append(row)
                        print(f"round {turn + 1}, {name}, {count} clients: {row}", file=sys.stderr)
        finally:
            for process in processes:
                process.terminate()
                process.wait()
    print(f"{args.prompt_tokens} prompt tokens, {args.max_tokens} new ones, {args.threads} threads, {args.rounds} rounds of {args.requests} requests;")
    print(f"greedy texts equal on both servers: {same} of {len(kept)}; load of the machine {min(loads):.1f} to {max(loads):.1f}\n")
    print("| clients | figure | signum | llama.cpp | signum / llama.cpp |\n|---:|---|---:|---:|---:|")
    for count in counts:
        for at, figure in enumerate(("p50, s", "p95, s", "tokens/s")):
            ours, theirs = (statistics.median(row[at] for row in rows[name, count]) for name in NAMES)
            ratio = statistics.median(a[at] / b[at] for a, b in zip(*(rows[name, count] for name in NAMES)))
            print(f"| {count} | {figure} | {ours:.2f} | {theirs:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
