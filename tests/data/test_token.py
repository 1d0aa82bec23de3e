import numpy as np
import pytest

from lib.data.token import (
    PHONE,
    beginnings,
    encode_texts,
    make_vocabulary,
    mask,
    pieces,
    symbols_of,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jim.smith@cs.colorado.edu wrote", "@cs.colorado.edu wrote"),
        ("<1993Apr5.123@uunet.uu.net>", "<@uunet.uu.net>"),
        ("mail jim @ cs.edu", "mail @cs.edu"),
        ("meet @ 5pm", "meet @ 5pm"),
        ("gate!host!jim", "gate!host!@"),
        ("Hi!How are you", "Hi!How are you"),
        ("(303) 492-1234", PHONE),
        ("call 07781482378 now", f"call {PHONE} now"),
        ("+44 (0)7781 482378", PHONE),
        ("1-303-492-1234; 492-1234", f"{PHONE}; {PHONE}"),
        ("ann (at) cs (dot) edu said", "@ said"),
        ("see http://host.org/~jim/x", "see http://host.org/@/x"),
        ("1993-04-05 at 10:22:11, 12,345,678", "1993-04-05 at 10:22:11, 12,345,678"),
        ("to 87121, £1.50pm", "to 87121, £1.50pm"),
        ("a@b.org\nc@d.org", "@b.org\n@d.org"),
    ],
)
def test_addresses_and_numbers_are_masked_and_nothing_else(text, expected):
    assert mask(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't panic: it's 42!", ["don't", "panic", "it's", "42", "!"]),
        ("The 486DX2 cost $1,000.50?", ["the", "486dx2", "cost", "$", "1,000.50", "?"]),
        ("'quoted' snake_case a--b", ["quoted", "snake", "case", "a", "b"]),
        ("£1.50pm", ["£", "1.50", "pm"]),
        ("Ünïcode straße", ["ünïcode", "straße"]),
        ("@cs.edu ☎", ["@", "cs", "edu", "☎"]),
        ("-- ... \n", []),
        ("", []),
    ],
)
def test_words_are_those_of_the_hand_made_cases(text, expected):
    assert list(symbols_of(text, "word")) == expected
    assert [piece.symbol for piece in pieces(text, "word")] == expected


def test_characters_keep_their_case_and_lose_repeated_white_space():
    text = "FREE  entry\nnow"
    assert "".join(symbols_of(text, "character")) == "FREE entry now"
    assert "".join(p.symbol for p in pieces(text, "character")) == "FREE entry now"


@pytest.mark.parametrize("unit", ["word", "character"])
def test_pieces_stand_where_they_are_in_the_text(unit):
    text = "Re: Don't  call\t492, OK?"
    for symbol, start, stop in pieces(text, unit):
        shown = text[start:stop]
        assert (
            shown.lower() == symbol
            or (symbol == " " and shown.isspace())
            or (shown == symbol)
        )


def test_the_first_symbols_are_read_again_as_the_first_symbols():
    text = "From: @host.org\n\nShe said 3.5, or 'four'... didn't she?"
    whole = list(symbols_of(text, "word"))
    counts = range(1, len(whole) + 2)
    for count, cut in zip(counts, beginnings(text, "word", counts), strict=True):
        assert list(symbols_of(cut, "word")) == whole[:count]


def test_a_vocabulary_is_by_count_then_by_code_point():
    texts = [["b", "a", "b"], ["c", "a", "b"], ["d"]]
    assert make_vocabulary(texts, 1, 10)[2:] == ("b", "a", "c", "d")
    assert make_vocabulary(texts, 2, 10)[2:] == ("b", "a")
    assert make_vocabulary(texts, 1, 1)[2:] == ("b",)


def test_texts_are_encoded_with_padding_unknown_words_and_one_token_for_none():
    encoded = encode_texts([["b", "x", "a"], [], ["x"]], ("", "?", "a", "b"))
    np.testing.assert_array_equal(encoded.sizes, [3, 1, 1])
    np.testing.assert_array_equal(
        encoded.padded(4), [[3, 1, 2, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    )
    np.testing.assert_array_equal(encoded.padded(2), [[3, 1], [1, 0], [1, 0]])
