"""The loops of a recurrence as two kernels whose weights stay in shared memory.

One program owns a tile of the batch and runs all T steps: it loads the recurrent matrix
W once, and a step is one product on the tensor cores, the gates in registers, and a
barrier among its warpgroups (persistent kernels: Diamos et al. 2016, ICML). XLA's scan
reads W from memory and starts several kernels a step.

Everything is transposed, so that the matrix is the operand of 64 rows and a batch may
be small: h [H, B], u_g = W_g^T h. Warpgroup w owns 64 hidden units, all gates of them.
Where H is no multiple of 64 the last one's rows overlap those before, and both write
the same numbers. A leading axis R holds independent runs, each with its own weights.

Operands of products are bfloat16, sums and states float32.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl
from jax.experimental.pallas import mosaic_gpu as plgpu
from jaxtyping import Array, BFloat16, Float

from lib.ops.hopper.gate import GateCell, Parts
from lib.ops.hopper.memory import read

ROWS = 64  # hidden units a warpgroup: the rows of one product on the tensor cores
UNITS = 16  # a size of H is rounded up to a multiple: the narrowest swizzle
SHARED_MEMORY = 227 * 1024  # bytes that a program may have on Hopper
_SPARE = 1024  # barriers and alignment
# Examples that a program may own. From JAX 0.12 on memory is read and written in whole
# lines of 128 bytes, 32 numbers; before, half a line is allowed.
TILES = (32,) if jax.__version_info__ >= (0, 12) else (32, 16)


def tile_size(cell: GateCell, hidden_size: int, batch_size: int) -> int:
    """Examples a program, of `TILES`; 0: the weights do not fit beside them."""
    H = padded(hidden_size)
    weights = 2 * cell.num_gates * H * H
    # Forward two copies of h, backward the gates' gradients.
    vectors = 2 * H * max(2, cell.num_gates)
    for tile in TILES:
        if weights + vectors * tile + _SPARE <= SHARED_MEMORY:
            return tile if batch_size > 16 else TILES[-1]
    return 0


def padded(hidden_size: int) -> int:
    """The hidden size that the kernels compute with."""
    return max(ROWS, -(-hidden_size // UNITS) * UNITS)


def forward(
    cell: GateCell,
    tile: int,
    interpret: Any,
    z: Float[Array, "R T G H B"],
    w: BFloat16[Array, "R G H H"],
    keep: Float[Array, "R S 64 B"] | None,
    *state: Float[Array, "R H B"],
) -> tuple[Float[Array, "R T H B"], ...]:
    """All states of a cell. w[r, g] is W_g transposed: [unit, unit before].

    `keep` [R, T + 1, 64, B], the same in its 64 rows, multiplies the state before each
    step: 0 where an example starts anew.
    """
    R, T, G, H, B = z.shape

    def body(*refs: Any) -> None:
        z, w, *rest = refs
        keep_ref, rest = _optional(keep, rest)
        start, outs = rest[: len(state)], rest[len(state) : 2 * len(state)]
        w_shared, h_shared, loaded, turn = rest[2 * len(state) :]
        run, rows, cols = _place(H, tile)
        _load_weights(w.at[run], w_shared, loaded)

        def hand_over(t: Any, slot: Any, state: Parts) -> Parts:
            """The state that step t starts from; its h for all warpgroups."""
            if keep_ref is not None:
                kept = _read(interpret, keep_ref, run, t, pl.ds(0, ROWS), cols)
                state = tuple(kept * s for s in state)
            h_shared[slot, rows, :] = state[0].astype(jnp.bfloat16)
            plgpu.commit_smem()
            plgpu.barrier_arrive(turn)
            return state

        first = tuple(_read(interpret, s, run, rows, cols) for s in start)
        first = hand_over(0, 0, first)
        plgpu.barrier_wait(loaded)

        def step(t: Any, state: Parts) -> Parts:
            slot = lax.rem(t, jnp.int32(2))
            plgpu.barrier_wait(turn)

            def gates(*sums: Any) -> Parts:
                for g, total in enumerate(sums):
                    plgpu.wgmma(total, w_shared.at[g, rows], h_shared.at[slot])
                # Read while the products run.
                zs = [_read(interpret, z, run, t, g, rows, cols) for g in range(G)]
                return (*zs, *[total[...] for total in sums])

            both = pl.run_scoped(gates, *_accumulators(G, tile))
            state = cell.step(both[:G], both[G:], state)
            for out, value in zip(outs, state, strict=True):
                out[run, t, rows, cols] = value
            return hand_over(t + 1, 1 - slot, state)

        lax.fori_loop(0, T, step, first)
        plgpu.barrier_wait(turn)

    shared = [_shared((G, H, H), H, tile), _shared((2, H, tile), H, tile)]
    outs = [jax.ShapeDtypeStruct((R, T, H, B), jnp.float32)] * len(state)
    inputs = (z, w, *(() if keep is None else (keep,)), *state)
    return tuple(_kernel(body, outs, shared, G, (R, B // tile), H, interpret)(*inputs))


def backward(
    cell: GateCell,
    tile: int,
    interpret: Any,
    dh: Float[Array, "R T H B"],
    slopes: Float[Array, "R T K H B"],
    w: BFloat16[Array, "R G H H"],
    keep: Float[Array, "R S 64 B"] | None,
    *dlast: Float[Array, "R H B"],
) -> tuple[Float[Array, "R T G H B"], tuple[Float[Array, "R H B"], ...]]:
    """All dz, and the gradient of the first state. w[r, g] is W_g: [before, unit]."""
    R, T, K, H, B = slopes.shape
    G = w.shape[1]

    def body(*refs: Any) -> None:
        dh, slopes, w, *rest = refs
        keep_ref, rest = _optional(keep, rest)
        last, (dz_out, *first) = (
            rest[: len(dlast)],
            rest[len(dlast) : 2 * len(dlast) + 1],
        )
        w_shared, du_shared, loaded, turn = rest[2 * len(dlast) + 1 :]
        run, rows, cols = _place(H, tile)
        _load_weights(w.at[run], w_shared, loaded)
        start = tuple(_read(interpret, s, run, rows, cols) for s in last)
        plgpu.barrier_wait(loaded)

        def step(index: Any, dstate: Parts) -> Parts:
            t = T - 1 - index
            own = tuple(
                _read(interpret, slopes, run, t, k, rows, cols) for k in range(K)
            )
            dh_t = _read(interpret, dh, run, t, rows, cols)
            dstate = (dstate[0] + dh_t, *dstate[1:])
            dz, before = cell.backward(dstate, own)
            du = cell.through(dz, own)
            for g in range(G):
                dz_out[run, t, g, rows, cols] = dz[g]
                du_shared[g, rows, :] = du[g].astype(jnp.bfloat16)
            plgpu.commit_smem()
            plgpu.barrier_arrive(turn)
            plgpu.barrier_wait(turn)  # all gates of all units are there

            def through(total: Any) -> Array:
                for g in range(G):
                    plgpu.wgmma(total, w_shared.at[g, rows], du_shared.at[g])
                return total[...]

            dh_before = pl.run_scoped(through, *_accumulators(1, tile))
            plgpu.barrier_arrive(turn)
            plgpu.barrier_wait(turn)  # all have read them
            before = (before[0] + dh_before, *before[1:])
            if keep_ref is None:
                return before
            kept = _read(interpret, keep_ref, run, t, pl.ds(0, ROWS), cols)
            return tuple(kept * s for s in before)

        end = lax.fori_loop(0, T, step, start)
        for out, value in zip(first, end, strict=True):
            out[run, rows, cols] = value

    shared = [_shared((G, H, H), H, tile), _shared((G, H, tile), H, tile)]
    outs = [
        jax.ShapeDtypeStruct((R, T, G, H, B), jnp.float32),
        *[jax.ShapeDtypeStruct((R, H, B), jnp.float32)] * len(dlast),
    ]
    inputs = (dh, slopes, w, *(() if keep is None else (keep,)), *dlast)
    dz, *first = _kernel(body, outs, shared, G, (R, B // tile), H, interpret)(*inputs)
    return dz, tuple(first)


def _kernel(
    body: Callable[..., None],
    outs: list[jax.ShapeDtypeStruct],
    shared: list[Any],
    num_copies: int,
    grid: tuple[int, int],
    hidden_size: int,
    interpret: Any,
) -> Callable[..., Any]:
    num_warpgroups = -(-hidden_size // ROWS)
    barriers = [
        plgpu.Barrier(num_arrivals=num_copies),
        plgpu.Barrier(num_arrivals=num_warpgroups),
    ]
    return plgpu.kernel(
        body,
        out_type=outs,
        scratch_types=[*shared, *barriers],
        grid=grid,
        grid_names=("run", "tile"),
        num_threads=num_warpgroups,
        thread_name="warpgroup",
        # The hardware's tanh: right to 2^-11, as are operands of bfloat16 to 2^-8.
        compiler_params=plgpu.CompilerParams(approx_math=True),
        interpret=interpret,
    )


def _place(hidden_size: int, tile: int) -> tuple[Any, Any, Any]:
    """The run, the hidden units and the examples of this warpgroup."""
    first = lax.axis_index("warpgroup") * ROWS
    row = pl.multiple_of(jnp.minimum(first, hidden_size - ROWS), 8)
    col = pl.multiple_of(lax.axis_index("tile") * tile, tile)
    return lax.axis_index("run"), pl.ds(row, ROWS), pl.ds(col, tile)


def _load_weights(w: Any, shared: Any, loaded: Any) -> None:
    @pl.when(lax.axis_index("warpgroup") == 0)
    def _() -> None:
        for g in range(shared.shape[0]):
            plgpu.copy_gmem_to_smem(w.at[g], shared.at[g], loaded)


def _shared(shape: tuple[int, ...], hidden_size: int, tile: int) -> Any:
    """Shared memory for an operand; both operands of a product have one swizzle."""
    width = 32 if hidden_size % 32 == 0 and tile % 32 == 0 else 16
    transforms = (plgpu.TilingTransform((8, width)), plgpu.SwizzleTransform(2 * width))
    return plgpu.SMEM(shape, jnp.bfloat16, transforms=transforms)


def _accumulators(count: int, tile: int) -> list[Any]:
    return [plgpu.WGMMAAccumulatorRef((ROWS, tile), jnp.float32)] * count


def _read(interpret: Any, ref: Any, *index: Any) -> Any:
    """A block as the tensor cores lay out their sums in registers."""
    return read(interpret, ref, index, plgpu.Layout.WGMMA)


def _optional(given: Any, refs: list[Any]) -> tuple[Any, list[Any]]:
    return (None, refs) if given is None else (refs[0], refs[1:])
