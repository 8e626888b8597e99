"""lighteval's endpoint backend over a server, by its own command line: python lighteval_run.py URL DATA OUT.

URL ends in /v1, DATA is a folder with test.jsonl, OUT is for its results. Prints one JSON object: its metrics, and the text of each question.
"""
import glob
import json
import os
import sys
import types

url, data, out = sys.argv[1:4]
os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    HF_HOME=os.path.join(out, "hf"),
    TASK_DATA=data,
    # litellm would ask GitHub for its table of prices.
    LITELLM_LOCAL_MODEL_COST_MAP="True",
)
# litellm keeps its answers in the folder where it runs.
os.chdir(out)

# lighteval loads all of its tasks at its start, and this one fetches a file from GitHub then.
tiny = types.ModuleType("lighteval.tasks.tasks.tiny_benchmarks")
tiny.TASKS_TABLE = []
sys.modules[tiny.__name__] = tiny

from lighteval.__main__ import app

model = {
    "model_name": "openai/base",
    "provider": "openai",
    "base_url": url,
    "api_key": "none",
    "max_model_length": 32,
    "generation_parameters": "{temperature:0,seed:1}",
}
task = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lighteval_task.py")
args = ",".join(f"{name}={value}" for name, value in model.items())
flags = ["--custom-tasks", task, "--output-dir", "results", "--save-details"]
try:
    app(["endpoint", "litellm", args, "texts", *flags])
except SystemExit as ended:
    if ended.code:
        raise

from datasets import load_dataset

[results] = glob.glob("results/results/**/*.json", recursive=True)
[details] = glob.glob("results/details/**/*.parquet", recursive=True)
rows = load_dataset("parquet", data_files=details, split="train")
texts = {row["doc"]["query"]: row["model_response"]["text"] for row in rows}
print(json.dumps({"results": json.load(open(results))["results"], "texts": texts}))
