"""The texts that stand for a passage in the vector index: the whole, and each of its parts.

One vector of a long passage blurs what its sentences say. A vector for each sentence as well, with
the best of them counting, found the right SQuAD2 paragraph first for 0.76 of the questions where
the whole passage alone did for 0.65 (all-MiniLM-L6-v2; half of half of dev). The idea of late
maximum similarity is ColBERT's (Khattab and Zaharia 2020), here by sentences instead of tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from corpus.sentences import split_sentences
from corpus.types import Document, Passage

ViewKind = Literal["whole", "sentence", "question"]

# Part of what a store records about its vectors: another way to make them, another name.
IDENTITY = "views-1:whole+sentences+questions"
# Documents that know questions they answer say so in their metadata, one a line.
QUESTIONS_KEY = "also_asked"


@dataclass(frozen=True, slots=True)
class View:
    """One text that is embedded for a passage."""

    kind: ViewKind
    text: str


def passage_views(document: Document, passage: Passage) -> Iterator[View]:
    """The views of a passage, the whole first: there is always exactly one of that kind.

    The whole carries the document's title, which often says what the text leaves out (the
    question, in a question bank). Questions that the document is known to answer, its metadata
    `also_asked`, stand for the first passage (Nogueira et al. 2019, document expansion).
    """
    title = document.title.strip()
    yield View("whole", f"{title}\n{passage.text}" if title else passage.text)
    spans = split_sentences(passage.text)
    if len(spans) > 1:
        for start, end in spans:
            yield View("sentence", passage.text[start:end])
    if passage.start == first_character(document.text):
        for line in str(document.metadata.get(QUESTIONS_KEY, "")).splitlines():
            if question := line.strip():
                yield View("question", question)


def first_character(text: str) -> int:
    """The offset of the first character that is not white space, 0 for blank text."""
    return len(text) - len(text.lstrip()) if text.strip() else 0
