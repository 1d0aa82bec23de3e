"""Reading from global memory inside a kernel, the same on a GPU and interpreted."""

from typing import Any

import jax
from jax.experimental.pallas import mosaic_gpu as plgpu


def read(interpret: Any, ref: Any, index: tuple[Any, ...], layout: Any) -> Any:
    """A block of a reference in registers, in the layout that is computed in."""
    if interpret is not None:
        return ref[index]
    # Up to 0.10 the index is an argument of its own, from 0.11 on it must not be.
    place: Any = (ref, index) if jax.__version_info__ < (0, 11) else (ref.at[index],)
    return plgpu.load(*place, layout=layout, optimized=False)
