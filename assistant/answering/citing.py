"""Numbers for sources, in the order in which an answer first uses them."""

import re
from collections.abc import Sequence

from assistant.answering.evidence import EvidenceSentence
from assistant.answering.types import Citation, Sentence

NOT_FOUND_MARK = "[not found in the corpus]"
_END_MARKS = re.compile(r"[.!?…:;。！？]*[\"'”’)\]]*\s*$")  # noqa: RUF001


class CitationNumbers:
    """Gives each source (a passage) its number on first use, and remembers what was cited."""

    def __init__(self) -> None:
        self._number_by_source: dict[int, int] = {}
        self._cited: dict[tuple[str, int, int], Citation] = {}

    def cite(
        self, text: str, evidence: Sequence[EvidenceSentence], support: float, marker: str = ""
    ) -> Sentence:
        """`text` with its `[n]` before the full stop, and the citations of its evidence."""
        citations = tuple(self._citation(one, support) for one in evidence)
        marks = "".join(f"[{number}]" for number in dict.fromkeys(c.number for c in citations))
        return Sentence(_with_marks(text, marks, marker), citations, supported=True)

    def unsupported(self, text: str, marker: str = "") -> Sentence:
        """`text` with the words that say that it was not found."""
        return Sentence(_with_marks(text, NOT_FOUND_MARK, marker), (), supported=False)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every cited span once, by number and place."""
        return tuple(sorted(self._cited.values(), key=lambda one: (one.number, one.start)))

    def _citation(self, evidence: EvidenceSentence, support: float) -> Citation:
        number = self._number_by_source.setdefault(evidence.source, len(self._number_by_source) + 1)
        span = (evidence.document_id, evidence.start, evidence.end)
        citation = Citation(number, *span, quote=evidence.text, support=support)
        held = self._cited.get(span)
        if held is None or held.support < support:
            self._cited[span] = citation
        return citation


def _with_marks(text: str, marks: str, marker: str) -> str:
    end = _END_MARKS.search(text)
    place = end.start() if end and end.start() else len(text)
    marked = f"{text[:place]} {marks}{text[place:]}"
    return f"{marker} {marked}" if marker else marked


def joined(sentences: Sequence[Sentence]) -> str:
    """The sentences as one text: list items on lines of their own, the rest in a row."""
    text = ""
    in_list = False
    for sentence in sentences:
        is_item = re.match(r"(?:[-*•+]|\d{1,2}[.)])\s", sentence.text) is not None
        if text:
            text += "\n" if is_item or in_list else " "
        text += sentence.text
        in_list = is_item
    return text
