"""What is open, in one line and in tables."""

from html import escape
from typing import TYPE_CHECKING

from assistant.weights import status as weights_status

if TYPE_CHECKING:
    from assistant.serving.service import Service

TITLE = "CV Assistant"


def header_html(service: "Service") -> str:
    """The name, and in one line what is indexed and who answers."""
    status = service.assistant.status()
    words = f"{status.documents:,} documents · {status.passages:,} passages"
    return (
        f"<header><h1>{TITLE}</h1>"
        f'<p class="status">{words} · {escape(service.model_name)}</p></header>'
    )


def status_html(service: "Service") -> str:
    """The index and the weights."""
    status = service.assistant.status()
    rows = {
        "Documents": f"{status.documents:,}",
        "Passages": f"{status.passages:,}",
        "Embedding model": status.embedder,
        "Language model": service.model_name,
        "Device": status.device,
        "Folder": status.home,
        "Version": status.version,
    }
    index = "".join(
        f"<tr><th scope='row'>{name}</th><td>{escape(value)}</td></tr>"
        for name, value in rows.items()
    )
    weights = "".join(
        f"<tr><th scope='row'>{escape(one.name)}</th><td>{escape(one.role)}</td>"
        f"<td>{one.size / 1e6:,.0f} MB</td><td>{'here' if one.present else 'not here'}</td></tr>"
        for one in weights_status(service.settings.weights_directory)
    )
    return (
        f"<h2>Index</h2><table>{index}</table><h2>Weights</h2><table>"
        "<tr><th scope='col'>Name</th><th scope='col'>For</th><th scope='col'>Size</th>"
        f"<th scope='col'>State</th></tr>{weights}</table>"
    )
