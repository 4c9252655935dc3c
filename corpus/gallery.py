"""The default gallery: about 200 images that need no download and no binary in the repository.

Photographs that scikit-image and scikit-learn install under open licences, views of them under
the changes that the question bank talks about, handwritten digits, and diagrams of the bank's
topics that the project draws itself. Each has a title, a licence, a credit, a theme and the
numbers of the answers that it illustrates.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from corpus.types import ImageRecord

Progress = Callable[[int, int, str], None]


def gallery_records(directory: Path) -> tuple[ImageRecord, ...]:
    """The images of the gallery that was built into `directory`; empty if none is complete."""
    return ()


def diagrams_for(
    answer_numbers: Iterable[int], records: Iterable[ImageRecord]
) -> tuple[ImageRecord, ...]:
    """The diagrams among `records` that illustrate the answers, in the order of the answers."""
    wanted = list(dict.fromkeys(answer_numbers))
    diagrams = [record for record in records if record.metadata.get("kind") == "diagram"]
    found: dict[str, ImageRecord] = {}
    for number in wanted:
        for record in diagrams:
            if str(number) in str(record.metadata.get("answers", "")).split(","):
                found.setdefault(record.id, record)
    return tuple(found.values())
