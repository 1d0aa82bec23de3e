"""The step of a recurrent stack over tokens, with its weights worked out once.

Writing reads one token a step, and on a CPU each operation costs more than its numbers:
a lookup of row x in the table E U + b replaces one-hot vector, embedding and product,
and the gates' half scale is in the weights. It computes what `Model.step` computes.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.ops.recurrence import Cell, State
from lib.types import Carry, Interface, Model, Params, Prepared

Pack = Callable[[State], PyTree]


def with_prepared_step(
    model: Model,
    interface: Interface,
    cell: Cell,
    scale: Float[np.ndarray, " G"],
    num_layers: int,
) -> Model:
    """The model with the fast form of its step, where its carry is its layers' alone.

    `scale` [G] is what U, W and b are multiplied by before the cell reads them. A
    layer's carry is the cell's state, or its only member.
    """
    if not interface.vocabulary_size:
        return model

    def prepare(params: Params) -> PyTree:
        layers = [params[f"layer_{i}"] for i in range(num_layers)]
        U = [layer["U"] * scale[None, :] for layer in layers]
        b = [layer["b"] * scale for layer in layers]
        rows = params["E"] @ U[0] if "E" in params else U[0]
        return {
            "table": rows + b[0][None, :],  # [vocabulary, G]
            "W": [layer["W"] * scale[None, :] for layer in layers],
            "above": list(zip(U[1:], b[1:], strict=True)),
            "V": params["V"],
            "c": params["c"],
        }

    def step(
        weights: Any, carry: Carry, x: Int[Array, " B"]
    ) -> tuple[Carry, Float[Array, "B V"]]:
        z, carries = weights["table"][x], []
        for index, (W, before) in enumerate(zip(weights["W"], carry, strict=True)):
            state = before if isinstance(before, tuple) else (before,)
            if index:
                U, b = weights["above"][index - 1]
                z = z @ U + b[None, :]
            state = cell.step(z, state[0] @ W, state)
            carries.append(state if isinstance(before, tuple) else state[0])
            z = state[0]
        return tuple(carries), z @ weights["V"] + jnp.asarray(weights["c"])[None, :]

    return model._replace(prepared=Prepared(prepare, step, looks_up=True))
