"""Texts as characters and words, and how prompts are read."""

import numpy as np
import pytest

from lib.data.symbol import (
    decode,
    encode,
    encode_characters,
    read_prompt,
    spell,
    split_words,
    word_vocabulary,
)

WORDS = ("the", "<eos>", "mr.", "n't", "do", "company", "N", "<unk>")


def test_words_are_runs_of_letters_and_single_marks_with_ends_of_line():
    words = split_words("It's late -- isn't it?\n\nVingt-trois l’été.")
    assert words == [
        *("It's", "late", "-", "-", "isn't", "it", "?", "<eos>", "<eos>"),
        *("Vingt-trois", "l’été", ".", "<eos>"),
    ]


def test_a_word_vocabulary_keeps_the_commonest_in_order():
    words = "b a c a b a <unk> <unk> d".split()
    assert word_vocabulary(words, 4) == ("a", "b", "c", "<unk>")
    assert word_vocabulary(words, 99) == ("a", "b", "c", "d", "<unk>")


def test_long_and_short_texts_are_encoded_alike():
    symbols = ("\t", "a", "é", "😀", "�")
    text = "a😀é?\udc80\t"
    assert encode(text, symbols).tolist() == [1, 3, 2, 4, 4, 0]
    assert encode_characters(text, symbols).tolist() == [1, 3, 2, 4, 4, 0]


def test_words_are_written_with_spaces_and_lines():
    tokens = np.array([0, 5, 1, 0, 6, 1, 1, 0])
    assert decode(tokens, WORDS, " ") == "the company\nthe N\n\nthe"


def test_a_text_can_be_spelt_in_pieces():
    words = ["a", "b", "<eos>", "c", "d"]
    whole = "".join(spell(words, " "))
    for cut in range(1, 5):
        pieces = [*spell(words[:cut], " "), *spell(words[cut:], " ", words[cut - 1])]
        assert "".join(pieces) == whole == "a b\nc d"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("the company", ["the", "company"]),
        ("The company", ["the", "company"]),
        ("mr. N", ["mr.", "N"]),
        ("the company,", ["the", "company", ","]),
        ("do n't\nthe", ["do", "n't", "<eos>", "the"]),
        ("zebra", ["zebra"]),
        (" \t ", []),
    ],
)
def test_a_prompt_of_words_is_read_as_the_vocabulary_has_them(text, read):
    assert read_prompt(text, WORDS, " ") == read


def test_spaces_of_a_prompt_are_underscores_where_the_text_has_those():
    assert read_prompt("a b", ("_", "a", "b", "�"), "") == ["a", "_", "b"]
    assert read_prompt("a b", (" ", "_", "a", "�"), "") == ["a", " ", "b"]
