"""The benchmark's own logic, with contenders whose times are known."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.bench import course, registry, runner
from experiments.bench.figure import draw
from experiments.bench.machine import busy_before, busy_while
from experiments.bench.rows import rows
from experiments.bench.subject import Subject, Work
from experiments.bench.table import complaints, markdown, table
from experiments.bench.timing import Sample, spread, take_turns
from experiments.bench.worker import measure_memory, measure_time, others
from lib.machine import peak_resident_bytes
from lib.report.figure import png

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "only": ("--only=nothing of that name",),
    "threads": ("--threads=3",),
    "rounds": ("--rounds=0",),
    "minutes": ("--minutes=-1",),
    "both": ("--quick", "--full"),
}
REFUSED = {
    "only": "no subject contains 'nothing of that name'; the names are: rnn step",
    "threads": "--threads must be 1, 2 or 1,2, got '3'",
    "rounds": r"rounds=0.*\[1, 1000\]",
    "minutes": "--minutes must be above 0, got -1",
    "both": "--quick and --full exclude each other",
}


class Clock:
    """Time that passes only where a contender says so."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def read(self):
        return Sample(self.now / 2, self.now)

    def work(self, name, *durations, units=1.0):
        left = iter(durations)

        def call():
            self.calls.append(name)
            self.now += next(left, durations[-1])

        return Work(call, units)


def fake(makers, **more):
    return Subject("fake", {"H": 3}, makers, **more)


def answer_of(times, left_out=(), others=0.0):
    """A worker's answer: contenders that took so many seconds in each round."""
    return {
        "contenders": {
            name: {
                "samples": [[s, 2 * s] for s in seconds],
                "compile_seconds": 0.5,
                "temporary_bytes": 64,
            }
            for name, seconds in times.items()
        },
        "left_out": dict(left_out),
        "errors": {},
        "versions": {"jax": "1"},
        "others": others,
    }


def result_of(subject, answer, **effort):
    return runner.measure(subject, runner.Effort(3, **effort), lambda _: answer)


def test_a_sample_is_the_time_of_a_unit():
    clock = Clock()
    works = {"horizon": clock.work("a", 8.0, units=4), "torch": clock.work("b", 3.0)}
    found = take_turns(works, 5, 1e9, 0, clock.read)
    assert found == {"horizon": [Sample(1, 2)] * 5, "torch": [Sample(1.5, 3)] * 5}


def test_quick_contenders_are_called_until_a_turn_is_long_enough():
    clock = Clock()
    works = {"horizon": clock.work("a", 0.01), "torch": clock.work("b", 0.1)}
    take_turns(works, 2, 1e9, 0, clock.read)
    # Two calls find out; a turn of 0.03 s takes 3 or 4 of 0.01 s, one more before it.
    assert clock.calls.count("b") == 2 + 2 * 2
    assert clock.calls.count("a") in (2 + 2 * 4, 2 + 2 * 5)


def test_every_round_has_an_order_of_its_own_that_the_seed_fixes():
    def order(seed):
        clock = Clock()
        works = {name: clock.work(name, 1.0) for name in "abc"}
        take_turns(works, 12, 1e9, seed, clock.read)
        turns = clock.calls[6:]
        return [tuple(turns[i : i + 3]) for i in range(0, len(turns), 3)]

    assert all(sorted(turn) == ["a", "b", "c"] for turn in order(0))
    assert len(set(order(0))) > 2
    assert order(0) == order(0) != order(1)


def test_rounds_end_when_their_time_is_over_but_not_before_the_third():
    clock = Clock()
    found = take_turns({"horizon": clock.work("a", 10.0)}, 50, 45.0, 0, clock.read)
    assert len(found["horizon"]) == 5  # after 40 s one more is begun
    found = take_turns({"horizon": clock.work("a", 10.0)}, 50, 1.0, 0, clock.read)
    assert len(found["horizon"]) == 3


def test_quartiles_are_those_of_the_values():
    assert spread([5, 1, 2, 4, 3]) == (2, 3, 4)
    assert spread([7.0]) == (7, 7, 7)


def test_ratios_are_taken_round_by_round():
    # The machine slows down threefold after the first round: no ratio shows it.
    answer = answer_of({"horizon": [1, 3, 3], "torch": [2, 6, 9]})
    (timing,) = result_of(fake({}, threads=(1,)), answer)["timings"]
    assert timing["ratios"]["torch"]["processor"] == (2, 2, 2.5)
    assert timing["contenders"]["torch"]["seconds"]["clock"][1] == 12
    assert timing["rounds"] == 3


