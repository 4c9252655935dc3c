"""Hostile and broken files are refused with their reason, and whole ones come out upright."""

import gzip
import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from index.errors import ImageRefusedError
from index.image_files import ImageLimits, open_image

LIMITS = ImageLimits(bytes=2_000_000, pixels=4_000_000, side=10_000)
_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'


def encoded(format_name: str, size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    random = np.random.default_rng(1)
    pixels = random.integers(0, 255, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format_name, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int) -> bytes:
    content = bytearray(encoded("JPEG"))
    start = content.index(b"\xff\xc0") + 5
    content[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def tiff_of_size(width: int, height: int) -> bytes:
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    tags += [(273, 4, 200), (277, 3, 1), (278, 4, height), (279, 4, 16)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(tags)) + body + bytes(300)


def looping_tiff() -> bytes:
    content = bytearray(tiff_of_size(4, 4))
    end = 8 + 2 + 9 * 12
    content[end : end + 4] = struct.pack("<I", 8)
    return bytes(content)


def bomb() -> bytes:
    line = bytes(1 + 3 * 9_000)
    packed = zlib.compressobj(9)
    data = b"".join(packed.compress(line) for _ in range(9_000)) + packed.flush()
    return png(9_000, 9_000, chunk(b"IDAT", data))


def text_bomb() -> bytes:
    body = b"Comment\x00\x00" + zlib.compress(bytes(80_000_000), 9)
    return png(1, 1, chunk(b"zTXt", body), chunk(b"IDAT", zlib.compress(bytes(4))))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.jpg": (lambda: b"", "empty"),
    "one_byte.png": (lambda: b"\x89", "unknown-format"),
    "text.jpg": (lambda: b"this is no picture\n" * 50, "unknown-format"),
    "zeros.png": (lambda: bytes(5_000), "unknown-format"),
    "random.webp": (lambda: np.random.default_rng(3).bytes(9_000), "unknown-format"),
    "vector.svg": (lambda: _SVG, "unknown-format"),
    "vector.png": (lambda: _SVG, "unknown-format"),
    "page.jpg": (lambda: b"<!DOCTYPE html><html><body></body></html>", "unknown-format"),
    "sky.fits": (lambda: b"SIMPLE  =                    T".ljust(2880), "unknown-format"),
    "sky.png": (lambda: gzip.compress(b"SIMPLE  =".ljust(2880)), "unknown-format"),
    "document.pdf": (lambda: b"%PDF-1.7\n" + bytes(200), "unknown-format"),
    "print.jpg": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "unknown-format"),
    "archive.png": (lambda: b"PK\x03\x04" + bytes(100), "unknown-format"),
    "program.gif": (lambda: b"MZ" + bytes(500), "unknown-format"),
    "bitmap.bmp": (lambda: encoded("BMP"), "unknown-format"),
    "icon.png": (lambda: encoded("ICO", (32, 32)), "unknown-format"),
    "targa.png": (lambda: encoded("TGA"), "unknown-format"),
    "bomb.png": (bomb, "too-many-pixels"),
    "huge.png": (lambda: png(2**31 - 1, 2**31 - 1), "too-many-pixels"),
    "wide.png": (lambda: png(200_000, 2), "too-many-pixels"),
    "huge.jpg": (lambda: jpeg_of_size(65_500, 65_500), "too-many-pixels"),
    "huge.tiff": (lambda: tiff_of_size(2**31 - 1, 2**31 - 1), "too-many-pixels"),
    "large.png": (lambda: encoded("PNG", (1_000, 900)), "too-many-bytes"),
    "text_bomb.png": (text_bomb, "damaged"),
    "no_pixels.png": (lambda: png(20, 20), "damaged"),
    "no_lines.png": (lambda: png(50, 50, chunk(b"IDAT", zlib.compress(b"\x00"))), "damaged"),
    "wrong_zlib.png": (lambda: png(50, 50, chunk(b"IDAT", b"\xff" * 90)), "damaged"),
    "zero_sized.png": (lambda: png(0, 0), "damaged"),
    "truncated.jpg": (lambda: encoded("JPEG")[:-700], "damaged"),
    "truncated.png": (lambda: encoded("PNG")[:3_000], "damaged"),
    "truncated.gif": (lambda: encoded("GIF")[:1_200], "damaged"),
    "truncated.tiff": (lambda: encoded("TIFF")[:4_000], "damaged"),
    "truncated.webp": (lambda: encoded("WEBP")[:600], "damaged"),
    "truncated.heic": (lambda: encoded("HEIF")[:500], "damaged"),
    "header_only.jpg": (lambda: encoded("JPEG")[:20], "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    make, reason = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(ImageRefusedError) as refused:
        open_image(path, LIMITS)
    assert refused.value.reason == reason
    assert str(path) in refused.value.message


def test_a_refusal_names_what_the_file_seems_to_be() -> None:
    with pytest.raises(ImageRefusedError, match="looks like SVG"):
        open_image(_SVG)
    with pytest.raises(ImageRefusedError, match="looks like PDF"):
        open_image(b"%PDF-1.7\n")


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nothing.jpg")
    (tmp_path / "folder.jpg").mkdir()
    expected = {
        "pipe.jpg": "not-a-file",
        "loop.jpg": "unreadable",
        "gone.jpg": "missing",
        "folder.jpg": "not-a-file",
        "absent.jpg": "missing",
        "zero\0byte.jpg": "unreadable",
        "x" * 5_000 + ".jpg": "unreadable",
    }
    for name, reason in expected.items():
        with pytest.raises(ImageRefusedError) as refused:
            open_image(tmp_path / name)
        assert refused.value.reason == reason, name
    with pytest.raises(ImageRefusedError) as refused:
        open_image("/dev/zero")
    assert refused.value.reason == "not-a-file"


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF"])
def test_every_named_format_is_read_whatever_its_suffix(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(encoded(name))
    image = open_image(path)
    assert (image.mode, image.size) == ("RGB", (60, 40))


def test_a_picture_with_an_archive_behind_it_is_only_a_picture() -> None:
    image = open_image(encoded("PNG") + b"PK\x03\x04" + bytes(500))
    assert image.size == (60, 40)


def test_the_camera_s_orientation_is_respected() -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    image = open_image(buffer.getvalue())
    assert image.size == (40, 60)
    assert image.getpixel((20, 5)) == (255, 0, 0)
    assert image.getpixel((20, 55)) == (0, 0, 0)


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert open_image(buffer.getvalue()).getpixel((4, 4)) == (255, 0, 0)


def test_frames_that_follow_one_another_in_a_circle_do_not_hold_it_up() -> None:
    assert open_image(looping_tiff()).size == (4, 4)


def test_what_is_transparent_becomes_white() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (5, 5), (0, 0, 0, 0)).save(buffer, "PNG")
    assert open_image(buffer.getvalue()).getpixel((2, 2)) == (255, 255, 255)


def test_sixteen_bits_keep_their_shades() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 4), 32_768, np.uint16)).save(buffer, "PNG")
    assert open_image(buffer.getvalue()).getpixel((1, 1)) == (127, 127, 127)


