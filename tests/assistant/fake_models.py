"""Stand-ins for the models, for tests of what is built around them."""

import threading
from collections import deque

import numpy as np
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from pydantic import ConfigDict, PrivateAttr

from assistant.answering.words import content_words
from corpus.types import Document, Passage
from index.types import Hit


class QueuedFakeChatModel(BaseChatModel):
    """Replies with what was queued, a word a chunk, and keeps the prompts it was given."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    model_name: str = "queued-fake"
    _replies: deque = PrivateAttr(default_factory=deque)
    _prompts: list = PrivateAttr(default_factory=list)
    _options: list = PrivateAttr(default_factory=list)
    _written: list = PrivateAttr(default_factory=list)
    _stopped: threading.Event = PrivateAttr(default_factory=threading.Event)

    @classmethod
    def with_replies(cls, *replies):
        model = cls()
        model.enqueue(*replies)
        return model

    def enqueue(self, *replies):
        """Add replies; an exception is raised in place of a reply."""
        self._replies.extend(replies)

    @property
    def prompts(self):
        return self._prompts

    @property
    def options(self):
        """What each prompt was given beside the messages."""
        return self._options

    @property
    def written(self):
        """The pieces that were asked for so far."""
        return self._written

    @property
    def stopped_early(self):
        return self._stopped.is_set()

    @property
    def _llm_type(self):
        return "queued-fake"

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        self._prompts.append(messages)
        self._options.append(kwargs)
        assert self._replies, "the test queued no reply for this prompt"
        reply = self._replies.popleft()
        if isinstance(reply, Exception):
            raise reply
        try:
            for word in reply.split(" "):
                piece = word if not self._written else f" {word}"
                self._written.append(piece)
                yield ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))
        except GeneratorExit:
            self._stopped.set()
            raise

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))


def toy_embed(texts):
    """Unit vectors of the content words: texts that share words are near. Deterministic."""
    vectors = np.zeros((len(texts), 512), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in content_words(text):
            vectors[row, sum(map(ord, word)) * 31 % 512] += 1
        if not vectors[row].any():
            vectors[row, 0] = 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class FakePassageSearch:
    """Finds whole documents by the words that they share with the query."""

    def __init__(self, *documents):
        self.documents = [
            document
            if isinstance(document, Document)
            else Document(f"doc/{place}", document[0], document[1], "test")
            for place, document in enumerate(documents, start=1)
        ]
        self.queries = []

    def search(self, query, k=5, *, distinct=False):
        self.queries.append(query)
        asked = toy_embed([query])[0]
        hits = [
            Hit(
                Passage(f"{document.id}#1", document.id, 0, len(document.text), document.text),
                document,
                float(cosine),
                {"dense": 1},
                {"dense": float(cosine)},
            )
            for document in self.documents
            for cosine in [toy_embed([f"{document.title} {document.text}"])[0] @ asked]
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:k]
