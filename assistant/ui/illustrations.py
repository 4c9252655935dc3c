"""The diagrams below an answer, with what they are called and whose they are."""

import base64
import logging
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from assistant.errors import AssistantError
from assistant.serving.image_routes import images_of
from assistant.ui.rendering import text_html

if TYPE_CHECKING:
    from assistant.answering.types import Answer
    from assistant.serving.service import Service
    from corpus.types import ImageRecord

logger = logging.getLogger(__name__)


def illustrations_html(service: "Service", answer: "Answer") -> str:
    """The diagrams that belong to an answer, empty where there are none.

    A picture that cannot be had leaves the answer as it is.
    """
    try:
        records = service.assistant.illustrations(answer)
        figures = "".join(figure_html(service, record) for record in records)
    except AssistantError as error:
        logger.warning("An answer goes without its diagram: %s", error)
        return ""
    return f'<div class="illustrations aside">{figures}</div>' if figures else ""


def figure_html(service: "Service", record: "ImageRecord") -> str:
    """One diagram; where the page can ask for it as a whole, choosing it does that."""
    title = escape(" ".join(record.title.split()), quote=True)
    said = [words for words in (record.credit, record.licence) if words]
    owner = f' <span class="owner">{text_html(" · ".join(said))}</span>' if said else ""
    caption = f"<figcaption>{title}{owner}</figcaption>"
    alternative = f'alt="Diagram: {title}" width="960" height="600"'
    if needs_key(service):
        # The page holds no key for the picture routes, so the picture comes with the answer.
        content = base64.b64encode(images_of(service).picture(record.id)).decode("ascii")
        picture = f'<img src="data:image/jpeg;base64,{content}" {alternative}>'
    else:
        address = f"/v1/images/{quote(record.id, safe='/')}/picture"
        picture = (
            f'<a class="whole" href="{address}" target="_blank">'
            f'<img src="{address}" {alternative} loading="lazy"></a>'
        )
    return f'<figure class="illustration">{picture}{caption}</figure>'


def needs_key(service: "Service") -> bool:
    """Whether the routes below `/v1` ask for a key or a login."""
    return service.settings.api_key is not None or service.settings.login is not None
