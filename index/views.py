"""The texts that stand for a passage in the vector index: the whole, and each of its parts.

One vector of a long passage blurs what its sentences say. A vector for each sentence as well, with
the best of them counting, found the right SQuAD2 paragraph first for 0.76 of the questions where
the whole passage alone did for 0.65 (all-MiniLM-L6-v2; half of half of dev). The idea of late
maximum similarity is ColBERT's (Khattab and Zaharia 2020), here by sentences instead of tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from corpus.also_asked import ALSO_ASKED
from corpus.sentences import split_sentences
from corpus.types import Document, Passage

ViewKind = Literal["whole", "sentence", "question"]
VIEW_KINDS: tuple[ViewKind, ...] = get_args(ViewKind)

# Part of what a store records about its vectors: another way to make them, another name.
IDENTITY = "views-1:whole+sentences+questions"


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
    for question in known_questions(document, passage):
        yield View("question", question)


def known_questions(document: Document, passage: Passage) -> list[str]:
    """The questions that stand for a passage: those of its document, if it is the first one."""
    # Passages never begin with white space, so only that may lie before the first.
    if document.text[: passage.start].strip():
        return []
    asked = str(document.metadata.get(ALSO_ASKED, ""))
    return [question for line in asked.splitlines() if (question := line.strip())]
