"""A Linen module that maps pictures to answers, as a Model.

    class Mean(nn.Module):
        def __call__(self, images, key):       # [B, H, W, C] -> [B, V]
            ...

A picture is read at once: the carry is (), there is no step form, and outputs are
[B, 1, V]. `key` is for dropout; None: none.

What a module computes on its way it may show by name: `show(self, "conv 1", x)`. Names
are unique in a model; nothing is kept unless somebody looks.
"""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from flax.traverse_util import flatten_dict
from jaxtyping import Array, Float

from lib.types import Layers, Model, Params, PRNGKey
from lib.window import Windows

_SHOWN = "layers"  # the collection of what is shown


def show(module: nn.Module, name: str, value: Array) -> None:
    """Let those who ask for the model's layers see a value under a name."""
    module.sow(_SHOWN, name, value, lambda _, x: x, lambda: jnp.zeros(()))


def picture_model(
    module: nn.Module, windows: Mapping[str, Windows] | None = None
) -> Model:
    """The model of a module of pictures.

    `windows` names what it shows in the order it is computed, and says what a unit sees
    of the picture; the first is linear in the picture.
    """

    def init(key: PRNGKey, images: Float[Array, "B H W C"]) -> Params:
        return module.init(key, images, None)["params"]

    def apply(params: Params, carry: Any, images: Any, reset: Any, key: Any) -> Any:
        del reset  # a picture has one step
        outputs: Any = module.apply({"params": params}, images, key)
        return outputs[:, None, :], carry

    def step(params: Params, carry: Any, x: Any) -> Any:
        raise ValueError("a model of pictures has no step form")

    def layers(params: Params, images: Any) -> tuple[Array, ...]:
        variables = {"params": params}
        _, state = module.apply(variables, images, None, mutable=[_SHOWN])
        paths: Any = flatten_dict(state[_SHOWN])
        shown = {path[-1]: x for path, x in paths.items()}
        return tuple(shown[name] for name in windows or ())

    looked = (
        Layers(tuple(windows), tuple(windows.values()), layers) if windows else None
    )
    initial = lambda params, images: ()
    return Model(init, initial, apply, step, causal=False, layers=looked)
