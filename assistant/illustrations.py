"""Which diagrams of the default gallery show what an answer explains."""

from collections import defaultdict
from typing import TYPE_CHECKING

from corpus.gallery import diagrams_for, gallery_records

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.answering.types import Answer
    from corpus.types import ImageRecord

MOST_SHOWN = 2

_BANK = "question-bank/"


def illustrations_of(
    answer: "Answer", gallery: "Path", most: int = MOST_SHOWN
) -> "tuple[ImageRecord, ...]":
    """The diagrams that were made for the answers of the question bank that `answer` cites.

    Those of the best cited one come first. Empty for a refusal, for an answer that cites nothing of
    the bank, and where the folder `gallery` holds no finished gallery.
    """
    numbers = cited_answers(answer)
    if answer.abstained or not numbers:
        return ()
    records = gallery_records(gallery)
    shown: dict[str, ImageRecord] = {}
    for number in numbers:
        for record in diagrams_for([number], records, closest=True):
            shown.setdefault(record.id, record)
    return tuple(shown.values())[:most]


def cited_answers(answer: "Answer") -> list[int]:
    """Numbers of the bank's answers that `answer` cites, the one with the most support first."""
    support: dict[int, float] = defaultdict(float)
    for sentence in answer.sentences:
        for citation in sentence.citations:
            number = citation.document_id.removeprefix(_BANK)
            if citation.document_id.startswith(_BANK) and number.isdecimal():
                support[int(number)] += citation.support
    return sorted(support, key=lambda number: -support[number])
