"""An answer as it is put together: checked sentences of the draft, then what the draft left out."""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Literal

from assistant.answering.abstention import Judgement
from assistant.answering.citing import CitationNumbers, joined
from assistant.answering.draft import DraftSentence
from assistant.answering.evidence import EvidenceSentence
from assistant.answering.grounding import Grounding
from assistant.answering.planted import is_instruction
from assistant.answering.prompts import REFUSAL
from assistant.answering.selection import leans_back, says
from assistant.answering.types import Answer, Sentence
from assistant.answering.words import words
from index.types import Hit

# A draft that went wrong so many sentences in a row does not find back. It bounds the time, hardly
# what is shown; the drafts are in the records of `assistant eval run --suite bank --part dev`.
LOST_AFTER = 3


class Composition:
    """Takes the sentences of a draft one by one and turns each into a checked one, or none.

    `evidence` holds all sentences of the passages, any of which may support what the model wrote.
    `needed` are those that a complete answer says, which the model was given. Where the question
    is `narrow`, one sentence of the draft answers it directly, be it half of what the text says
    there, and the rest is quoted.
    """

    def __init__(
        self,
        evidence: Sequence[EvidenceSentence],
        needed: Sequence[EvidenceSentence],
        grounding: Grounding,
        unsupported: Literal["withhold", "mark"],
        *,
        narrow: bool = False,
    ) -> None:
        self._evidence = evidence
        self._needed = needed
        self._grounding = grounding
        self._unsupported = unsupported
        self._narrow = narrow
        self._numbers = CitationNumbers()
        self._sentences: list[Sentence] = []
        self._said: list[str] = []
        self.withheld = 0
        self._failed_in_a_row = 0

    def add(self, draft: DraftSentence) -> list[Sentence]:
        """Check a sentence of the draft; what is to be shown for it, often one, often nothing."""
        sentences = self._checked(draft)
        self._failed_in_a_row = 0 if sentences else self._failed_in_a_row + 1
        return sentences

    def _checked(self, draft: DraftSentence) -> list[Sentence]:
        # A model that refuses of its own accord is not asked for its opinion: the judge had it.
        if words(draft.text) == words(REFUSAL) or self._is_said(draft.text):
            return []
        # Small models repeat the question, and a question states nothing.
        if draft.text.endswith("?"):
            return []
        if not is_instruction(draft.text):
            support = self._grounding.support(draft.text, self._evidence)
            if support.sufficient:
                if fuller := self._fuller(draft.text, support.sentences):
                    return self._quotations(fuller)
                sentence = self._numbers.cite(
                    draft.text, support.sentences, support.probability, draft.marker
                )
                return [self._say(sentence, draft.text)]
            if self._unsupported == "mark":
                marked = self._numbers.unsupported(draft.text, draft.marker)
                return [self._say(marked, draft.text)]
        self.withheld += 1
        return []

    @property
    def finished(self) -> bool:
        """Whether more of the draft is of no use: all is said, or it has lost the thread."""
        return (
            self._failed_in_a_row >= LOST_AFTER
            or (self._narrow and any(one.supported for one in self._sentences))
            or all(self._is_said(one.text) for one in self._needed)
        )

    def complete(self) -> list[Sentence]:
        """Quote the needed sentences that the draft left out, with the lead-in of list items."""
        return [
            sentence
            for one in self._needed
            if not self._is_said(one.text)
            for sentence in self._quotations(one)
        ]

    def answer(
        self,
        hits: Sequence[Hit],
        judgement: Judgement,
        model: str,
        timings: Mapping[str, float],
    ) -> Answer:
        """The answer as it stands."""
        text = joined(self._sentences)
        missing = " ".join(judgement.missing)
        if missing:
            text += f"\n\nThe corpus does not say: {missing}"
        if self.withheld:
            what = "1 sentence" if self.withheld == 1 else f"{self.withheld} sentences"
            text += f"\n\n({what} of the draft left out: not supported by the corpus.)"
        return Answer(
            text=text,
            sentences=tuple(self._sentences),
            citations=self._numbers.citations,
            hits=tuple(hits),
            abstained=False,
            model=model,
            timings=timings,
            nearest_topics=judgement.nearest_topics,
            missing=missing,
            withheld=self.withheld,
        )

    def _is_said(self, text: str) -> bool:
        """Whether two sentences of the answer say it between them. More than two would hold the
        words of many a sentence that nobody said."""
        return any(
            says(f"{one} {other}", text)
            for one, other in combinations_with_replacement(self._said, 2)
        )

    def _fuller(self, text: str, evidence: Sequence[EvidenceSentence]) -> EvidenceSentence | None:
        """The needed sentence to quote in place of one of the draft that says only half of it.

        Small models leave out parts of what they retell. Showing both would say it twice.
        """
        if self._narrow or len(evidence) != 1 or evidence[0] not in self._needed:
            return None
        return None if says(text, evidence[0].text) else evidence[0]

    def _quotations(self, one: EvidenceSentence) -> list[Sentence]:
        """The sentence quoted, after what it needs to be understood: its lead-in, or the one before
        it on which it leans."""
        before = [
            other
            for other in self._evidence
            if other.source == one.source
            and (other.text == one.lead or (other.end <= one.start and leans_back(one.text)))
        ]
        ahead = before[-1:] if before and not self._is_said(before[-1].text) else []
        return [self._quote(other) for other in [*ahead, one]]

    def _quote(self, one: EvidenceSentence) -> Sentence:
        return self._say(self._numbers.cite(one.text, [one], 1.0, one.marker), one.text)

    def _say(self, sentence: Sentence, plain: str) -> Sentence:
        self._sentences.append(sentence)
        self._said.append(plain)
        return sentence


def refusal(
    hits: Sequence[Hit], judgement: Judgement, model: str, timings: Mapping[str, float]
) -> Answer:
    """The answer that says that there is none, and what the corpus holds nearby."""
    text = REFUSAL
    if judgement.nearest_topics:
        topics = "\n".join(f"- {topic}" for topic in judgement.nearest_topics)
        text += f" The nearest topics that it holds:\n{topics}"
    return Answer(
        text=text,
        sentences=(),
        citations=(),
        hits=tuple(hits),
        abstained=True,
        model=model,
        timings=timings,
        nearest_topics=judgement.nearest_topics,
    )
