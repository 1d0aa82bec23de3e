"""The square of the picture that a unit sees, against known networks."""

from lib.window import PIXEL


def test_a_stack_of_three_by_three_filters_sees_two_more_rows_a_layer():
    window = PIXEL
    for layer in range(1, 5):
        window = window.through(3, before=1)
        assert window.size == 2 * layer + 1
        assert window.span(0) == (-layer, layer + 1)


def test_the_last_map_of_vgg_16_sees_212_pixels():
    # Araujo, Norris & Sim 2019, Computing receptive fields of convolutional neural
    # networks (Distill), table 1: receptive field 212, effective stride 32.
    window = PIXEL
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            window = window.through(3, before=1)
        window = window.through(2, stride=2)
    assert (window.size, window.stride) == (212, 32)


def test_dilation_spreads_what_a_filter_sees():
    assert PIXEL.through(3, before=2, dilation=2).span(4) == (2, 7)


def test_padding_of_a_later_layer_counts_in_its_own_strides():
    pooled = PIXEL.through(2, stride=2)
    assert pooled.through(3, before=1).span(1) == (0, 6)
