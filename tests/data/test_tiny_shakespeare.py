"""Tiny Shakespeare as a task: the published text, character by character."""

import hashlib

import numpy as np

from lib.data.symbol import decode
from lib.data.tiny_shakespeare import make_tiny_shakespeare
from tests.data.place import PUBLISHED, needs_published

SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


@needs_published
def test_the_task_reads_the_published_text(prepared, monkeypatch):
    monkeypatch.setenv("HORIZON_DATA", str(PUBLISHED))
    task = make_tiny_shakespeare("train", 2, 16)
    text = decode(np.asarray(task.data["tokens"]), task.symbols)
    assert task.fingerprint == hashlib.sha256(text.encode()).hexdigest() == SHA256
    assert len(text) == 1_115_394
