"""The texts of a folder as a task of lighteval: TASK_DATA names a folder with test.jsonl, each line with question and answer."""
import os

from lighteval.metrics.metrics import Metrics
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc


def prompt(line, task_name):
    return Doc(task_name=task_name, query=line["question"], choices=[line["answer"]], gold_index=0)


TASKS_TABLE = [
    LightevalTaskConfig(
        name="texts",
        prompt_function=prompt,
        hf_repo=os.environ["TASK_DATA"],
        hf_subset="default",
        hf_avail_splits=["test"],
        evaluation_splits=["test"],
        generation_size=12,
        stop_sequence=[],
        metrics=[Metrics.exact_match],
    )
]
