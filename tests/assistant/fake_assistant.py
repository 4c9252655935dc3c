"""A stand-in for the assistant, where a test is about what surrounds it."""

import io
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event as Flag
from types import SimpleNamespace

from PIL import Image

from assistant.answering.types import (
    Answer,
    Citation,
    Done,
    Event,
    Message,
    Retrieved,
    Sampling,
    Sentence,
    Token,
)
from assistant.assistant import Status
from assistant.errors import QuestionError
from assistant.library import LibraryReport
from corpus.types import Document, ImageRecord, Passage
from index.errors import ImageRefusedError
from index.image_files import open_image
from index.image_types import ImageMap, MapPoint
from index.types import DocumentList, DocumentSummary, Hit, ImageHit

TEXT = "Anchor boxes are predefined. They match objects of many shapes. Nobody paints them."


class FakeAssistant:
    """Says two sentences about one document, one supported and one not.

    `hold`: answers wait for this flag before their first token. `pause`: seconds between tokens.
    """

    chain = SimpleNamespace(
        model_name="fake model", count_tokens=lambda text: len(text.split(" ")) if text else 0
    )

    def __init__(self, *, hold: Flag | None = None, pause: float = 0.0, text: str = TEXT) -> None:
        self.hold = hold
        self.pause = pause
        self.asked: list[tuple[str, tuple[Message, ...]]] = []
        self.closed_early = 0
        self._documents = {"notes/anchors": Document("notes/anchors", "Anchors", text, "a.md")}

    def hits(self) -> tuple[Hit, ...]:
        return tuple(
            Hit(Passage(f"{one.id}#0", one.id, 0, len(one.text), one.text), one, 1.0, {"dense": 1})
            for one in self._documents.values()
        )

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        *,
        cancel: Flag | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[Event]:
        if not question.strip():
            raise QuestionError("The question is empty.", hint="Ask in a few words or sentences.")
        self.asked.append((question, tuple(history)))
        self.sampling = sampling
        return self._events(question)

    def _events(self, question: str) -> Iterator[Event]:
        hits = self.hits()
        finished = False
        try:
            yield Retrieved(hits, question)
            if self.hold is not None:
                self.hold.wait(30)
            for word in ("Anchor", "boxes", "are", "predefined.", "They", "sing."):
                time.sleep(self.pause)
                yield Token(word + " ")
            document = hits[0].document
            end = document.text.index(".") + 1
            citation = Citation(1, document.id, 0, end, document.text[:end], 0.9)
            first = Sentence("Anchor boxes are predefined [1].", (citation,), supported=True)
            second = Sentence("They sing [not found in the corpus].", (), supported=False)
            yield first
            yield second
            text = f"{first.text} {second.text}"
            yield Done(
                Answer(
                    text, (first, second), (citation,), hits, False, "fake model", {"total": 0.5}
                )
            )
            finished = True
        finally:
            if not finished:
                self.closed_early += 1

    def search(self, query: str, k: int = 5, *, distinct: bool = False) -> list[Hit]:
        if not query.strip():
            raise QuestionError("The query is empty.")
        return list(self.hits())[:k]

    def documents(self) -> list[Document]:
        return list(self._documents.values())

    def list_documents(self, query="", *, offset=0, limit=100) -> DocumentList:
        found = [
            DocumentSummary(one.id, one.title, one.source, one.media_type, len(one.text), 1)
            for one in self._documents.values()
            if all(word in f"{one.id} {one.title}".casefold() for word in query.casefold().split())
        ]
        return DocumentList(tuple(found[offset : offset + limit]), len(found))

    def document(self, document_id: str) -> Document | None:
        return self._documents.get(document_id)

    def add_documents(self, documents, *, progress=None) -> LibraryReport:
        added = []
        for document in documents:
            self._documents[document.id] = document
            added.append(document.id)
        return LibraryReport(tuple(added))

    def remove(self, names) -> tuple[str, ...]:
        return tuple(name for name in names if self._documents.pop(name, None))

    def status(self) -> Status:
        count = len(self._documents)
        return Status(
            version="0",
            home="home",
            documents=count,
            passages=count,
            vectors=count,
            generation=1,
            embedder="fake embedder",
            language_model="fake model",
            device="cpu",
        )


class FakeImages:
    """Three squares of one colour each, found whatever is asked."""

    colours = ("red", "green", "blue")

    def images(self) -> list[ImageRecord]:
        return [ImageRecord(f"image/{one}", Path(f"/{one}.png"), one) for one in self.colours]

    def image(self, image_id: str) -> ImageRecord | None:
        return next((one for one in self.images() if one.id == image_id), None)

    def thumbnail(self, image_id: str) -> bytes | None:
        if self.image(image_id) is None:
            return None
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64), image_id.rpartition("/")[2]).save(buffer, "JPEG")
        return buffer.getvalue()

    picture = thumbnail

    def search(self, example=None, text=None, minus=None, weights=None, k=12) -> list[ImageHit]:
        if example is not None:
            open_image(example)
        return [ImageHit(image, 0.5) for image in self.images()][:k]

    def more_like(self, image_id: str, k: int = 12) -> list[ImageHit]:
        if self.image(image_id) is None:
            raise ImageRefusedError(f"There is no image {image_id!r}.", reason="missing")
        return [ImageHit(one, 0.4) for one in self.images() if one.id != image_id][:k]

    def map2d(self, example=None, text=None) -> ImageMap:
        points = [MapPoint(one, place - 1, 0.5) for place, one in enumerate(self.images())]
        return ImageMap(tuple(points), (0.0, 0.0) if text else None, 0.7)


class FakeAssistantWithImages(FakeAssistant):
    """The same with pictures, of which the red one belongs to every answer."""

    images = FakeImages()

    def open_images(self, progress=None) -> FakeImages:
        return self.images

    def illustrations(self, answer: Answer) -> tuple[ImageRecord, ...]:
        return tuple(self.images.images()[:1])
