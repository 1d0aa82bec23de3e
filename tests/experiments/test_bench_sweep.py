"""The benchmark's sweep and its torch peer train the same thing."""

import numpy as np
import pytest

from experiments.bench import sweep
from experiments.bench.sweep_config import get_config, get_sweep
from lib.config import make_config
from lib.program import make_program


def test_the_config_is_valid_and_has_as_many_runs_as_asked():
    config = make_config(get_config("8x40x3").to_dict())
    assert (config.model["hidden_size"], config.train.num_steps) == (8, 40)
    (axis,) = get_sweep("8x40x3")["sweep_config"]
    assert [label for label, _ in axis.points] == [0, 1, 2]


def test_the_torch_run_has_the_same_parameters_and_learns():
    torch = pytest.importorskip("torch")
    from experiments.bench.sweep_torch import Network, train

    program = make_program(make_config(get_config("8x40x1").to_dict()))
    network = Network(8)
    count = sum(parameter.numel() for parameter in network.parameters())
    # torch keeps a second bias of the recurrence, 3 H numbers.
    assert count - 3 * 8 == program.cost()["parameters"]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        accuracies = train(16, 200, 0)
    finally:
        torch.set_num_threads(threads)
    assert len(accuracies) == 200 // 50 + 1
    assert accuracies[-1] > 0.5  # chance is 1 / 8


def test_one_program_scores_every_length_as_its_own_does():
    many = sweep._evaluate(6, [3, 6])
    for place, length in enumerate((3, 6)):
        alone = sweep._evaluate(length, [length])
        for name in ("loss", "accuracy"):
            for a, b in zip(many[name], alone[name], strict=True):
                np.testing.assert_allclose(a[place], b[0], rtol=1e-5)
