"""Puts claims into the language model's mouth, and looks which of them the checks let pass.

Hand-made claims about the bank's answers, right and wrong, stand in for the draft; the rest of the
way is the real one. So the checks are measured on many cases without writing a single draft.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import SimpleChatModel
from langchain_core.messages import BaseMessage

from eval.corpora import Bench
from eval.datasets.types import EvalQuestion
from eval.record_log import Record

if TYPE_CHECKING:
    from assistant.answering.chain import AnsweringChain

STAGE = "planted claims"
LABELS = {"ours": "our checks"}


class PlantedDraft(SimpleChatModel):
    """Says what it was given, whatever it is asked."""

    draft: str = ""

    @property
    def _llm_type(self) -> str:
        return "planted-draft"

    def _call(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> str:
        return self.draft


class PlantedClaims:
    """The chain with planted drafts over the bank's documents."""

    def __init__(self, bench: Bench) -> None:
        from assistant.answering.assemble import assemble_chain

        self._model = PlantedDraft()
        self._chain: AnsweringChain = assemble_chain(
            bench.assistant.settings, bench.passages, self._model
        )

    def check(self, question: EvalQuestion) -> Record:
        """Draft the claim (its only reference) as the answer to the question it is about."""
        claim = question.references[0]
        self._model.draft = claim
        answer = self._chain.invoke(question.text)
        # Accepted claims may be shown in the source's fuller words; rejected ones are counted.
        accepted = not answer.abstained and answer.withheld == 0
        return {
            "question": question.text,
            "claim": claim,
            "supported": question.answerable,
            "kind": question.kind,
            "accepted": accepted,
        }


def planted_questions(documents: Sequence[Any]) -> list[EvalQuestion]:
    """Every claim under the bank's own question; `answerable` says whether it is right."""
    from eval.support.sources import read_bank_claims

    return [
        EvalQuestion(
            id=f"claim-{number}",
            text=documents[claim.answer - 1].title,
            kind="right" if claim.supported else "wrong",
            answerable=claim.supported,
            references=(claim.claim,),
        )
        for number, claim in enumerate(read_bank_claims())
    ]


def planted_scores(
    records: Mapping[str, Record],
) -> dict[str, dict[str, dict[str, float]]]:
    """Whether right claims were accepted and wrong ones not, by claim; failed ones count as 0."""
    values: dict[str, dict[str, float]] = {}
    for name, record in records.items():
        right = "error" not in record and record["accepted"] == record["supported"]
        metric = "right claims accepted" if record["kind"] == "right" else "wrong claims rejected"
        values.setdefault(metric, {})[name] = float(right)
    return {"ours": values}