def test_missing_peers_are_left_out_and_failing_ones_reported():
    def missing(H):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    def broken(H):
        raise ValueError(f"not with {H}")

    makers = {"horizon": lambda H: Work(lambda: None), "torch": missing}
    answer = measure_time(fake({**makers, "flax": broken}), 3, 0.0, 0)
    assert list(answer["contenders"]) == ["horizon"]
    assert answer["left_out"] == {"torch": "torch is not installed"}
    assert answer["errors"] == {"flax": "ValueError: not with 3"}
    assert measure_memory(fake(makers), "torch") == {
        "left_out": "torch is not installed"
    }


def test_our_own_failure_is_one_whatever_is_missing():
    def missing(H):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    answer = measure_time(fake({"horizon": missing}), 3, 0.0, 0)
    assert answer["contenders"] == {} and "horizon" in answer["errors"]


def test_memory_is_that_of_the_call():
    # In a process of its own: this one has held more before.
    script = """if True:
        import json
        from experiments.bench.subject import Subject, Work
        from experiments.bench.worker import measure_memory

        hold = []
        work = Work(lambda: hold.append(bytearray(b"x") * 200_000_000))
        subject = Subject("fake", {}, {"horizon": lambda: work})
        print(json.dumps(measure_memory(subject, "horizon")))
    """
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    assert 195_000_000 <= answer["growth_bytes"] <= 215_000_000
    assert answer["peak_bytes"] >= answer["growth_bytes"]


def test_a_process_that_ends_badly_is_one_failure_and_no_more():
    def ask(request):
        raise runner.Failed("ended with code -9: no message")

    result = runner.measure(fake({"horizon": None}), runner.Effort(3), ask)
    assert result["errors"] == {"horizon": "ended with code -9: no message"}
    assert complaints([result]) == [
        "failed: fake, H=3, horizon: ended with code -9: no message"
    ]


def test_a_worker_is_asked_with_its_threads_and_its_words_are_kept():
    request = {"label": "no such subject", "threads": 1, "rounds": 1}
    with pytest.raises(runner.Failed, match="KeyError: 'no such subject'"):
        runner.ask_worker({**request, "seconds": 0.0, "seed": 0})


def test_one_failing_subject_stops_no_other(tmp_path, monkeypatch, capsys):
    answers = {
        "good": result_of(
            fake({}, threads=(1,)), answer_of({"horizon": [1.0, 1], "flax": [2, 2]})
        ),
        "bad": result_of(fake({}, threads=()), {}) | {"errors": {"horizon": "no"}},
    }
    monkeypatch.setattr(course, "measure", lambda subject, _: answers[subject.name])
    chosen = [Subject("bad", {}, {}), Subject("good", {}, {})]
    code = course.measure_all(chosen, runner.Effort(3), 100.0, tmp_path)
    assert code == 1
    written = json.loads((tmp_path / "bench.json").read_text())
    assert written["results"] == json.loads(json.dumps(list(answers.values())[::-1]))
    assert {"processor", "load", "commit", "cores"} <= set(written["machine"])
    assert "failed: fake, H=3, horizon: no" in capsys.readouterr().err
    assert course.measure_all(chosen[1:], runner.Effort(3), 100.0, tmp_path) == 0
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_no_subject_is_begun_after_the_time(tmp_path, capsys):
    chosen = [Subject("late", {"T": 1}, {})]
    assert course.measure_all(chosen, runner.Effort(3), -1.0, tmp_path) == 0
    assert "not measured: late, T=1" in capsys.readouterr().err


def listed(*flags):
    command = [sys.executable, "-m", "experiments.bench", "--list", *flags]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.splitlines()


def test_only_chooses_a_label_or_all_that_contain_a_part():
    whole, part = "latency, lstm, B=1, T=1000", "gru step, H=64"
    found = listed(f"--only={whole}", f"--only={part}")
    assert whole in found and "latency, lstm, B=1, T=10000" not in found
    assert len(found) > 2 and all(part in label for label in found if label != whole)


def test_a_quick_run_is_a_part_of_a_run_and_that_of_a_full_one():
    quick, every, full = set(listed("--quick")), set(listed()), set(listed("--full"))
    assert quick < every < full
    slow = min(every - quick)
    assert listed("--quick", f"--only={slow}") == [slow]


