"""The Penn Treebank as words and characters: sizes as published."""

import os
from pathlib import Path

import numpy as np
import pytest

from lib.data.ptb import as_characters, as_words, make_ptb_characters, make_ptb_words
from lib.data.symbol import decode

FILE = Path(os.environ.get("HORIZON_DATA", "/nowhere"), "ptb/ptb.train.txt.gz")
needs_file = pytest.mark.skipif(not FILE.is_file(), reason="no ptb in $HORIZON_DATA")
LINES = " no it was n't <unk> \n mr. N is \n"


def test_a_line_is_its_words_and_an_end():
    words = "no it was n't <unk> <eos> mr. N is <eos>".split()
    assert as_words(LINES) == words


def test_a_line_is_its_characters_with_underscores():
    assert as_characters(LINES) == "no_it_was_n't_<unk>\nmr._N_is\n"


@needs_file
def test_words_are_as_many_as_published():
    # Mikolov et al. 2010; Zaremba et al. 2014, section 4.1.
    task = make_ptb_words("test", 20, 20)
    sizes = {"train": 929_589, "validation": 73_760, "test": 82_430}
    assert task.facts["tokens"] == sizes
    assert task.interface.output_size == 10_000 and task.symbols[-1] == "<unk>"
    start = int(task.data["start"])
    text = decode(np.asarray(task.data["tokens"])[start : start + 6], task.symbols, " ")
    assert text == "no it was n't black monday"


@needs_file
def test_characters_are_as_many_as_published():
    # 50 symbols and 5,017k training characters (Mikolov et al. 2012, table 1).
    task = make_ptb_characters("train", 20, 20)
    assert task.facts["tokens"]["train"] == 5_017_482
    assert len(task.symbols) == 50 + 1  # and the unknown one
    text = decode(np.asarray(task.data["tokens"])[:20], task.symbols)
    assert text == "aer_banknote_berlitz"
