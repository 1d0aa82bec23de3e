"""The GPU's benchmark on a CPU: its parts at small sizes, its course, its table."""

import json

import numpy as np
import pytest

from experiments.bench import gpu_course as gpu
from experiments.bench import gpu_part
from experiments.bench.gpu_cell import make_way
from experiments.bench.gpu_reference import draw_point, gradient_error, loop
from lib.error import UserError
from tests import reference

CHECK, BATCH = (2, 3, 2, 4), (2, 2)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(gpu_part, "_ROUNDS", 3)
    monkeypatch.setattr(gpu_part, "_SECONDS", 0.1)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_the_loops_are_those_of_the_tests_with_exact_slopes(name):
    point = draw_point(name, *CHECK)
    one = lambda key, e: point[key][e]
    for e in range(CHECK[0]):
        p = {key: point[key] for key in ("U", "W", "b")}
        state = one("h", e)
        state = (state, one("c", e)) if name == "lstm" else state
        expected = getattr(reference, name)(p, point["x"][:, e], state)
        np.testing.assert_allclose(loop(name, point)[:, e], expected, rtol=1e-12)


def test_a_gradient_that_is_wrong_is_seen():
    point = {"U": np.array([0.3, -0.2, 0.5])}
    loss = lambda p: np.sum(p["U"] ** 3)
    true = 3 * point["U"] ** 2
    assert gradient_error(loss, point, {"U": true}) < 1e-12
    # At right angles to itself, and in one entry of three.
    turned = true + np.cross(true, [1.0, 0.0, 0.0])
    assert gradient_error(loss, point, {"U": turned}) > 0.1
    assert gradient_error(loss, point, {"U": true + [0.01, 0, 0]}) > 1e-3
    assert gradient_error(loss, point, {"U": true * np.nan}) == float("inf")


def test_ways_are_checked_and_timed_and_one_that_fails_stops_no_other():
    sizes = [("lstm", 3, 2)]
    made = gpu_part.cells(["cudnn", "xla"], ["float32"], sizes, CHECK, BATCH)
    failed, right = list(made)
    # There is no cuDNN on a CPU.
    assert failed["subject"] == "lstm H=3 T=2" and failed["failed"]
    assert "seconds" not in failed
    assert right["value_error"] < 1e-5 > right["gradient_error"]
    low, median, high = right["seconds"]
    assert 0 < low <= median <= high < right["first_seconds"]
    assert gpu.is_wrong(failed) and not gpu.is_wrong(right)


def test_torch_is_given_our_weights():
    pytest.importorskip("torch")
    for name in ("gru", "lstm"):
        errors = gpu_part._errors("torch", name, "float32", CHECK)
        assert errors["value_error"] < 1e-5 > errors["gradient_error"], name


def test_flax_is_run_at_the_same_sizes():
    h, gradient = make_way("flax", "rnn", "float32", draw_point("rnn", *CHECK))()
    assert h.shape == (3, 2, 4)
    assert gradient["params"]["cell"]["h"]["kernel"].shape == (4, 4)


def test_diagonal_scans_are_checked_and_held_against_a_copy():
    entries = list(gpu_part.diagonals(["associative", "kernel"], [5], 4, 2))
    copy, associative, kernel = entries
    assert copy["contender"] == "copy" and copy["seconds"][1] > 0
    assert associative["value_error"] < 1e-5
    expected = copy["seconds"][1] / associative["seconds"][1]
    assert associative["bandwidth"] == pytest.approx(expected)
    assert kernel["failed"]  # a GPU's


def test_a_sweep_is_held_against_its_runs_one_after_another():
    one, two = gpu_part.sweeps([1, 2], 3, 2, "float32", BATCH)
    assert one["speedup"] == 1
    assert two["speedup"] == pytest.approx(2 * one["seconds"][1] / two["seconds"][1])


def test_a_part_leaves_what_it_had_when_its_time_is_over(tmp_path, monkeypatch):
    every = ({"subject": str(i)} for i in range(9))
    monkeypatch.setitem(gpu_part.PARTS, "fake", lambda: every)
    answer = tmp_path / "answer.json"
    request = {"part": "fake", "settings": {}, "seconds": -1.0, "answer": str(answer)}
    gpu_part.main(request)
    assert json.loads(answer.read_text()) == [{"subject": "0"}]


def entry(part, subject, contender, precision, median, **others):
    seconds = [0.9 * median, median, 1.1 * median]
    return dict(
        part=part, subject=subject, contender=contender, precision=precision,
        seconds=seconds, first_seconds=1.0, **others,
    )  # fmt: skip


