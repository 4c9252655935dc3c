"""Files of any origin to pictures, or a reason why not.

A file is looked at before it is decoded: kind of file, bytes, format by its content, pixels. Only
then does a decoder of one of the named formats see it (advice of the Pillow handbook on untrusted
files). Nothing here follows what a file says about other files.
"""

import io
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from index.errors import ImageRefusedError

if TYPE_CHECKING:
    from PIL import Image, ImageFile

Reason = Literal[
    "missing",
    "unreadable",
    "not-a-file",
    "empty",
    "too-many-bytes",
    "unknown-format",
    "too-many-pixels",
    "damaged",
]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF")
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif"}
)
_FORMATS_IN_WORDS = "JPEG, PNG, WebP, GIF, TIFF and HEIC"
# How files of the named formats begin (WebP and HEIC say so a few bytes later).
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\x00", b"MM\x00*")
_BACKGROUND = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What is refused before it is decoded.

    `pixels` counts those of one frame; its default lies under Pillow's own warning, so that
    nothing which Pillow suspects to be a decompression bomb is ever decoded.
    """

    bytes: int = 64 * 1024 * 1024
    pixels: int = 64_000_000
    side: int = 30_000


DEFAULT_LIMITS = ImageLimits()


def real_path(path: Path) -> Path:
    """Where a path leads in the end, whether or not anything is there."""
    # Path.resolve raises on links in a circle.
    return Path(os.path.realpath(path))


def open_image(
    source: Path | str | bytes, limits: ImageLimits = DEFAULT_LIMITS, at_least: int | None = None
) -> "Image.Image":
    """The picture in a file or in bytes: RGB, upright (EXIF), the first frame, on white.

    With `at_least` a JPEG may come smaller than it is, as long as neither side falls under that
    many pixels (or its own size): decoding is then several times faster.

    Raises ImageRefusedError with a `reason`; never anything else for anything a file may hold.
    """
    if isinstance(source, bytes):
        return decode_image(source, "The picture", limits, at_least)[0]
    path = Path(source)
    return decode_image(read_image_bytes(path, limits), str(path), limits, at_least)[0]


def read_image_bytes(path: Path, limits: ImageLimits = DEFAULT_LIMITS) -> bytes:
    """The bytes of a regular file. Raises ImageRefusedError; never waits on a pipe or a device."""
    try:
        # Without O_NONBLOCK opening a named pipe waits for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise ImageRefusedError(f"{path} does not exist.", reason="missing") from error
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise ImageRefusedError(
            f"{path} cannot be opened: {words}.", reason="unreadable"
        ) from error
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise _not_a_file(path, "a folder")
        if not stat.S_ISREG(status.st_mode):
            raise _not_a_file(path, "a pipe or a device")
        if status.st_size > limits.bytes:
            raise _too_many_bytes(str(path), status.st_size, limits)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # No more than that: the interpreter makes room for all that is asked for.
            return file.read(status.st_size + 1)
    except OSError as error:
        raise ImageRefusedError(
            f"{path} cannot be read: {error.strerror or error}.", reason="unreadable"
        ) from error
    finally:
        os.close(descriptor)


def decode_image(
    content: bytes,
    name: str = "The picture",
    limits: ImageLimits = DEFAULT_LIMITS,
    at_least: int | None = None,
) -> "tuple[Image.Image, tuple[int, int]]":
    """The picture in `content`, as `open_image` gives it, and the size that it has in full.

    `name` is used in messages.
    """
    from PIL import Image, ImageOps

    if not content:
        raise ImageRefusedError(f"{name} is empty.", reason="empty")
    if len(content) > limits.bytes:
        raise _too_many_bytes(name, len(content), limits)
    with _opened(content, name) as opened:
        width, height = opened.size
        if width * height > limits.pixels or max(width, height) > limits.side:
            raise _too_many_pixels(name, f"{width} x {height}")
        try:
            # All at once: after a part of a JPEG its decoder would begin a row again.
            opened.decodermaxblock = len(content)
            if at_least is not None and opened.format == "JPEG":
                _decode_smaller(opened, at_least)
            opened.load()
            lying = opened.size
            ImageOps.exif_transpose(opened, in_place=True)
            full = (width, height) if opened.size == lying else (height, width)
            return _plain(opened), full
        except (Image.DecompressionBombError, MemoryError) as error:
            raise _too_many_pixels(name, f"{width} x {height}") from error
        except Exception as error:  # decoders raise anything for hostile content
            raise _damaged(name, error) from error


def _opened(content: bytes, name: str) -> "ImageFile.ImageFile":
    from PIL import Image

    _register_heif()
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(name, str(error)) from error
    except Image.UnidentifiedImageError as error:
        if content.startswith(_MAGIC) or content[4:8] == b"ftyp" or content[8:12] == b"WEBP":
            raise _damaged(name, ValueError("its header cannot be read")) from error
        raise ImageRefusedError(
            f"{name} is no picture of a known format{_resembles(content)}.",
            reason="unknown-format",
            hint=f"Known are {_FORMATS_IN_WORDS}.",
        ) from error
    except Exception as error:  # as above, for headers
        raise _damaged(name, error) from error


def _decode_smaller(opened: "ImageFile.ImageFile", at_least: int) -> None:
    full = opened.size
    opened.draft("RGB", (at_least, at_least))
    if opened.size != full:
        # And with the faster of libjpeg's transforms: scaled down, few values change, by 1 or 2.
        scale, _ = opened.decoderconfig
        opened.decoderconfig = (scale, 1)


def _plain(image: "Image.Image") -> "Image.Image":
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        values = np.nan_to_num(np.asarray(image, np.float64))
        # 16 bits have a known range; longer integers and floats take the range they use.
        low, high = (0.0, 65535.0) if image.mode.startswith("I;16") else _range(values)
        scaled = (values - low) * (255.0 / max(high - low, 1e-12))
        image = Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        under = Image.new("RGBA", image.size, (*_BACKGROUND, 255))
        return Image.alpha_composite(under, image).convert("RGB")
    # What is kept of a picture is its pixels, without the file's metadata. Where they are RGB they
    # are not copied, which would take a tenth of the time that decoding them took.
    plain = image._new(image.im) if image.mode == "RGB" else image.convert("RGB")
    plain.info = {}
    return plain


def _range(values: Any) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _register_heif() -> None:
    from PIL import Image

    if "HEIF" not in Image.OPEN:
        import pillow_heif

        pillow_heif.register_heif_opener()


def _resembles(content: bytes) -> str:
    start = content[:512].lstrip()
    known: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("SVG", lambda: b"<svg" in content[:4096].lower()),
        ("HTML", lambda: start[:15].lower().startswith((b"<!doctype html", b"<html"))),
        ("FITS", lambda: content.startswith(b"SIMPLE  =")),
        ("PDF", lambda: start.startswith(b"%PDF")),
        ("PostScript", lambda: start.startswith(b"%!PS")),
        ("ZIP", lambda: content.startswith(b"PK\x03\x04")),
        ("BMP", lambda: content.startswith(b"BM")),
        ("gzip", lambda: content.startswith(b"\x1f\x8b")),
        ("a program", lambda: content.startswith((b"MZ", b"\x7fELF", b"#!"))),
    )
    for name, matches in known:
        if matches():
            return f" (it looks like {name})"
    return ""


def _not_a_file(path: Path, what: str) -> ImageRefusedError:
    return ImageRefusedError(f"{path} is {what}, not a picture file.", reason="not-a-file")


def _too_many_bytes(name: str, size: int, limits: ImageLimits) -> ImageRefusedError:
    return ImageRefusedError(
        f"{name} has {size / 1e6:.0f} MB; more than {limits.bytes / 1e6:.0f} MB are not read.",
        reason="too-many-bytes",
        hint="Save it smaller.",
    )


def _too_many_pixels(name: str, size: str) -> ImageRefusedError:
    return ImageRefusedError(
        f"{name} has too many pixels to be decoded: {size}.",
        reason="too-many-pixels",
        hint="Scale it down.",
    )


def _damaged(name: str, error: Exception) -> ImageRefusedError:
    words = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ImageRefusedError(f"{name} is damaged or truncated: {words}.", reason="damaged")
