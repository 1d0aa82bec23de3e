"""The handful of functions for notebooks and scripts: one run, without a sweep."""

import functools
import operator
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from lib import store
from lib.check import check_program
from lib.config import Config, make_config
from lib.data.symbol import encode, read_prompt, spell
from lib.error import UserError
from lib.evidence import Reading, make_course, read_text
from lib.long_sequence import stream
from lib.program import (
    check_identity,
    eval_length,
    identify,
    make_hparams,
    make_program,
)
from lib.program import make_task as task_of
from lib.registry import MODELS, TASKS, check_fit
from lib.setting import check_settings, nearest, settings_of
from lib.train import eval_batch, evaluation_key, predict
from lib.train import score as batch_sums
from lib.types import SPLITS, Interface, Model, Params, Split, Task
from lib.writer import Manner, check_manner, make_writer


class Classified(NamedTuple):
    """A text as it was read, and a course of probabilities: the last are the answer."""

    reading: Reading
    course: Float[np.ndarray, "m V"]

    @property
    def probabilities(self) -> Float[np.ndarray, " V"]:
        return self.course[-1]


class Run(NamedTuple):
    """A finished run: its numbers, its curves, and its model ready to be applied.

    `curves` holds arrays by "<split>/<metric>", with "<split>/step" beside them.
    `apply(inputs)` reads whole sequences [B, T] or [B, T, D] and returns outputs
    [B, T, V]. `write(prompt, length, temperature, seed)` is for text models, with
    top_k, top_p, greedy and beam of `lib.writer.Manner` as further keywords.
    `classify(text)` is for classifiers of texts: how the text was read, and the
    probability of each of `task.classes` before the first symbol and after each.

    For sequences of any length, at the memory of a chunk: `stream(inputs, chunk)` gives
    the outputs in order, as `lib.long_sequence.stream`; `score(length, num_examples,
    split)` the loss and metrics at a length of any size, trained for or not.
    """

    id: str
    config: Config
    result: dict[str, Any]
    curves: dict[str, np.ndarray]
    params: Params
    task: Task  # on the validation split
    model: Model
    apply: Callable[[PyTree], Array]
    write: Callable[..., str]
    classify: Callable[[str], Classified]
    stream: Callable[..., Iterator[Float[np.ndarray, "B T V"]]]
    score: Callable[..., dict[str, float]]


def make_task(
    name: str,
    length: int,
    *,
    split: Split = "train",
    batch_size: int = 32,
    **settings: Any,
) -> Task:
    """A task by its registered name: `task.sample(key, task.data, length)` draws.

    Raises UserError for an unknown name or setting, or a value out of range.
    """
    if split not in SPLITS:
        raise UserError(f"task: split must be one of {SPLITS}, got {split!r}")
    if type(batch_size) is not int or batch_size < 1:
        raise UserError(f"task: batch_size must be at least 1, got {batch_size!r}")
    return _make(TASKS, "task", name, (split, batch_size, length), settings)


def make_model(name: str, interface: Interface, **settings: Any) -> Model:
    """A model by its registered name, for what a task reads and asks.

    Raises UserError for an unknown name or setting, or a value out of range.
    """
    if name in MODELS:
        try:
            check_fit(name, interface)
        except ValueError as error:
            raise UserError(str(error)) from error
    return _make(MODELS, "model", name, (interface,), settings)


def run_config(config: Mapping[str, Any]) -> Run:
    """Train one run to its end in this process, leave no files, return all it gave."""
    from lib.driver import Control, Group, run_group

    valid = make_config(config)
    check_program(valid)
    run_id = identify(valid)
    group = Group(store.digest([run_id]), (run_id,), (valid,), 1)
    with tempfile.TemporaryDirectory() as folder:
        run_group(Path(folder), group, Control(checkpoint_seconds=float("inf")))
        return load_run(folder, run_id)


def load_run(root: str | Path, run_id: str) -> Run:
    """A run that has ended, from a store's folder. UserError where it has not."""
    record = store.read_run(Path(root), run_id)
    if record.config is None:
        raise UserError(f"run {run_id!r} is not in the store {root}")
    if record.result is None:
        raise UserError(f"run {run_id} is {record.state}: it has no result yet")
    config = make_config(record.config)
    check_identity(config, record)
    if "shipped" in record.result:
        raise UserError(
            f"run {run_id} came with the code, as numbers without parameters: train it "
            "with experiments.sweep --baselines=off"
        )
    program = make_program(config)
    model = program.make_model(make_hparams(config))
    inputs = jax.eval_shape(
        program.task.sample, jax.random.key(0), program.task.data, jnp.int32(1)
    ).inputs
    template = jax.eval_shape(model.init, jax.random.key(0), inputs)
    try:
        params = store.read_params(Path(root), run_id, template)
    except store.CorruptError:
        raise
    except ValueError as error:
        raise UserError(f"run {run_id}: its parameters do not fit: {error}") from error
    return Run(
        run_id,
        config,
        record.result,
        _curves(record.metrics),
        params,
        program.validation,
        model,
        jax.jit(lambda inputs: predict(model, params, inputs, None)),
        _text_writer(model, params, program.task),
        _classifier(model, params, program.task, eval_length(config)),
        functools.partial(stream, model, params),
        _scorer(config, model, params),
    )