ENTRIES = [
    entry("kernel", "lstm H=64 T=512", "kernel", "bfloat16", 2e-3,
          value_error=2e-3, gradient_error=5e-3, tolerance=1e-2),
    entry("flax", "lstm H=64 T=512", "flax", "tensorfloat32", 3e-2),
    entry("torch", "lstm H=64 T=512", "torch", "bfloat16", 1e-3, value_error=2e-2),
    entry("kernel", "lstm H=128 T=512", "kernel", "bfloat16", 2e-3,
          value_error=2e-2, gradient_error=5e-3, tolerance=1e-2),
    entry("torch", "lstm H=128 T=512", "torch", "bfloat16", 1e-3),
    entry("diagonal", "diagonal T=1024", "kernel", "float32", 1e-3, bandwidth=0.81),
    entry("sweep, xla", "64 runs H=64 T=128", "mapped", "tensorfloat32", 1e-2,
          speedup=31.0),
    {"part": "cudnn", "failed": "stopped after 60 s"},
]  # fmt: skip


def test_headlines_are_ratios_of_what_is_right():
    assert gpu.headlines(ENTRIES) == [
        "kernel, lstm H=64 T=512, against flax (tensorfloat32): 15.00, aim 10",
        "kernel, lstm H=64 T=512, against torch (bfloat16): 0.50, aim 1",
        "kernel, diagonal T=1024, share of a copy: 0.81, aim 0.7",
        "sweep, xla, 64 runs: 31.0, aim 20",
    ]


def test_the_table_says_times_errors_and_what_is_wrong():
    text = [" ".join(line.split()) for line in gpu.lines(ENTRIES)]
    find = lambda *words: next(line for line in text if all(w in line for w in words))
    assert "2.000 1.800 to 2.200 5.0e-03" in find("kernel", "lstm H=64")
    assert "WRONG, allowed 1e-02" in find("kernel", "lstm H=128")
    assert "WRONG" not in find("torch", "lstm H=64")  # a peer's error is its own
    assert "0.81 of a copy" in find("diagonal, kernel")
    assert "x 31.0 of one by one" in find("64 runs")
    assert "FAILED stopped after 60 s" in find("cudnn")


def test_parts_are_asked_in_order_with_their_flags_until_the_time_is_over(
    monkeypatch, capsys
):
    now, asked = [0.0], []

    def ask(request, variables):
        asked.append((request["seconds"], variables))
        now[0] += 60
        return [{"subject": "s"}]

    monkeypatch.setattr(gpu.time, "monotonic", lambda: now[0])
    monkeypatch.setenv("XLA_FLAGS", "--own")
    parts = [part for part in gpu.PARTS if "command buffers" in part.name]
    first = gpu.Part("sweep", "sweeps", {}, 100, variables={"HORIZON_KERNELS": "on"})
    found = gpu.measure([first, *parts], 130, ask)
    assert asked == [
        (100, {"HORIZON_KERNELS": "on"}),
        (40, {"XLA_FLAGS": "--own --xla_gpu_enable_command_buffer=+WHILE"}),
    ]
    assert [f.get("failed", "") for f in found] == ["", "", "the time was over"]
    assert "not measured: xla, no command buffers" in capsys.readouterr().err


def test_a_machine_without_a_gpu_is_refused(capsys):
    found = {"platform": "cpu", "jax": "0.11.2", "device": "cpu", "torch": None}
    with pytest.raises(UserError, match=r"needs an NVIDIA GPU; JAX 0.11.2 sees only a"):
        gpu.check_machine(lambda *_: [found])
    gpu.check_machine(lambda *_: [{**found, "platform": "gpu"}])
    assert "torch is not installed here" in capsys.readouterr().err


def test_a_process_that_dies_is_an_entry_and_keeps_what_it_had(monkeypatch):
    code = (
        "import json, sys; r = json.loads(sys.argv[1]); "
        "open(r['answer'], 'w').write('[{\"subject\": \"a\"}]'); sys.exit('no memory')"
    )
    run = gpu.subprocess.run
    monkeypatch.setattr(
        gpu.subprocess,
        "run",
        lambda command, **others: run([command[0], "-c", code, command[3]], **others),
    )
    request = {"part": "cells", "settings": {}, "seconds": 5.0}
    assert gpu.ask_part(request, {}) == [
        {"subject": "a"},
        {"failed": "ended with 1: no memory"},
    ]
