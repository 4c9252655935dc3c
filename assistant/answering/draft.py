"""The draft of an answer as it grows: cut into sentences as soon as each is finished."""

import re
from dataclasses import dataclass

from corpus.sentences import split_sentences

# Source marks of the model's own making. It cannot know the numbers, so they mean nothing.
_MADE_UP_MARKS = re.compile(r"\s*\[(?:\d{1,3}(?:\s*[,;-]\s*\d{1,3})*)\]")
# Bold and italics: the answer is plain text.
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_LIST_MARKER = re.compile(r"(?:[-*•+]|\d{1,2}[.)])\s*$")


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A finished sentence. `marker` is the bullet or number of a list item, or empty."""

    text: str
    marker: str = ""


class SentenceCutter:
    """Takes text in pieces of any size, gives each sentence once the next one's first word came.

    What it gives does not depend on how the text was cut into pieces.
    """

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, piece: str) -> list[DraftSentence]:
        """Add a piece; the sentences that are finished now."""
        finished = []
        # The rules look at the word after a full stop, so they are asked when a word is whole.
        for character in piece:
            self._rest += character
            if not character.isspace():
                continue
            spans = split_sentences(self._rest)
            if len(spans) > 1:
                finished.append(self._sentence(*spans[0]))
                self._rest = self._rest[spans[0][1] :]
        return finished

    def end(self, *, cut_off: bool = False) -> list[DraftSentence]:
        """The sentences that are left when no more text comes.

        Of a text that was `cut_off` the last one counts only if it has its full stop.
        """
        left = [self._sentence(*span) for span in split_sentences(self._rest)]
        self._rest = ""
        if cut_off and left and not left[-1].text.endswith((".", "!", "?")):
            left.pop()
        return left

    def _sentence(self, start: int, end: int) -> DraftSentence:
        marker = _LIST_MARKER.search(self._rest[:start].rpartition("\n")[2])
        text = _EMPHASIS.sub(r"\2", _MADE_UP_MARKS.sub("", self._rest[start:end])).strip()
        return DraftSentence(text, marker.group().strip() if marker else "")