def _make(
    known: Mapping[str, Callable[..., Any]],
    kind: str,
    name: str,
    sizes: tuple[Any, ...],
    settings: Mapping[str, Any],
) -> Any:
    if name not in known:
        raise UserError(f"{kind}: unknown name {name!r}{nearest(name, known)}")
    filled, problems = check_settings(kind, settings_of(known[name]), settings)
    if problems:
        raise UserError("\n".join(problems))
    try:
        return known[name](*sizes, **filled)
    except (ValueError, TypeError) as error:
        raise UserError(str(error)) from error


def _curves(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    curves: dict[str, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row["step"]):
        for name, value in row.items():
            if name not in ("attempt", "split"):
                curves.setdefault(f"{row['split']}/{name}", []).append(value)
    return {name: np.asarray(values) for name, values in curves.items()}


def _text_writer(model: Model, params: Params, task: Task) -> Callable[..., str]:
    stream = make_writer(model, params)

    def write(
        prompt: str,
        length: int = 500,
        temperature: float = 0.8,
        seed: int = 0,
        **others: Any,
    ) -> str:
        if task.system != "language":
            raise UserError("write: this run's task is not text")
        manner = Manner(length, temperature, seed=seed, **others)
        check_manner(manner, "write: ")
        read = read_prompt(prompt, task.symbols, task.separator)
        if not read:
            raise UserError(f"write: the prompt must not be empty, got {prompt!r}")
        tokens = encode(read, task.symbols).tolist()
        written = np.concatenate(list(stream(tokens, manner))).tolist()
        symbols = (task.symbols[token] for token in written)
        return "".join(spell(symbols, task.separator, read[-1]))

    return write


def _classifier(
    model: Model, params: Params, task: Task, most: int
) -> Callable[[str], Classified]:
    """Reads the first `most` symbols of a text: the most that the run was tested on."""
    course = functools.cache(lambda: make_course(model, most))

    def classify(text: str) -> Classified:
        if task.system != "classification":
            raise UserError("classify: this run's task is no classification of texts")
        reading = read_text(text, task.symbols, task.facts["unit"], most)
        return Classified(reading, course()(params, reading.tokens))

    return classify


def _scorer(config: Config, model: Model, params: Params) -> Callable[..., Any]:
    """Scores at a length, on examples of a split that no seed changes.

    As many as asked, rounded up to whole batches; all where the split has an end. Every
    example is read from the initial state, however the run was evaluated.
    """

    def score(
        length: int, num_examples: int = 1, split: Split = "test"
    ) -> dict[str, float]:
        length = _count("length", length)
        num_examples = _count("num_examples", num_examples)
        if split not in SPLITS:
            raise UserError(f"score: split must be one of {SPLITS}, got {split!r}")
        try:
            batch_size = config.evaluation.batch_size
            task = task_of(config, split, batch_size, length)
            if not task.eval_batches and num_examples < batch_size:
                batch_size = num_examples
                task = task_of(config, split, batch_size, length)
        except (ValueError, TypeError) as error:
            raise UserError(str(error)) from error
        if task.interface.image:
            raise UserError("score: this run's task is of pictures, without a length")
        metrics = {"loss": task.loss, **task.metrics}
        key, size = evaluation_key(split), jnp.int32(length)

        @jax.jit
        def sums_of(params: Params, data: PyTree, index: Array) -> PyTree:
            batch = eval_batch(task, data, key, index, size)
            return batch_sums(model, params, (), batch, metrics)[0]

        num_batches = task.eval_batches or -(-num_examples // batch_size)
        every = [sums_of(params, task.data, jnp.int32(i)) for i in range(num_batches)]
        sums = jax.tree.map(lambda *parts: sum(parts[1:], parts[0]), *every)
        return {name: metrics[name].finalize(sums[name]) for name in metrics}

    return score


def _count(name: str, value: Any) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = 0
    if count < 1 or isinstance(value, bool):
        raise UserError(f"score: {name} must be an int of at least 1, got {value!r}")
    return count
