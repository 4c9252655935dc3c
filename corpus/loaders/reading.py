"""Bytes of a file, and the characters in them."""

import codecs
import stat
from pathlib import Path

from corpus.errors import DocumentError

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16: the mark of little-endian UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """The bytes of a regular file.

    Raises:
        DocumentError: it is missing, unreadable, no regular file, or larger than `max_bytes`.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DocumentError(
                f"{path} is a folder", hint="Name a file; a folder's files are found one by one."
            )
        # A pipe or a device would block, or never end.
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError(f"{path} is not a regular file", hint="Copy its content to one.")
        if status.st_size > max_bytes:
            raise _too_large(path, status.st_size, max_bytes)
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise DocumentError(f"{path} does not exist", hint="Check the path.") from None
    except PermissionError:
        raise DocumentError(
            f"{path} cannot be read: permission denied", hint="Give yourself the right to read it."
        ) from None
    except (OSError, ValueError) as error:
        raise DocumentError(f"{path} cannot be read: {error}", hint="Check the path.") from error
    if len(data) > max_bytes:
        raise _too_large(path, len(data), max_bytes)
    if not data:
        raise DocumentError(f"{path.name} is empty", hint="Leave it out, or fill it.")
    return data


def _too_large(path: Path, size: int, max_bytes: int) -> DocumentError:
    return DocumentError(
        f"{path.name} has {size:,} bytes; at most {max_bytes:,} are read",
        hint="Split the file, or raise the limit.",
    )


def decode_marked(data: bytes, name: str) -> str | None:
    """The characters of a file that begins with a byte order mark; None when it has no mark.

    Raises:
        DocumentError: what follows the mark is not what the mark says.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise DocumentError(
                    f"{name} is not the {encoding.upper()} that its byte order mark says: "
                    f"byte offset {error.start + len(mark)}",
                    hint="Save the file as UTF-8 and try again.",
                ) from None
    return None


def decode_text(data: bytes, name: str) -> str:
    """The characters of a text file: UTF-8, or what its byte order mark says.

    Older encodings are refused, not guessed: a wrong guess would be quoted in answers.

    Raises:
        DocumentError: the file is binary or not UTF-8.
    """
    text = decode_marked(data, name)
    if text is None:
        if b"\0" in data:
            raise DocumentError(
                f"{name} is binary, not text (a NUL byte at offset {data.index(0)})",
                hint="If it is a document of another kind, give it that kind's ending.",
            )
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DocumentError(
                f"{name} is not UTF-8: byte {data[error.start]:#04x} at offset {error.start}",
                hint="Save the file as UTF-8 and try again.",
            ) from None
    return storable(text)


def storable(text: str) -> str:
    """`text` without what no store takes: NUL and lone halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