def test_a_large_jpeg_may_come_smaller_but_never_too_small() -> None:
    content = encoded("JPEG", (1600, 1200))
    image = open_image(content, at_least=300)
    assert image.size == (400, 300)
    assert open_image(content).size == (1600, 1200)


def test_a_jpeg_that_comes_smaller_shows_the_same() -> None:
    random = np.random.default_rng(2)
    coarse = Image.fromarray(random.integers(0, 255, (9, 12, 3), np.uint8))
    buffer = io.BytesIO()
    coarse.resize((1200, 900), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    small = np.asarray(open_image(buffer.getvalue(), at_least=400), float)
    full = np.asarray(open_image(buffer.getvalue()).reduce(2), float)
    assert small.shape == full.shape == (450, 600, 3)
    assert np.abs(small - full).mean() < 1.5


def test_nothing_of_the_file_but_its_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N"}
    image = open_image(encoded("JPEG", exif=exif.tobytes(), comment=b"secret"))
    assert image.info == {}
    assert not image.getexif()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF"]),
    st.integers(0, 10_000),
    st.binary(min_size=1, max_size=40),
)
def test_any_altered_file_is_a_picture_or_refused(name: str, place: int, bytes_: bytes) -> None:
    content = bytearray(encoded(name, (16, 12)))
    start = place % len(content)
    content[start : start + len(bytes_)] = bytes_
    try:
        image = open_image(bytes(content), LIMITS)
    except ImageRefusedError:
        return
    assert image.mode == "RGB"
