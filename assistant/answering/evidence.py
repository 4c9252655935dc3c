"""The sentences of the passages found: what an answer may be made of, and what supports it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.planted import is_instruction
from assistant.answering.words import content_words
from corpus.sentences import split_sentences
from index.types import Hit

_LIST_MARKER = re.compile(r"^[ \t]*(?:[-*•+]|\d{1,2}[.)])\s+$")


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A sentence of a passage: `document.text[start:end] == text`.

    `source` is the place of its hit among the hits. `lead` is the sentence that introduces the
    list of which this is an item, and `marker` its bullet or number; both are empty elsewhere.
    """

    source: int
    document_id: str
    title: str
    start: int
    end: int
    text: str
    lead: str = ""
    marker: str = ""


def evidence_sentences(hits: Sequence[Hit]) -> list[EvidenceSentence]:
    """The sentences of all passages in the order of the hits, each span once.

    Sentences that give orders to whoever answers are left out (see `planted`), and those after
    them until one speaks of the document's subject again.
    """
    seen: set[tuple[str, int, int]] = set()
    found = []
    for source, hit in enumerate(hits):
        text = hit.passage.text
        subject = set(content_words(hit.document.title))
        lead = previous = ""
        after_instruction = False
        for start, end in split_sentences(text):
            sentence = text[start:end]
            marker = _LIST_MARKER.match(text[text.rfind("\n", 0, start) + 1 : start])
            if not marker:
                lead = ""
            elif previous.rstrip("*_").endswith(":"):
                lead = previous
            previous = sentence
            span = (hit.document.id, hit.passage.start + start, hit.passage.start + end)
            if is_instruction(sentence):
                after_instruction = True
                continue
            # An attack goes on for a few sentences, and its later ones may look harmless.
            after_instruction = after_instruction and not (set(content_words(sentence)) & subject)
            if span in seen or after_instruction:
                continue
            seen.add(span)
            found.append(
                EvidenceSentence(
                    source=source,
                    document_id=span[0],
                    title=hit.document.title,
                    start=span[1],
                    end=span[2],
                    text=sentence,
                    lead=lead,
                    marker=marker.group().strip() if marker else "",
                )
            )
    return found
