"""A Linen module that maps pictures to answers, as a Model.

    class Mean(nn.Module):
        def __call__(self, images, key):       # [B, H, W, C] -> [B, V]
            ...

A picture is read at once: the carry is (), there is no step form, and outputs are
[B, 1, V]. `key` is for dropout; None: none.
"""

from typing import Any

import flax.linen as nn
from jaxtyping import Array, Float

from lib.types import Model, Params, PRNGKey


def picture_model(module: nn.Module) -> Model:
    """The model of a module of pictures."""

    def init(key: PRNGKey, images: Float[Array, "B H W C"]) -> Params:
        return module.init(key, images, None)["params"]

    def apply(params: Params, carry: Any, images: Any, reset: Any, key: Any) -> Any:
        del reset  # a picture has one step
        outputs: Any = module.apply({"params": params}, images, key)
        return outputs[:, None, :], carry

    def step(params: Params, carry: Any, x: Any) -> Any:
        raise ValueError("a model of pictures has no step form")

    return Model(init, lambda params, images: (), apply, step, causal=False)
