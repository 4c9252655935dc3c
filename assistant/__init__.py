"""Answers questions from a corpus, with citations checked against the text."""

from typing import TYPE_CHECKING

from corpus.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from assistant.answering.types import Answer, Citation, Message, Sentence
    from assistant.assistant import Assistant
    from assistant.settings import Settings
    from index.types import Hit

__all__ = ["Answer", "Assistant", "Citation", "Hit", "Message", "Sentence", "Settings"]

__getattr__ = lazy_exports(
    __name__,
    {
        "Answer": "assistant.answering.types",
        "Assistant": "assistant.assistant",
        "Citation": "assistant.answering.types",
        "Hit": "index.types",
        "Message": "assistant.answering.types",
        "Sentence": "assistant.answering.types",
        "Settings": "assistant.settings",
    },
)
