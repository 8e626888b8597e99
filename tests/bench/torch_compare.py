#!/usr/bin/env python3
"""The work of `deno task bench` done by PyTorch and transformers on the same machine, in a CSV of the same columns, and both side by side.

    python tests/bench/torch_compare.py --shape qwen2.5-0.5b --out torch.csv                 made-up weights, nothing to load
    python tests/bench/torch_compare.py --model DIR --out torch.csv                          a Hugging Face directory, offline
    python tests/bench/torch_compare.py --from torch.csv --beside results/bench/DEVICE.csv   ratios, nothing measured

Products are torch.nn.functional.linear; sampling is model.generate with its cache; a training step is bfloat16 without compilation (--dtype says
otherwise), with torch.optim.AdamW and clipping. Shapes come from data/shapes.json. Needs torch and transformers, no network.
"""

import argparse
import csv
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
ROOT = Path(__file__).resolve().parents[2]
SHAPES = json.loads((ROOT / "data/shapes.json").read_text())
COLUMNS = (
    "part", "work", "form", "model", "shape", "dispatches", "seconds", "gflops", "gbPerSecond", "intensity", "share", "heldBy",
    "tokensPerSecond", "roofGflops", "roofGbPerSecond", "device", "driver", "adapter", "date", "commit", "load",
)
PASS_TOKENS = 8192
PARTS = ("device", "product", "model")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", metavar="DIR", help="a Hugging Face directory")
    which.add_argument("--shape", choices=sorted(SHAPES["models"]), help="made-up weights of this model's shape")
    parser.add_argument("--workload", choices=sorted(SHAPES["workloads"]), help="default: gpu on a GPU, else software")
    parser.add_argument("--batch", type=int, help="sequences, instead of the workload's")
    parser.add_argument("--max-tokens", type=int, help="tokens of a response, instead of the workload's")
    parser.add_argument("--dtype", default="bfloat16", choices=("bfloat16", "float16", "float32"), help="of the model")
    parser.add_argument("--part", action="append", choices=PARTS, help="what to measure, may be given again (default: all)")
    parser.add_argument("--sizes", help="products of these sizes, such as 1024,8192")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", metavar="FILE", help="where the CSV is written (default: stdout)")
    parser.add_argument("--from", dest="given", metavar="FILE", help="a CSV that was written before; nothing is measured")
    parser.add_argument("--beside", metavar="FILE", help="a CSV of deno task bench: print both with their ratio")
    return parser.parse_args()


def median_seconds(run, runs, synchronize, enough=0.02):
    """The median of `runs` samples, each of as many calls as take `enough` seconds; what is made once is left out."""
    run()
    synchronize()
    start = time.perf_counter()
    run()
    synchronize()
    calls = max(1, int(enough / max(time.perf_counter() - start, 1e-9)))
    samples = []
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(calls):
            run()
        synchronize()
        samples.append((time.perf_counter() - start) / calls)
    return statistics.median(samples)


