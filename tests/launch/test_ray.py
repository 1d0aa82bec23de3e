"""The Ray engine on a real cluster of two nodes: bits, refusals, lost workers.

Ray is an extra; run this file with an interpreter that has it.
"""

import os
import signal
import threading

import pytest

from lib.error import UserError
from lib.launch.queue import Queue
from tests.launch import command
from tests.launch.command import content, finish
from tests.launch.finished import tiny_plan

pytestmark = pytest.mark.slow
CONFIG = "--config=tests/launch/tiny.py"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a cluster of two nodes with one processor each."""
    names = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": os.urandom(32).hex(),
        "RAY_USAGE_STATS_ENABLED": "0",
        "HORIZON_CACHE": str(tmp_path_factory.mktemp("cache")),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in names.items():  # Ray reads them as it is imported
            patch.setenv(name, value)
        ray = pytest.importorskip("ray", reason="Ray is not installed")
        from ray.cluster_utils import Cluster

        cluster = Cluster()
        for _ in range(2):
            cluster.add_node(num_cpus=1, include_dashboard=False)
        yield cluster.address
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture(scope="module")
def serial(cluster, tmp_path_factory):
    root = tmp_path_factory.mktemp("serial")
    arguments = f"--store={root}", CONFIG, "--engine=serial"
    finish(command.start(os.environ.copy(), "sweep", *arguments))
    return content(root, "tiny")


def run(root, address, emit=lambda event: None, **options):
    """The tiny sweep through Ray, as the program would run it."""
    from lib.launch.ray import run_ray

    queue = Queue(root, {**tiny_plan(), **described()})
    run_ray(root, queue, emit, lambda: 0, 2, address, **options)
    return queue


def described():
    return {"title": "Tiny", "config_file": "tests/launch/tiny.py"}


def test_ray_gives_the_bits_of_the_serial_engine(cluster, serial, tmp_path):
    queue = run(tmp_path, cluster)
    assert queue.counts() == {"done": 16, "running": 0, "failed": 0}
    assert content(tmp_path, "tiny") == serial


def test_a_resource_that_no_node_has_is_refused(cluster, tmp_path):
    with pytest.raises(UserError, match=r"needs .*TPU.* the nodes have .*CPU.*1\.0"):
        run(tmp_path, cluster, resources={"CPU": 1.0, "TPU": 4.0})


def test_a_killed_worker_costs_one_attempt(cluster, serial, tmp_path):
    killed, outcomes = [], []

    def kill_one():
        """The process that holds a group's lock is the worker at work on it."""
        while not killed:
            for path in tmp_path.glob("groups/*/attempts.jsonl"):
                words = path.read_text().split('"pid":')
                if len(words) > 1:
                    pid = int(words[1].strip().split(",")[0].rstrip("}\n"))
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    return
            done.wait(0.01)

    done = threading.Event()
    watcher = threading.Thread(target=kill_one)
    watcher.start()
    queue = run(tmp_path, cluster, lambda e: outcomes.append(e.get("outcome")))
    watcher.join()
    assert killed and outcomes.count("lost") == 1
    assert queue.counts() == {"done": 16, "running": 0, "failed": 0}
    assert content(tmp_path, "tiny") == serial
