"""Which part of a picture a unit of a layer of convolutions can see."""

from typing import NamedTuple


class Window(NamedTuple):
    """Unit i of a layer sees `size` pixels, from start + i stride on.

    Along one axis of the picture; pixels outside it are padding. A size of 0 stands for
    the whole picture. Theoretical: no pixel outside can move the unit, while those
    inside do so by very different amounts.
    """

    size: int = 1
    stride: int = 1
    start: int = 0

    def through(
        self, size: int, stride: int = 1, before: int = 0, dilation: int = 1
    ) -> "Window":
        """The window of a unit of the next layer, one that slides over this one.

        Over `size` units, `dilation` apart, moving by `stride`, the first of them
        `before` units ahead of the layer's first: its padding there.
        """
        return Window(
            self.size + (size - 1) * dilation * self.stride,
            self.stride * stride,
            self.start - before * self.stride,
        )

    def span(self, place: int) -> tuple[int, int]:
        """The first pixel that the unit sees, and the one after its last."""
        first = self.start + place * self.stride
        return first, first + self.size

    def middle(self, place: int) -> int:
        """The pixel in the middle of what the unit sees."""
        first, after = self.span(place)
        return (first + after - 1) // 2


PIXEL = Window()
WHOLE = Window(size=0)
Windows = tuple[Window, Window]  # of rows and of columns