class Bench:
    def __init__(self, options):
        import torch

        self.torch = torch
        self.options = options
        self.cuda = torch.cuda.is_available()
        self.device = torch.device("cuda" if self.cuda else "cpu")
        self.kind = "gpu" if self.cuda else "software"
        self.rows = []
        self.load = os.getloadavg()[0] / (os.cpu_count() or 1)
        if self.cuda:
            torch.backends.cuda.matmul.allow_tf32 = False

    def synchronize(self):
        if self.cuda:
            self.torch.cuda.synchronize()

    def time(self, run, enough=0.02):
        return median_seconds(run, self.options.runs, self.synchronize, enough)

    def row(self, part, work, form, shape, seconds, flops=None, moved=None, model="", tokens=None):
        print(f"{part} {work} {form} {model} {shape}: {seconds:.6f} s", file=sys.stderr)
        self.rows.append({
            "part": part, "work": work, "form": form, "model": model, "shape": shape, "seconds": seconds, "flops": flops,
            "bytes": moved, "tokensPerSecond": None if tokens is None else tokens / seconds,
        })

    def measure_device(self):
        torch = self.torch
        size = 2**30 if self.cuda else 2**26
        a = torch.zeros(size // 4, device=self.device)
        b = torch.zeros_like(a)
        self.row("device", "copy", "", f"bytes={size}", self.time(lambda: b.copy_(a)), 0, 2 * size)
        self.row("device", "add", "", f"bytes={size}", self.time(lambda: b.add_(a)), size // 4, 3 * size)

    def measure_products(self):
        torch = self.torch
        sizes = SHAPES["products"][self.kind]
        if self.options.sizes:
            sizes = [[int(size)] * 3 for size in self.options.sizes.split(",")]
        forms = ["float32", "bfloat16"] + (["float16"] if self.cuda else [])
        for m, n, k in sizes:
            for form in forms:
                dtype = getattr(torch, form)
                a = torch.randn(m, k, device=self.device).to(dtype)
                b = torch.randn(n, k, device=self.device).to(dtype)
                seconds = self.time(lambda: torch.nn.functional.linear(a, b))
                moved = a.element_size() * (m * k + n * k + m * n)
                self.row("product", "product nt", form, f"M={m} N={n} K={k}", seconds, 2 * m * n * k, moved)

    def load_model(self):
        import transformers

        torch, options = self.torch, self.options
        dtype = getattr(torch, options.dtype)
        torch.manual_seed(0)
        if options.model:
            name = Path(options.model).resolve().name
            model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype, local_files_only=True)
        else:
            name = options.shape
            raw = SHAPES["models"][name]
            config = transformers.AutoConfig.for_model(**{key: raw[key] for key in raw if key != "architectures"})
            with torch.device(self.device):
                model = transformers.AutoModelForCausalLM.from_config(config, dtype=dtype)
        return name, model.to(self.device)

    def measure_model(self):
        torch, options = self.torch, self.options
        work = dict(SHAPES["workloads"][options.workload or self.kind])
        batch = options.batch or work["batch"]
        response = options.max_tokens or work["responseTokens"]
        prompt, mini = work["promptTokens"], min(work["miniBatch"], batch)
        name, model = self.load_model()
        vocabulary = model.config.vocab_size
        model.generation_config.eos_token_id = None
        groups = max(2, batch // 8)
        prompts = torch.tensor(
            [[(100 + i * groups // batch * 7 + t * 13) % vocabulary for t in range(prompt)] for i in range(batch)],
            device=self.device,
        )

        def draw(count):
            with torch.no_grad():
                return model.generate(
                    prompts[:count], attention_mask=torch.ones_like(prompts[:count]), do_sample=True, temperature=1.0, top_k=0,
                    top_p=1.0, max_new_tokens=response, min_new_tokens=response, pad_token_id=0, use_cache=True,
                )

        def log_probs(tokens):
            """Log-probs and entropies of the responses."""
            logits = model(tokens, logits_to_keep=response + 1).logits[:, :-1].float()
            logs = torch.log_softmax(logits, -1)
            targets = tokens[:, prompt:].unsqueeze(-1)
            return logs.gather(-1, targets).squeeze(-1), -(logs.exp() * logs).sum(-1)

        def passes(tokens):
            return tokens.split(max(1, PASS_TOKENS // tokens.shape[1]))

        def score(tokens):
            with torch.no_grad():
                return torch.cat([log_probs(part)[0] for part in passes(tokens)])

        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=0.01)

        def learn(tokens, old):
            total = old.numel()
            signs = torch.tensor([0.1 if i % 2 == 0 else -1.0 for i in range(len(tokens))], device=self.device)
            optimizer.zero_grad()
            step = max(1, PASS_TOKENS // tokens.shape[1])
            for part, before, sign in zip(passes(tokens), old.split(step), signs.split(step)):
                new, entropy = log_probs(part)
                ratio = (new - before).exp()
                advantage = sign.unsqueeze(-1)
                loss = torch.maximum(-advantage * ratio, -advantage * ratio.clamp(0.8, 1.2)) - 1e-4 * entropy
                (loss.sum() / total).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

        def grpo():
            tokens = draw(batch)
            old = score(tokens)
            for part, before in zip(tokens.split(mini), old.split(mini)):
                learn(part, before)

        tokens = draw(batch)
        old = score(tokens)

        def add(work_name, count, run, counted):
            shape = f"sequences={count} prompt={prompt} response={response}"
            self.row("model", work_name, options.dtype, shape, self.time(run, 0), model=name, tokens=count * counted)

        add("sample", batch, lambda: draw(batch), response)
        add("score", batch, lambda: score(tokens), prompt + response)
        add("train", mini, lambda: learn(tokens[:mini], old[:mini]), prompt + response)
        add("grpo", batch, grpo, response)

    def records(self):
        def best(rows, key):
            return max((row[key] / row["seconds"] for row in rows if row[key]), default=None)

        arithmetic = best([row for row in self.rows if row["part"] == "product"], "flops")
        bandwidth = best([row for row in self.rows if row["part"] == "device"], "bytes")
        return [self.record(row, arithmetic, bandwidth) for row in self.rows]

    def record(self, row, arithmetic, bandwidth):
        torch = self.torch
        flops, moved, seconds = row["flops"], row["bytes"], row["seconds"]
        terms = {}
        if flops is not None and arithmetic:
            terms["arithmetic"] = flops / arithmetic
        if moved is not None and bandwidth:
            terms["bandwidth"] = moved / bandwidth
        held = max(terms, key=terms.get) if terms else None
        driver = f"torch {torch.__version__}" + (f", CUDA {torch.version.cuda}" if self.cuda else "")
        return {
            **{key: row[key] for key in ("part", "work", "form", "model", "shape", "seconds", "tokensPerSecond")},
            "gflops": None if flops is None else flops / seconds / 1e9,
            "gbPerSecond": None if moved is None else moved / seconds / 1e9,
            "intensity": None if flops is None or not moved else flops / moved,
            "share": terms[held] / seconds if held else None,
            "heldBy": held,
            "roofGflops": arithmetic and arithmetic / 1e9,
            "roofGbPerSecond": bandwidth and bandwidth / 1e9,
            "device": torch.cuda.get_device_name() if self.cuda else platform.processor() or platform.machine(),
            "driver": driver,
            "adapter": f"torch {self.device.type}",
            "date": datetime.date.today().isoformat(),
            "commit": commit(),
            "load": self.load,
        }


def commit():
    found = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def write(records, path):
    """Writes the whole file or none."""
    partial = f"{path}.partial-{os.getpid()}"
    with open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
    os.replace(partial, path)


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or any(column not in rows[0] for column in COLUMNS):
        sys.exit(f'Cannot read "{path}": expected a CSV with the columns {", ".join(COLUMNS)}')
    return rows


def beside(ours, theirs):
    """Prints each work that both did, ours and theirs, and how many times faster ours is."""
    def key(row):
        return row["part"], row["work"], row["shape"], row["model"]

    found = [(mine, other) for mine in ours for other in theirs if key(mine) == key(other)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["work", "model", "shape", "form", "rivalForm", "seconds", "rivalSeconds", "timesAsFast"])
    for mine, other in found:
        ratio = float(other["seconds"]) / float(mine["seconds"])
        writer.writerow([
            mine["work"], mine["model"], mine["shape"], mine["form"], other["form"], f'{float(mine["seconds"]):.6g}',
            f'{float(other["seconds"]):.6g}', f"{ratio:.3g}",
        ])
    if not found:
        print("no work is in both files: the shapes differ", file=sys.stderr)


def main():
    options = arguments()
    if options.given:
        rows = read(options.given)
    else:
        asked = options.part or [part for part in PARTS if part != "model" or options.model or options.shape]
        if "model" in asked and not (options.model or options.shape):
            sys.exit("Cannot measure a model: --model or --shape is missing")
        bench = Bench(options)
        for part in asked:
            {"device": bench.measure_device, "product": bench.measure_products, "model": bench.measure_model}[part]()
        rows = bench.records()
        if options.out:
            write(rows, options.out)
        elif not options.beside:
            writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    if options.beside:
        beside(read(options.beside), rows)


if __name__ == "__main__":
    main()
