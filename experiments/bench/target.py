"""What we aim at: how many times as long as we a peer should take, or how much more.

The numbers are of a 2-core x86 machine with AVX-512 and are data, not a test: the table
shows each beside what was measured.
"""

from typing import Literal, NamedTuple

Quantity = Literal["processor", "clock", "temporary_bytes", "peak_bytes"]

# How each is measured, in words.
QUANTITIES: dict[Quantity, str] = {
    "processor": "one thread, processor time",
    "clock": "two threads, clock time",
    "temporary_bytes": "temporary memory",
    "peak_bytes": "peak of resident memory",
}


class Target(NamedTuple):
    """For the subject with this label against this peer: the ratio peer / ours."""

    label: str
    peer: str
    quantity: Quantity
    ratio: float


TARGETS: tuple[Target, ...] = (
    Target("lstm step, H=64, T=128", "torch", "clock", 1.1),
    Target("lstm step, H=128, T=128", "torch", "clock", 0.9),
    Target("lstm step, H=256, T=128", "torch", "clock", 0.9),
    Target("lstm step, H=512, T=128", "torch", "clock", 0.9),
    Target("lstm step, H=64, T=128", "flax", "processor", 1.5),
    Target("lstm step, H=64, T=128", "flax", "clock", 1.5),
    Target("lstm step, H=128, T=128", "flax", "processor", 1.5),
    Target("lstm step, H=128, T=128", "flax", "clock", 1.5),
    Target("lstm step, H=256, T=128", "flax", "processor", 1.5),
    Target("lstm step, H=256, T=128", "flax", "clock", 1.5),
    Target("lstm step, H=512, T=128", "flax", "processor", 1.5),
    Target("lstm step, H=512, T=128", "flax", "clock", 1.5),
    Target("lstm step, H=128, T=2048", "flax", "processor", 2.0),
    Target("lstm step, H=128, T=2048", "flax", "clock", 2.0),
    Target("lstm step, H=128, T=2048", "flax", "temporary_bytes", 5.0),
    Target("gru step, H=64, T=128", "torch", "clock", 3.5),
    Target("gru step, H=256, T=128", "torch", "clock", 1.8),
    Target("rnn step, H=64, T=128", "torch", "clock", 4.0),
    Target("rnn step, H=256, T=128", "torch", "clock", 2.0),
    Target(
        "diagonal, value and gradient, T=1024", "associative_scan", "processor", 6.0
    ),
    Target(
        "diagonal, value and gradient, T=4096", "associative_scan", "processor", 10.0
    ),
    Target(
        "diagonal, value and gradient, T=16384", "associative_scan", "processor", 8.0
    ),
    Target(
        "decay matrix state, value and gradient, T=1024",
        "sequential",
        "processor",
        18.0,
    ),
    Target(
        "delta matrix state, value and gradient, T=1024",
        "sequential",
        "processor",
        12.0,
    ),
    Target("cnn step, B=128", "flax", "processor", 2.5),
    Target("cnn step, B=128", "torch", "processor", 0.85),
    Target("generation, lstm, B=1, H=128", "torch", "processor", 15.0),
    Target(
        "sweep, H=16, steps=1000, runs=64", "torch, a process a run", "processor", 30.0
    ),
    Target("sweep, H=16, steps=1000, runs=64", "torch, one process", "processor", 7.0),
    Target(
        "sweep, H=64, steps=200, runs=64", "torch, a process a run", "processor", 3.0
    ),
    Target("evaluation over lengths, T=500", "a compile a length", "processor", 50.0),
)


def target(label: str, peer: str, quantity: Quantity) -> float | None:
    """The ratio aimed at, where there is one."""
    for entry in TARGETS:
        if entry[:3] == (label, peer, quantity):
            return entry.ratio
    return None
