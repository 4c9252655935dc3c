"""Pictures that people attach to a question, and those here that look like them."""

import asyncio
import base64
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.serving.image_routes import find_images, images_of
from assistant.ui.rendering import text_html

if TYPE_CHECKING:
    from assistant.serving.service import Service
    from index.types import ImageHit

SHOWN = 4


def picture_of(turn: dict[str, Any]) -> Path | None:
    """The picture that is attached to a turn, if there is one."""
    content = turn.get("content")
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, dict):
            path = part.get("path") or (part.get("file") or {}).get("path")
            if path:
                return Path(path)
    return None


async def pictures_like(service: "Service", picture: Path) -> "list[ImageHit]":
    """The pictures here that look most like the one at `picture`, which Gradio has stored.

    Raises:
        ImageRefusedError: it is no picture.
    """
    content = await asyncio.to_thread(picture.read_bytes)
    return await asyncio.to_thread(find_images, service, content, "", "", "", SHOWN)


def pictures_html(service: "Service", hits: "list[ImageHit]") -> str:
    """Pictures with their titles, for the Sources panel."""
    figures = ""
    for hit in hits:
        thumbnail = images_of(service).thumbnail(hit.image.id) or b""
        data = base64.b64encode(thumbnail).decode("ascii")
        title = escape(hit.image.title, quote=True)
        figures += (
            f'<figure><img src="data:image/jpeg;base64,{data}" alt="{title}">'
            f"<figcaption>{title} · {hit.reading} ({hit.score:.2f})</figcaption></figure>"
        )
    return f'<div class="pictures">{figures}</div>'


def titles_html(hits: "list[ImageHit]") -> str:
    """The titles of pictures in a sentence."""
    if not hits:
        return "There are no pictures here."
    return "Pictures like yours: " + "; ".join(text_html(hit.image.title) for hit in hits) + "."
