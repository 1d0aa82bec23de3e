"""Files of every kind read as a viewer shows them; bad ones refused in one line."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lib.error import UserError
from lib.picture import decode_png, encode_png, read_picture

RGB = np.random.default_rng(0).integers(0, 256, (9, 14, 3), dtype=np.uint8)


def _saved(tmp_path, image, name="picture.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def _header(width, height, bits=8, colour=2):
    """A PNG file that says how large it is and then ends."""
    body = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunk = b"IHDR" + body
    crc = struct.pack(">I", zlib.crc32(chunk))
    start = struct.pack(">I", 4) + b"IDAT" + b"\0\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + crc + start


def _complaint(path, **options):
    with pytest.raises(UserError) as error:
        read_picture(path, **options)
    message = str(error.value)
    assert "\n" not in message and str(path) in message
    return message


def test_png_comes_back_as_it_was(tmp_path):
    path = _saved(tmp_path, Image.fromarray(RGB))
    np.testing.assert_array_equal(read_picture(path), RGB)
    assert read_picture(str(path)).dtype == np.uint8


def test_jpeg_comes_back_nearly(tmp_path):
    smooth = np.broadcast_to(
        np.arange(0, 240, 10, dtype=np.uint8)[:, None, None], (24,) * 2 + (3,)
    )
    path = _saved(tmp_path, Image.fromarray(smooth.copy()), "p.jpg", quality=95)
    assert np.abs(read_picture(path).astype(int) - smooth).max() <= 4


def test_grey_and_palette_become_rgb(tmp_path):
    grey = _saved(tmp_path, Image.fromarray(RGB[:, :, 0]))
    np.testing.assert_array_equal(read_picture(grey), RGB[:, :, [0, 0, 0]])
    few = np.where(RGB[:, :, :1] > 99, np.uint8([200, 3, 7]), np.uint8([0, 90, 255]))
    palette = _saved(tmp_path, Image.fromarray(few).quantize(2), "palette.gif")
    np.testing.assert_array_equal(read_picture(palette), few)


def test_of_16_bits_the_upper_8_are_kept(tmp_path):
    deep = (RGB[:, :, 0].astype(np.uint16) << 8) | 0x00C3
    path = _saved(tmp_path, Image.fromarray(deep))
    with Image.open(path) as stored:
        assert stored.mode.startswith("I")
    np.testing.assert_array_equal(read_picture(path), RGB[:, :, [0, 0, 0]])


def test_cmyk_becomes_rgb(tmp_path):
    flat = np.zeros((16, 16, 4), np.uint8)
    flat[:, :, 1] = 255  # magenta ink alone: red and blue remain
    path = _saved(tmp_path, Image.fromarray(flat, "CMYK"), "p.jpg", quality=95)
    with Image.open(path) as stored:
        assert stored.mode == "CMYK"
    error = np.abs(read_picture(path).astype(int) - [255, 0, 255])
    assert error.max() <= 3


def test_transparent_parts_show_white(tmp_path):
    alpha = np.full((9, 14, 1), 255, np.uint8)
    alpha[:, :7] = 0
    alpha[4, 9] = 51  # a fifth of the colour, four fifths of white
    path = _saved(tmp_path, Image.fromarray(np.concatenate([RGB, alpha], axis=2)))
    found = read_picture(path)
    assert (found[:, :7] == 255).all()
    np.testing.assert_array_equal(found[:4, 7:], RGB[:4, 7:])
    mixed = 0.2 * RGB[4, 9] + 0.8 * 255
    np.testing.assert_allclose(found[4, 9], mixed, atol=1)


def test_a_transparent_colour_shows_white(tmp_path):
    flat = np.full((9, 9), 7, np.uint8)
    flat[2:5] = 90
    path = _saved(tmp_path, Image.fromarray(flat), transparency=7)
    found = read_picture(path)
    assert (found[2:5] == 90).all() and (found[5:] == 255).all()


# How the stored rows and columns lie in the scene (EXIF 2.3, tag 274).
TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize("orientation", TURNED)
def test_exif_orientation_is_applied(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    path = _saved(tmp_path, Image.fromarray(RGB), exif=exif)
    np.testing.assert_array_equal(read_picture(path), TURNED[orientation](RGB))


def test_broken_exif_does_not_hide_the_picture(tmp_path):
    path = _saved(tmp_path, Image.fromarray(RGB), exif=b"Exif\0\0MM\0*\0\0\xff\xff")
    np.testing.assert_array_equal(read_picture(path), RGB)


def test_missing_files_and_folders_are_named(tmp_path):
    assert "no such file" in _complaint(tmp_path / "absent.png")
    assert "folder" in _complaint(tmp_path)


@pytest.mark.parametrize("content", [b"", b"a text\n", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "letter.png"
    path.write_bytes(content)
    message = _complaint(path)
    assert "no picture" in message and "JPEG" in message


@pytest.mark.parametrize("name", ["p.png", "p.jpg"])
def test_a_truncated_picture_is_refused(tmp_path, name):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = _saved(tmp_path, Image.fromarray(noise), name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "cut short or broken" in _complaint(path)


def test_floating_point_pixels_are_refused(tmp_path):
    image = Image.fromarray(np.zeros((9, 9), np.float32))
    assert "floating-point" in _complaint(_saved(tmp_path, image, "f.tiff"))


def test_one_pixel_is_refused_and_the_bound_said(tmp_path):
    path = _saved(tmp_path, Image.fromarray(RGB[:1, :1]))
    message = _complaint(path)
    assert "1 x 1 pixels" in message and "at least 8" in message
    assert read_picture(path, min_side=1).shape == (1, 1, 3)


def test_200_megapixels_are_refused_before_decoding(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(_header(20_000, 10_000))  # nothing to decode is in it
    message = _complaint(path)
    assert "200.0 megapixels" in message
    assert "limit is 100" in message and "--max_megapixels" in message
    # The limit lifted, the next thing said is what is missing: Pillow's own limit of
    # 179 megapixels, and its warning from 89 on, are not in the way.
    path.write_bytes(_header(20_000, 10_000, 1, 0))
    assert "cut short" in _complaint(path, max_megapixels=200)
    path.write_bytes(_header(9_500, 10_000, 1, 0))
    assert "cut short" in _complaint(path)


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_limit_must_be_above_0(tmp_path, limit):
    path = _saved(tmp_path, Image.fromarray(RGB))
    with pytest.raises(UserError, match="max_megapixels must be above 0"):
        read_picture(path, max_megapixels=limit)


def test_pillows_limit_is_as_before(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    _complaint(tmp_path)
    read_picture(_saved(tmp_path, Image.fromarray(RGB)))
    assert before == Image.MAX_IMAGE_PIXELS is not None


@pytest.mark.parametrize("picture", [RGB, RGB[:, :, 1]])
def test_a_stored_picture_comes_back(picture):
    text = encode_png(picture)
    assert isinstance(text, str) and text.isascii()
    np.testing.assert_array_equal(decode_png(text), picture)


@pytest.mark.parametrize(
    "picture", [RGB.astype(np.float32), RGB[:, :, :2], RGB[0, 0], RGB[:0]]
)
def test_only_8_bit_grey_and_rgb_are_stored(picture):
    with pytest.raises(ValueError, match="uint8"):
        encode_png(picture)


def test_a_broken_stored_picture_raises():
    import base64

    large = base64.b64encode(_header(3000, 2000)).decode()
    whole = encode_png(RGB)
    cut = base64.b64encode(base64.b64decode(whole)[:60]).decode()
    for text in ("", "no base64!", "QUJD", whole[:41], cut, large, None, 7, [whole]):
        with pytest.raises(ValueError, match="decode_png"):
            decode_png(text)


def test_the_folder_of_an_unknown_user_is_refused():
    with pytest.raises(UserError, match="~nobody-of-that-name/x.png"):
        read_picture("~nobody-of-that-name/x.png")
