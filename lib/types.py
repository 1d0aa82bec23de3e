"""The values every other module speaks of: batches, metrics, tasks, models, runs.

Axis letters: R runs, K steps, B batch, T time, D input features, H hidden,
V outputs, L layers.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from jaxtyping import Array, Bool, Float, Int, Key, PyTree

from lib.window import Windows

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
System = Literal[
    "memory",
    "regression",
    "classification",
    "language",
    "questions",
    "images",
    "location",
    "captions",
    "picture_questions",
]

Params = PyTree
Carry = PyTree
PRNGKey = Key[Array, ""]


class Batch(NamedTuple):
    """B examples of one task, right-padded to the task's `max_length`.

    A picture is float [B, H, W, C] in [0, 1], one input that is answered at once (T is
    1), or at every place of a response map (T places, row by row). A picture with words
    is {"image": pictures, "tokens": int [B, T]}.
    """

    inputs: PyTree  # tokens int [B, T], values float [B, T, D], or with a picture
    targets: PyTree  # classes int [B, T], or values float [B, T, V]
    mask: Float[Array, "B T"]  # 1 where a target is scored, else 0
    # True where the state before that step is the initial one; None: only at step 0
    reset: Bool[Array, "B T"] | None = None


class Mean(NamedTuple):
    """A masked mean as two sums, so that the means of two batches merge by adding."""

    total: Float[Array, "*S"]
    count: Float[Array, "*S"]  # pyright: ignore[reportIncompatibleMethodOverride] hides tuple.count


class Metric(NamedTuple):
    """A number over any amount of data, gathered as sums that add.

    `accumulate(outputs, batch)` returns a pytree of sums; `finalize(sums)` makes one
    float of it on the host. A task's loss accumulates a `Mean`, whose ratio is
    differentiated in training. `by_step`: the sums over the parts of a sequence add up
    to those over the whole, as a count of steps does and one of sequences does not.
    """

    accumulate: Callable[[PyTree, Batch], PyTree]
    finalize: Callable[[PyTree], float]
    by_step: bool = False


class Interface(NamedTuple):
    """What a task asks of a model: what it reads and how many numbers it answers."""

    vocabulary_size: int  # inputs are tokens below this; 0: inputs are float vectors
    input_size: int  # D of float inputs; the vocabulary size for tokens
    output_size: int  # V: classes, or values to predict
    padding: bool = False  # token 0 stands for no input: right padding
    image: tuple[int, ...] = ()  # (H, W, C) of the picture in the inputs; (): none
    stride: int = 0  # pixels between the places of a response map; 0: one answer


class Task(NamedTuple):
    """Draws examples of a given length and scores answers to them.

    `split`, batch size and `max_length` are fixed by the factory; the length is traced,
    at most `max_length`. Where the inputs are a picture alone, `max_length` is its side
    in pixels and nothing is drawn at another. `floor` and `optimum` are values of the
    metric `score_metric` at a length: what a predictor reaches that ignores the inputs,
    and what a perfect one reaches (None: unknown). `window_score(length, k)` is the
    best score in [0, 1] of any predictor that sees only the last k inputs, or an upper
    bound of it, which proves as much of a model above it. `information(length)` is what
    an example asks to be kept, in bits, where defined.

    A stream task can also be read in order: `stream_at(data, index, length)` is window
    `index` of B parallel streams that together are the split. Where a stream begins its
    batch has a reset, at the first step and nowhere else; index 0 to stream_batches - 1
    scores every target once.
    """

    sample: Callable[[PRNGKey, PyTree, Int[Array, ""]], Batch]
    interface: Interface
    max_length: int
    loss: Metric
    metrics: Mapping[str, Metric]
    score_metric: str  # a key of `metrics`, in whose unit floor and optimum are
    floor: Callable[[int], float]
    optimum: Callable[[int], float] | None
    window_score: Callable[[int, int], float] | None
    version: int
    data: PyTree = ()  # arrays that `sample` reads: an argument, never a closure
    fingerprint: str = ""  # hash of the data's content; part of the run's id
    system: System = "memory"  # what examines a trained run, and where it is reported
    symbols: tuple[str, ...] = ()  # text tasks: what each token stands for
    separator: str = ""  # between two symbols of a text: nothing, or a space
    classes: tuple[str, ...] = ()  # classification: the name of each output
    facts: Mapping[str, Any] = {}  # plain data about the task, shown in the report
    eval_batches: int = 0  # batches that cover the split exactly; 0: as many as asked
    # `batch_at(data, index, length)` for index in range(eval_batches) scores every
    # target of the split once, in an order that no key changes; None: use `sample`
    batch_at: Callable[[PyTree, Int[Array, ""], Int[Array, ""]], Batch] | None = None
    stream_batches: int = 0
    stream_at: Callable[[PyTree, Int[Array, ""], Int[Array, ""]], Batch] | None = None
    information: Callable[[int], float] | None = None


class Prepared(NamedTuple):
    """A model's step in two: what does not depend on the input, once, and the rest.

    `step(prepare(params), carry, x)` is `Model.step(params, carry, x)`. A token costs
    what this step does, unless it looks up what other models work out by a product.
    """

    prepare: Callable[[Params], PyTree]
    step: Callable[[PyTree, Carry, PyTree], tuple[Carry, PyTree]]
    looks_up: bool = False


class Layers(NamedTuple):
    """What a model of pictures computes on its way to the answer, layer by layer.

    `apply(params, inputs)` returns the layers' values in the order of `names`: maps
    [B, h, w, F], then vectors [B, F] with the windows `WHOLE`. A first layer of maps is
    linear in the picture: its filters.
    """

    names: tuple[str, ...]
    windows: tuple[Windows, ...]  # rows and columns that a unit of each layer sees
    apply: Callable[[Params, PyTree], tuple[Array, ...]]


class Model(NamedTuple):
    """Maps a sequence to outputs, whole or one step at a time.

    `apply(params, carry, inputs, reset, key)` reads inputs [B, T] or [B, T, D] and
    returns (outputs [B, T, V], carry). Where `reset` [B, T] is true the state before
    that step is the initial one; None: nowhere. `key` is for dropout; None: none.
    `step(params, carry, x)` reads one step, x [B] or [B, D], and returns
    (carry, y [B, V]); it agrees with `apply`.

    A model of a picture and words sees the picture in `initial`, whose carry holds what
    it keeps of it; `step` then reads a word, as of any sequence.

    A model that is not causal has read all of a padded sequence before it answers: its
    outputs are the same at every position, it has no step form and no state to carry.
    So does one of a picture alone.
    """

    init: Callable[[PRNGKey, PyTree], Params]
    initial: Callable[[Params, PyTree], Carry]
    apply: Callable[
        [Params, Carry, PyTree, Bool[Array, "B T"] | None, PRNGKey | None],
        tuple[PyTree, Carry],
    ]
    step: Callable[[Params, Carry, PyTree], tuple[Carry, PyTree]]
    receptive_field: int | None = None  # inputs an output can depend on; None: all past
    causal: bool = True  # an output depends on no later input
    version: int = 1  # part of the run id: raise it when the same settings mean another
    prepared: Prepared | None = None  # a faster step for many steps in a row
    # attention(params, carry, x) [B, h, w]: the weights of the places of a picture with
    # which `step` reads x; None: the model has none
    attention: Callable[[Params, Carry, PyTree], Float[Array, "B h w"]] | None = None
    layers: Layers | None = None  # pictures: what there is to look into
    # looks(params, inputs) [B, S, h, w]: the same of a model that reads a question
    # whole, at each of the S looks that it takes at the picture
    looks: Callable[[Params, PyTree], Float[Array, "B S h w"]] | None = None


class TrainState(NamedTuple):
    """Everything a run needs to go on; random keys follow from seed and step."""

    seed: Int[Array, ""]
    step: Int[Array, ""]
    params: Params
    opt_state: PyTree
    diverged_step: Int[Array, ""]  # the step whose numbers were not finite; -1: none
    sums: Mapping[str, Mean]  # what the steps measured since the last record
    carry: Carry = ()  # the model's state after the last step, where it is carried on


class Trainer(NamedTuple):
    """One run's training, written for one run; `lib.mapping` maps it over R of them.

    `init(seed, hparams, data)` returns the state before the first step;
    `train(state, hparams, data, num_steps)` steps on, or until it diverges;
    `evaluate(state, hparams, data, key, lengths, num_batches)` returns the sums of the
    loss and of every metric, each with a leading axis over `lengths`.
    """

    init: Callable[..., TrainState]
    train: Callable[..., TrainState]
    evaluate: Callable[..., PyTree]