@pytest.fixture(scope="module")
def results():
    subject = fake({}, threads=(1, 2))
    times = {"horizon": [1e-3] * 3, "torch": [2e-3, 4e-3, 5e-3], "flax": [5e-4] * 3}
    result = result_of(subject, answer_of(times, {"equinox": "absent"}))
    step = {**result, "label": "lstm step, H=64, T=128"}
    step["memory"] = {
        name: {"peak_bytes": size * 2**20, "temporary_bytes": None}
        for name, size in {"horizon": 100, "torch": 250}.items()
    }
    return json.loads(json.dumps([result, step]))


def test_rows_compare_in_the_quantity_of_their_threads(results):
    found = rows(results)
    by = {(r.label, r.peer, r.quantity): r for r in found}
    assert len(found) == 2 * 2 * 2 + 1 == len(by)
    one = by["fake, H=3", "torch", "processor"]
    assert (one.ours, one.theirs, one.ratio) == (1e-3, 4e-3, (3, 4, 4.5))
    two = by["lstm step, H=64, T=128", "torch", "clock"]
    assert (two.ours, two.aim) == (2e-3, 1.1)
    assert by["lstm step, H=64, T=128", "torch", "peak_bytes"].ratio.median == 2.5


def test_tables_say_what_was_reached(results):
    text = "\n".join(table(results).lines())
    assert re.search(r"fake, H=3 +torch +one thread.* 1.00 ms +4.00 ms +4.00 \[", text)
    assert re.search(r"100 MiB +250 MiB +2.50", text)
    lines = markdown(results[:1]).splitlines()  # nothing is aimed at: all is shown
    assert len(lines) == 2 + 2 and all(line.count("|") == 6 for line in lines)
    assert "| 1.00 ms a step | torch 4.00, flax 0.50 |" in lines[2]
    one, two = markdown(results).splitlines()[2:]
    assert one.endswith("| 1.00 ms a step | torch 4.00, flax 0.50 | flax 1.5 |")
    assert two.endswith("torch 4.00, flax 0.50 | torch 1.1, flax 1.5 |")
    assert complaints(results) == ["left out: equinox (absent)"]


def test_the_figure_has_a_dot_with_its_quartiles_for_every_comparison(results):
    figure = draw(results)
    one, two = figure.axes
    assert [text.get_text() for text in one.get_yticklabels()] == [
        "fake, H=3",
        "lstm step, H=64, T=128",
    ]
    assert one.get_xscale() == "log"
    lines = [tuple(line.get_xdata()) for line in one.lines]
    assert lines.count((3.0, 4.5)) == 2 and lines.count((1, 1)) == 1
    markers = {line.get_marker() for line in two.lines} - {"None", "|"}
    assert len(markers) == 2
    assert png(lambda: draw(results)).startswith(b"\x89PNG")


def test_without_a_peer_our_own_time_is_still_shown():
    alone = result_of(fake({}, threads=(1,)), answer_of({"horizon": [0.02] * 3}))
    assert re.search(r"fake, H=3 +none .* 20.0 ms$", table([alone]).lines()[-1])
    assert "| 20.0 ms a step |  |  |" in markdown([alone])


def test_a_busy_machine_is_named(results):
    assert "load 3.2" in busy_before({"load": 3.2})
    assert not busy_before({"load": 0.1}) and not busy_before({"load": None})
    subject = fake({}, threads=(1,))
    busy = result_of(subject, answer_of({"horizon": [1.0]}, others=1.3))
    assert "1.3 cores" in busy_while([busy]) and "fake, H=3" in busy_while([busy])
    assert not busy_while(results)


def test_others_are_what_the_cores_did_beyond_this_process():
    before, after = Sample(1.0, 100.0), Sample(3.0, 102.0)
    assert others(10.0, 13.0, before, after) == 0.5
    assert others(10.0, 11.9, before, after) == 0.0  # ticks are coarse
    assert others(None, 13.0, before, after) is None


def test_all_subjects_have_makers_and_ours_is_the_first():
    found = registry.subjects().values()
    assert all(next(iter(s.makers)) == "horizon" for s in found)
    assert all(s.threads or s.memory for s in found)
    assert any(s.quick for s in found) and peak_resident_bytes() > 2**20


@pytest.mark.parametrize("name", REFUSED)
def test_bad_flags_of_the_benchmark_are_one_clear_line(name):
    command = [sys.executable, "-m", "experiments.bench", *COMMANDS[name]]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and done.stdout == ""
    assert re.search(REFUSED[name], done.stderr), done.stderr
