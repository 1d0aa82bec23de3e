"""What runs a recurrence: XLA's loop, or on an NVIDIA GPU a kernel or cuDNN.

Kernels are optional: XLA's loops run unless the environment variable HORIZON_KERNELS is
"on", and on a CPU nothing else ever does. They have been checked on a CPU in interpret
mode and not yet on a GPU; `python -m experiments.bench.gpu` checks and times every path
on one. The rules, all of them in `choose_cell` and `choose_diagonal`:

    rnn, gru, lstm   bfloat16 products asked for (jax_default_matmul_precision), Hopper,
                     W fits one multiprocessor (H <= 320, 176, 160; from
                     JAX 0.12 on 304, 176, 144): persistent kernel
    lstm             else, without resets, float32: cuDNN
    diagonal         Hopper, float32 or complex64, sequences of at least 256 steps:
                     one-pass kernel
    all others       XLA

The runs of a group go through cuDNN one after another, through the kernels together.

Products are float32, or TF32 where jax_default_matmul_precision allows it, but for the
persistent kernels, whose operands are bfloat16.
"""

import functools
import os
import warnings
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float

from lib.error import UserError
from lib.ops.linear_scan import linear_scan
from lib.ops.recurrence import Cell, State, recurrence

Path = Literal["xla", "persistent", "cudnn", "one-pass"]
Name = Literal["rnn", "gru", "lstm"]

VARIABLE = "HORIZON_KERNELS"
FEWEST_STEPS = 256  # below this a prefix sum's few rounds are as fast; not yet measured
_BFLOAT16 = ("bfloat16", "bf16_bf16_f32")
_FLOAT32 = ("float32", "highest")


class Device(NamedTuple):
    """What decides of the device: "gpu" of NVIDIA, and its compute capability."""

    platform: str
    capability: str = ""

    @property
    def is_hopper(self) -> bool:
        return self.platform == "gpu" and self.capability.startswith("9.")


class Choice(NamedTuple):
    """A path, and why it is XLA's although kernels were asked for."""

    path: Path
    reason: str = ""


def choose_cell(
    name: Name,
    hidden_size: int,
    batch_size: int,
    has_reset: bool,
    precision: str | None,
    device: Device,
) -> Choice:
    """The path of a nonlinear recurrence; `precision` as JAX's matmul default."""
    if device.platform != "gpu":
        return Choice("xla", f"kernels need a GPU, this is {device.platform}")
    if (precision or "").lower() in _BFLOAT16 and device.is_hopper:
        from lib.ops.hopper.gate import GATE_CELLS
        from lib.ops.hopper.persistent import tile_size

        if tile_size(GATE_CELLS[name], hidden_size, batch_size):
            return Choice("persistent")
    if name == "lstm" and not has_reset:
        return Choice("cudnn")
    if has_reset and name == "lstm":
        return Choice("xla", "cuDNN has no resets")
    if not device.is_hopper:
        return Choice("xla", f"kernels need capability 9, this is {device.capability}")
    return Choice(
        "xla",
        f"{name} of hidden size {hidden_size} with products of "
        f"{precision or 'default'} precision has no kernel",
    )


def choose_diagonal(
    num_steps: int, dtype: Any, is_constant: bool, device: Device
) -> Choice:
    """The path of a diagonal linear recurrence, its factor constant in time or not."""
    if not device.is_hopper:
        return Choice("xla", f"kernels need a Hopper GPU, this is {device.platform}")
    if dtype not in (jnp.float32, jnp.complex64):
        return Choice("xla", f"the one-pass kernel is not for {dtype}")
    if not is_constant:
        return Choice("xla", "the one-pass kernel is for factors constant in time")
    if num_steps < FEWEST_STEPS:
        return Choice("xla")
    return Choice("one-pass")


def run_cell(
    name: Name,
    cell: Cell,
    x: Float[Array, "T B D"],
    U: Float[Array, "D G"],
    W: Float[Array, "H G"],
    b: Float[Array, " G"],
    state: State,
    reset: Bool[Array, "T B"] | None,
    scale: Float[np.ndarray, " G"] | None = None,
) -> tuple[State, Float[Array, "T B H"]]:
    """`lib.ops.recurrence.recurrence` by the path chosen for this device.

    U, W and b are the layer's own; `scale` is what the cell reads them times.
    """
    scaled = U, W, b
    if scale is not None:
        scaled = U * scale[None, :], W * scale[None, :], b * scale
    if not wanted():
        return recurrence(cell, x, *scaled, state, reset)
    precision = jax.config.jax_default_matmul_precision  # pyright: ignore[reportAttributeAccessIssue] made at run time
    has_reset = reset is not None
    choice = choose_cell(
        name, W.shape[0], x.shape[1], has_reset, precision, this_device()
    )
    _say(choice.reason)
    if choice.path == "persistent":
        from lib.ops.hopper.recurrence import persistent_recurrence

        return persistent_recurrence(name, x, *scaled, state, reset)
    if choice.path == "cudnn":
        from lib.ops.cudnn import cudnn_lstm

        exact = (precision or "").lower() in _FLOAT32
        allowed = lax.Precision.HIGHEST if exact else lax.Precision.HIGH
        return cudnn_lstm(x, U, W, b, (state[0], state[1]), allowed)
    return recurrence(cell, x, *scaled, state, reset)


def run_diagonal(a: Any, x: Any, h: Any, reset: Bool[Array, "T B"] | None) -> Any:
    """`lib.ops.linear_scan.linear_scan` by the path chosen for this device."""
    if wanted():
        factor, part = (v[0] if isinstance(v, tuple) else v for v in (a, x))
        is_constant = factor.ndim == 1
        choice = choose_diagonal(part.shape[0], part.dtype, is_constant, this_device())
        _say(choice.reason)
        if choice.path == "one-pass":
            from lib.ops.hopper.linear_scan import kernel_linear_scan

            return kernel_linear_scan(a, x, h, reset)
    return linear_scan(a, x, h, reset)


def wanted() -> bool:
    """Whether kernels were asked for; read when a program is traced."""
    given = os.environ.get(VARIABLE, "")
    if given not in ("", "on", "off"):
        raise UserError(f"{VARIABLE} must be on or off, got {given!r}")
    return given == "on"


def this_device() -> Device:
    """The device that programs run on by default."""
    device = jax.devices()[0]
    return Device(device.platform, getattr(device, "compute_capability", ""))


@functools.cache
def _say(reason: str) -> None:
    """Once for each reason, a note that XLA runs what a kernel was asked for."""
    if reason:
        warnings.warn(f"{VARIABLE}=on: {reason}; XLA runs it", stacklevel=4)
