"""What a search returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from corpus.types import Document, ImageRecord, Passage
from index.image_calibration import Reading


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document without its text. `pages` is 0 where its format has none."""

    id: str
    title: str
    source: str
    media_type: str
    characters: int
    passages: int = 0
    pages: int = 0


@dataclass(frozen=True, slots=True)
class DocumentList:
    """Some of the documents, in the order in which they were added; `total` counts all of them."""

    documents: tuple[DocumentSummary, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found.

    `score` is the fused score that ordered the hits, higher is better, comparable within one
    search only. `ranks` says at which place (from 1) each retriever found the passage and
    `scores` holds each retriever's raw score: "dense" is the cosine in [-1, 1], "bm25" is the
    BM25 score (>= 0). A retriever that did not find the passage is absent from `ranks`; the
    cosine is present all the same.
    """

    passage: Passage
    document: Document
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageHit:
    """An image that a search found. `score` is the cosine similarity in [-1, 1].

    `reading` says in a word what the cosine means for this query in this collection. `scores`
    holds what ordered the hits: "standardised" is the cosine in standard deviations above the
    query's background, "caption" the share of the query's words that the image's title and
    caption hold, in [0, 1] (absent without words).
    """

    image: ImageRecord
    score: float
    reading: Reading = "far"
    scores: Mapping[str, float] = field(default_factory=dict)
