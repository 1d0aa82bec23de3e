"""One run of the benchmark's sweep with torch: the same task, network and numbers.

    python -m experiments.bench.sweep_torch HIDDEN_SIZE NUM_STEPS SEED

Prints the validation accuracy of every record and the test accuracy last. As a user
writes it: layers of torch.nn, torch.optim.Adam, a Python loop over steps.
"""

import sys

import torch
from torch import Tensor, nn

from experiments.bench.sweep_config import (
    BATCH_SIZE,
    CLIP_NORM,
    EVAL_EVERY,
    LEARNING_RATE,
    LENGTH,
    NUM_SYMBOLS,
    NUM_TEST,
    NUM_VALIDATION,
)

_NUM_DISTRACTORS = 8
_SIZE = NUM_SYMBOLS + _NUM_DISTRACTORS + 1


class Network(nn.Module):
    """A gru over one-hot symbols and a readout of its last state."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.layer = nn.GRU(_SIZE, hidden_size)
        self.readout = nn.Linear(hidden_size, NUM_SYMBOLS)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.readout(self.layer(inputs)[0][-1])


def train(hidden_size: int, num_steps: int, seed: int) -> list[float]:
    """The accuracies of a run: validation at every record, then test."""
    torch.manual_seed(seed)
    network = Network(hidden_size)
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE, fused=True)
    found = []
    for step in range(1, num_steps + 1):
        inputs, targets = _sample(BATCH_SIZE)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), targets).backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        if step % EVAL_EVERY == 0:
            found.append(_accuracy(network, NUM_VALIDATION))
    return [*found, _accuracy(network, NUM_TEST)]


def _sample(batch_size: int) -> tuple[Tensor, Tensor]:
    """One-hot inputs [T, B, D] and the cue [B] of so many examples."""
    cue = torch.randint(NUM_SYMBOLS, (batch_size,))
    tokens = NUM_SYMBOLS + torch.randint(_NUM_DISTRACTORS, (LENGTH, batch_size))
    tokens[0], tokens[-1] = cue, _SIZE - 1
    return nn.functional.one_hot(tokens, _SIZE).float(), cue


@torch.no_grad()
def _accuracy(network: Network, count: int) -> float:
    inputs, targets = _sample(count)
    return float((network(inputs).argmax(-1) == targets).float().mean())


if __name__ == "__main__":
    torch.set_num_threads(1)
    for accuracy in train(*map(int, sys.argv[1:4])):
        print(f"{accuracy:.4f}")
