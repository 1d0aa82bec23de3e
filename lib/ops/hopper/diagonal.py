"""h_t = a (keep_t h_{t-1}) + x_t in one pass over memory: read x once, write h once.

One program owns 128 neighbouring numbers of one example and runs all T steps. Blocks of
32 steps are copied to shared memory while the block before is computed, which keeps
enough bytes on their way to fill the memory's bandwidth; a parallel prefix sum reads
and writes everything log T times. Complex numbers are pairs of real arrays.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl
from jax.experimental.pallas import mosaic_gpu as plgpu
from jaxtyping import Array, Float

from lib.ops.hopper.memory import read

WIDTH = 128  # numbers a program: one a thread of a warpgroup
STEPS = 32  # copied at once


def scan_kernel(
    reverse: bool,
    interpret: Any,
    a: Float[Array, "P B N"],
    x: Float[Array, "P T B N"],
    h: Float[Array, "P B N"],
    keep: Float[Array, "B T"],
) -> Float[Array, "P T B N"]:
    """All h_t, from the first step to the last or from the last to the first.

    P is 1 for real numbers and 2 for real and imaginary parts; T is a multiple of STEPS
    and N of WIDTH. `keep` is 0 where a step starts from zero, else 1.
    """
    P, T, B, N = x.shape
    num_blocks = T // STEPS

    def body(*refs: Any) -> None:
        a, x, h, keep, out, x_shared, keep_shared, loaded = refs
        example = lax.axis_index("example")
        col = pl.multiple_of(lax.axis_index("column") * WIDTH, WIDTH)
        cols = pl.ds(col, WIDTH)

        def first_step(block: Any) -> Any:
            index = num_blocks - 1 - block if reverse else block
            return pl.multiple_of(index * STEPS, STEPS)

        def load(block: Any, slot: Any) -> None:
            steps = pl.ds(first_step(block), STEPS)
            for p in range(P):
                here = x.at[p, steps, example, cols]
                plgpu.copy_gmem_to_smem(here, x_shared.at[slot, p], loaded.at[slot])
            marks = keep.at[example, steps]
            plgpu.copy_gmem_to_smem(marks, keep_shared.at[slot], loaded.at[slot])

        factor = tuple(_read(interpret, a, p, example, cols) for p in range(P))
        start = tuple(_read(interpret, h, p, example, cols) for p in range(P))
        load(jnp.int32(0), jnp.int32(0))

        def one_block(block: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
            slot = lax.rem(block, jnp.int32(2))

            @pl.when(block + 1 < num_blocks)
            def _() -> None:
                load(block + 1, 1 - slot)

            plgpu.barrier_wait(loaded.at[slot])
            begin = first_step(block)

            def one(index: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
                s = STEPS - 1 - index if reverse else index
                kept = keep_shared[slot, s]
                new = [x_shared[slot, p, s] for p in range(P)]
                state = _step(factor, tuple(kept * part for part in state), tuple(new))
                for p in range(P):
                    out[p, begin + s, example, cols] = state[p]
                return state

            return lax.fori_loop(0, STEPS, one, state)

        lax.fori_loop(0, num_blocks, one_block, start)

    return plgpu.kernel(
        body,
        out_type=jax.ShapeDtypeStruct(x.shape, jnp.float32),
        scratch_types=[
            plgpu.SMEM((2, P, STEPS, WIDTH), jnp.float32),
            plgpu.SMEM((2, STEPS), jnp.float32),
            plgpu.Barrier(num_arrivals=P + 1, num_barriers=2),
        ],
        grid=(B, N // WIDTH),
        grid_names=("example", "column"),
        interpret=interpret,
    )(a, x, h, keep)


def _step(
    a: tuple[Any, ...], h: tuple[Any, ...], x: tuple[Any, ...]
) -> tuple[Any, ...]:
    if len(a) == 1:
        return (a[0] * h[0] + x[0],)
    real = a[0] * h[0] - a[1] * h[1] + x[0]
    return real, a[0] * h[1] + a[1] * h[0] + x[1]


def _read(interpret: Any, ref: Any, *index: Any) -> Any:
    """Neighbouring numbers, one a thread."""
    return read(interpret, ref, index, plgpu.Layout.WG_STRIDED((WIDTH,), 1))
