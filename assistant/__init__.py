"""Answers questions from a corpus, with citations checked against the text."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.answering.types import Answer, Citation, Message, Sentence
    from assistant.assistant import Assistant
    from assistant.settings import Settings
    from index.types import Hit

_MODULES = {
    "Answer": "assistant.answering.types",
    "Assistant": "assistant.assistant",
    "Citation": "assistant.answering.types",
    "Hit": "index.types",
    "Message": "assistant.answering.types",
    "Sentence": "assistant.answering.types",
    "Settings": "assistant.settings",
}

__all__ = ["Answer", "Assistant", "Citation", "Hit", "Message", "Sentence", "Settings"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `assistant --help` is instant."""
    from importlib import import_module

    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
