"""Pictures from files, and small ones inside a run's result.

`read_picture` gives 8-bit RGB of any picture that Pillow decodes by itself, the way a
viewer shows it: turned by its EXIF orientation, transparent parts over white. The size
in its header is held against a limit before a pixel is decoded.
"""

import base64
import binascii
import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from lib.error import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

# Those that decode pixels in this process: a PostScript file would start a program.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
MIN_SIDE = 8  # pixels: below it there is nothing to see
_MAX_STORED = 4_000_000  # pixels of a picture in a result; more is not ours


def read_picture(
    path: str | Path, *, max_megapixels: float = 100.0, min_side: int = MIN_SIDE
) -> UInt8[np.ndarray, "H W 3"]:
    """The picture in a file as 8-bit RGB.

    Grey is repeated, a palette looked up, of 16 bits the upper 8 are kept, CMYK is
    converted without a colour profile, and of many pictures in a file the first is
    read.

    Raises: UserError for a file that is missing, no picture, cut short or broken, for
    floating-point pixels, and for one smaller than `min_side` or larger than
    `max_megapixels`; the latter is refused before its pixels are decoded.
    """
    if not max_megapixels > 0:
        raise UserError(f"--max_megapixels must be above 0, got {max_megapixels}")
    path = expand(path)
    with _undisturbed():
        image = _open(path)
        try:
            _check_size(path, image.size, max_megapixels, min_side)
            if image.mode == "F":
                raise UserError(
                    f"{path}: its pixels are floating-point numbers; save it with 8 or "
                    "16 bits a colour"
                )
            return _decode(path, image)
        finally:
            image.close()


def expand(path: str | Path) -> Path:
    """A path with ~ and ~NAME looked up. UserError for a user who is not known."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(f"{path}: {error}") from error


def encode_png(picture: UInt8[np.ndarray, "H W *C"]) -> str:
    """A grey [H, W] or RGB [H, W, 3] picture as a PNG file in base64.

    Raises: ValueError for another shape or type.
    """
    from PIL import Image

    picture = np.asarray(picture)
    grey, colour = picture.ndim == 2, picture.ndim == 3 and picture.shape[-1] == 3
    if picture.dtype != np.uint8 or not (grey or colour) or not picture.size:
        raise ValueError(
            "encode_png: a picture is uint8 [H, W] or [H, W, 3], got "
            f"{picture.dtype} {list(picture.shape)}"
        )
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def decode_png(text: Any) -> UInt8[np.ndarray, "H W *C"]:
    """What `encode_png` was given. ValueError for anything it does not return."""
    from PIL import Image

    if not isinstance(text, str):
        raise ValueError(f"decode_png: base64 text is needed, got {type(text)}")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("decode_png: not base64") from error
    with _undisturbed():
        try:
            with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
                width, height = image.size
                if width * height > _MAX_STORED or image.mode not in ("L", "RGB"):
                    raise ValueError(f"{width} x {height} pixels, {image.mode}")
                return np.array(image)
        except Exception as error:  # a decoder may raise anything on broken data
            raise ValueError(f"decode_png: not a stored picture ({error})") from error


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Pillow without its own limit (ours is stricter) and its warnings on bad files."""
    from PIL import Image

    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _open(path: Path) -> "Image":
    """The header is read, the pixels are not."""
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(path, formats=FORMATS)
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise UserError(f"{path}: is a folder, not a picture") from error
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise UserError(f"{path}: is no picture of a known format ({known})") from error
    except Exception as error:  # a decoder may raise anything on broken data
        raise UserError(f"{path}: cannot be read: {error}") from error


def _check_size(
    path: Path, size: tuple[int, int], max_megapixels: float, min_side: int
) -> None:
    width, height = size
    if min(size) < min_side:
        raise UserError(
            f"{path}: {width} x {height} pixels; a picture has at least {min_side} a "
            "side"
        )
    megapixels = width * height / 1e6
    if megapixels > max_megapixels:
        raise UserError(
            f"{path}: {width} x {height} pixels are {megapixels:.1f} megapixels; the "
            f"limit is {max_megapixels:g}, which --max_megapixels lifts"
        )


def _decode(path: Path, image: "Image") -> UInt8[np.ndarray, "H W 3"]:
    try:
        image.load()
    except Exception as error:  # a decoder may raise anything on broken data
        raise UserError(f"{path}: is cut short or broken: {error}") from error
    image = _upright(image)
    if image.mode.startswith("I"):
        upper = np.clip(np.asarray(image).astype(np.int64), 0, 65535) >> 8
        return np.repeat(upper.astype(np.uint8)[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        from PIL import Image

        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))


def _upright(image: "Image") -> "Image":
    """Turned by its orientation; as it is where its EXIF cannot be read."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken EXIF is no reason not to show the picture
        return image
