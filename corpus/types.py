"""What is known: documents, passages and images. Exact spans are the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Metadata = Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Section:
    """Where a part of a document begins: a heading, a page, or both.

    A section reaches to the start of the next one. `start` is a character offset into
    `Document.text`; `page` counts from 1.
    """

    start: int
    heading: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One text that answers may cite.

    `id` is stable across re-reading the same source; `text` is what spans point into;
    `source` is where it came from, as its user wrote it (a path or a name). `sections` are
    ordered by `start`.
    """

    id: str
    title: str
    text: str
    source: str
    media_type: str = "text/plain"
    metadata: Metadata = field(default_factory=dict)
    sections: tuple[Section, ...] = ()

    def section_at(self, offset: int) -> Section | None:
        """The last section that starts at or before the character `offset`, if any."""
        found = None
        for section in self.sections:
            if section.start > offset:
                break
            found = section
        return found


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of one document: `document.text[start:end] == text`, always."""

    id: str
    document_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image of a gallery. `path` is where its pixels are; `licence` and `credit` are words."""

    id: str
    path: Path
    title: str
    licence: str = ""
    credit: str = ""
    metadata: Metadata = field(default_factory=dict)
