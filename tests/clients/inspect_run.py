"""inspect over a server, by its own command line: python inspect_run.py URL DATA OUT.

URL ends in /v1, DATA is a file of JSON lines, OUT is for its logs. Prints one JSON object: its metrics, and of each question the text, with the
log-probs of its tokens.
"""
import glob
import json
import os
import subprocess
import sys

url, data, out = sys.argv[1:4]
here = os.path.dirname(os.path.abspath(__file__))
line = [
    os.path.join(os.path.dirname(sys.executable), "inspect"),
    "eval",
    "inspect_task.py@texts",
    *("-T", f"data={os.path.abspath(data)}"),
    *("--model", "openai-api/signum/base", "--model-base-url", url),
    *("--temperature", "0", "--max-tokens", "12", "--seed", "1", "--stop-seqs", "="),
    *("--logprobs", "--top-logprobs", "2"),
    *("--display", "none", "--log-dir", os.path.abspath(out), "--log-format", "json"),
]
ran = subprocess.run(line, cwd=here, env={**os.environ, "SIGNUM_API_KEY": "none"}, capture_output=True, text=True)
if ran.returncode != 0:
    sys.exit(ran.stdout + ran.stderr)

from inspect_ai.log import read_eval_log

[path] = glob.glob(os.path.join(out, "*.json"))
log = read_eval_log(path)
if log.status != "success":
    sys.exit(f"inspect: {log.status} {log.error}")
samples = {
    sample.input: {
        "text": sample.output.completion,
        "stop": sample.output.stop_reason,
        "logprobs": [token.logprob for token in sample.output.choices[0].logprobs.content],
        "usage": next(iter(sample.model_usage.values())).output_tokens,
    }
    for sample in log.samples
}
metrics = {name: metric.value for name, metric in log.results.scores[0].metrics.items()}
print(json.dumps({"results": metrics, "samples": samples}))
