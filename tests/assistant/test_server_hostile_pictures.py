"""What is known to have broken Pillow, sent to the routes that take pictures.

Each file is the trick of an advisory; the real decoder stands behind the fake pictures.
"""

import gzip
import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import PIL
import pytest
from fake_assistant import FakeAssistantWithImages
from gradio.data_classes import ImageData
from packaging.version import Version
from PIL import Image
from starlette.testclient import TestClient

from assistant.serving.server import create_app
from assistant.serving.service import Service
from assistant.settings import Settings
from assistant.ui.app import build

SEARCH = "/v1/images/search"


@pytest.fixture
def client(own_home: Path) -> Iterator[TestClient]:
    app = create_app(FakeAssistantWithImages(), Settings(home=own_home), chat=False)
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        yield client


def reason_of(client: TestClient, content: bytes) -> str:
    """Why the picture was refused; its name and type claim that it is a JPEG."""
    response = client.post(SEARCH, files={"example": ("cat.jpg", content, "image/jpeg")})
    assert (response.status_code, response.json()["code"]) == (422, "image-refused")
    return response.json()["reason"]


def fits_cards(**values: str) -> bytes:
    cards = [f"{name:<8}= {value:>20}".ljust(80) for name, value in values.items()]
    return "".join([*cards, "END".ljust(80)]).encode().ljust(2880)


def fits_gzip_bomb() -> bytes:
    """GHSA-whj4-6x5x-4v2j: a small picture whose compressed rows unpack to 200 MB."""
    first = fits_cards(SIMPLE="T", BITPIX="8", NAXIS="0")
    table = fits_cards(
        XTENSION="'BINTABLE'",
        BITPIX="8",
        NAXIS="2",
        NAXIS1="8",
        NAXIS2="8",
        ZIMAGE="T",
        ZCMPTYPE="'GZIP_1  '",
        ZBITPIX="8",
        ZNAXIS="2",
        ZNAXIS1="8",
        ZNAXIS2="8",
    )
    return first + table + gzip.compress(bytes(200_000_000), 9)


def psd_with_a_layer_outside() -> bytes:
    """CVE-2026-25990: a layer that lies where the picture has no pixels."""
    channels = b"".join(struct.pack(">hI", channel, 2 + 16) for channel in range(3))
    layer = struct.pack(">iiiiH", -9, -9, 2**30, 2**30, 3) + channels
    layer += b"8BIMnorm" + struct.pack(">BBBBI", 255, 0, 0, 0, 0)
    layers = struct.pack(">h", 1) + layer + (struct.pack(">H", 0) + bytes(16)) * 3
    section = struct.pack(">I", len(layers)) + layers
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 4, 4, 8, 3)
    pixels = struct.pack(">H", 0) + bytes(48)
    return head + struct.pack(">III", 0, 0, len(section)) + section + pixels


def eps_for_ghostscript() -> bytes:
    """What Pillow hands to another program, which runs it."""
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n%%EOF\n"


def png_of(width: int, height: int, *chunks: bytes) -> bytes:
    head = piece(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + piece(b"IEND", b"")


def piece(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def truncated_jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((400, 400), 90).save(buffer, "JPEG")
    return buffer.getvalue()[:9_000]


@pytest.mark.parametrize(
    ("make", "kind"),
    [(fits_gzip_bomb, "FITS"), (psd_with_a_layer_outside, "PSD"), (eps_for_ghostscript, "EPS")],
)
def test_formats_with_a_history_are_not_opened_whatever_the_file_is_called(
    client: TestClient, make: Callable[[], bytes], kind: str
) -> None:
    content = make()
    with Image.open(io.BytesIO(content)) as opened:
        assert opened.format == kind
    assert reason_of(client, content) == "unknown-format"


@pytest.mark.parametrize("side", [60_000, 10_000, 8_500])
def test_a_decompression_bomb_is_not_unpacked(client: TestClient, side: int) -> None:
    """Of these Pillow by itself refuses the first, warns of the second and opens the third."""
    pixels = piece(b"IDAT", zlib.compress(bytes(100 * (side + 1))))
    with warnings.catch_warnings():
        # Pillow's own warning comes from reading the head.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        assert reason_of(client, png_of(side, side, pixels)) == "too-many-pixels"


def test_words_in_a_picture_that_unpack_to_megabytes_are_not_kept(client: TestClient) -> None:
    words = piece(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(80_000_000), 9))
    content = png_of(1, 1, words, piece(b"IDAT", zlib.compress(bytes(2))))
    assert reason_of(client, content) == "damaged"


def test_a_truncated_picture_is_refused_and_not_filled_up(client: TestClient) -> None:
    assert reason_of(client, truncated_jpeg()) == "damaged"


def test_pillow_is_not_one_of_those_with_known_holes() -> None:
    """CVE-2026-55798 and the others that 12.3 mended lie in code that any picture reaches."""
    assert Version(PIL.__version__) >= Version("12.3")


@pytest.mark.parametrize("make", [fits_gzip_bomb, psd_with_a_layer_outside, eps_for_ghostscript])
def test_the_chat_s_framework_decodes_no_upload_by_itself(
    own_home: Path, tmp_path: Path, make: Callable[[], bytes]
) -> None:
    blocks = build(Service.of(FakeAssistantWithImages(), Settings(home=own_home)))  # type: ignore[arg-type]
    components = [one for one in blocks.blocks.values() if isinstance(one, gr.Image)]
    assert components
    path = tmp_path / "cat.jpg"
    path.write_bytes(make())
    for component in components:
        payload = ImageData(path=str(path), orig_name="cat.jpg")
        assert component.preprocess(payload) == str(path)
