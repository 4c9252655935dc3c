"""The assistant over HTTP: the same verbs and result types as `assistant.Assistant`.

    with Client("http://127.0.0.1:7860") as client:
        print(client.ask("Why do detectors use anchor boxes?").text)

Fields and events that this version does not know are ignored, and fields that a server of an
earlier version does not send take their defaults.
"""

from assistant.client.asynchronous import AsyncClient
from assistant.client.blocking import Client

__all__ = ["AsyncClient", "Client"]
