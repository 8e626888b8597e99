"""The texts of a file as a task of inspect: a file of JSON lines, each with question and answer."""
from inspect_ai import Task, task
from inspect_ai.dataset import FieldSpec, json_dataset
from inspect_ai.scorer import match
from inspect_ai.solver import generate


@task
def texts(data: str):
    return Task(
        dataset=json_dataset(data, FieldSpec(input="question", target="answer")),
        solver=generate(),
        scorer=match(location="exact"),
    )
