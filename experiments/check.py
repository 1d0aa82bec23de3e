"""Hold a model or task of your own against the contract that registered ones keep.

    python -m experiments.check --model=path/to/cell.py:make_cell
    python -m experiments.check --task=path/to/task.py:make_task

Prints "keeps the contract", or each property that is broken with the smallest example
that shows it, and then ends with exit code 2. A model is checked over tokens and over
vectors, in the settings that follow its name (,hidden_size=32) or its defaults.
"""

from collections.abc import Sequence

from experiments.own import Given, define_own_flags, load_own
from experiments.program import run
from lib.error import UserError

OWN = define_own_flags()


def main(_: Sequence[str]) -> None:
    own = load_own(OWN)
    if not own:
        raise UserError("--model or --task must be given")
    problems = []
    for given in own.models:
        problems += _report(given, _model_failures(given))
    for given in own.tasks:
        problems += _report(given, _task_failures(given))
    if problems:
        raise UserError("\n".join(problems))


def _report(given: Given, failures: Sequence[str]) -> list[str]:
    if not failures:
        print(f"{given.name} keeps the contract")
    return [f"{given.name}: {failure}" for failure in failures]


def _model_failures(given: Given) -> list[str]:
    """The failures over tokens and over vectors; both kinds say some of them alike."""
    from lib.contract.model import FLOATS, TOKENS, check_model
    from lib.own import path_of
    from lib.registry import MODELS

    settings = _settings("model", given, MODELS[given.name])
    found = []
    for interface in (TOKENS, FLOATS):
        path = path_of("model", given.name)
        found += check_model(MODELS[given.name], interface, settings, path)
    first: dict[str, str] = {}
    for failure in found:
        first.setdefault(failure.property, str(failure))
    return list(first.values())


def _task_failures(given: Given) -> list[str]:
    from lib.contract.task import check_task
    from lib.own import path_of
    from lib.registry import TASKS

    settings = _settings("task", given, TASKS[given.name])
    path = path_of("task", given.name)
    return list(map(str, check_task(TASKS[given.name], settings, path)))


def _settings(kind: str, given: Given, factory):
    from lib.setting import check_settings, settings_of

    filled, problems = check_settings(kind, settings_of(factory), given.settings)
    if problems:
        raise UserError("\n".join(problems))
    return filled


if __name__ == "__main__":
    run(main)
