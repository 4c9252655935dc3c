"""`python -m eval.grounding_scorers`: which scorer the grounding uses, and over how much evidence.

The hand-made claims about the bank's answers (`eval/support/bank_claims.jsonl`) are held against
the sentences that our search brings for the bank's own question, just as sentences of a draft are.
Thresholds are the scorers' own. `calibrate` is the half to choose by, `report` the half to report.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import click
import numpy as np

from assistant.answering import grounding as shipped
from assistant.answering.evidence import EvidenceSentence, evidence_sentences
from assistant.answering.grounding import Grounding, SupportScorer
from assistant.answering.retriever import find_passages
from eval.corpora import Bench, bench_over
from eval.datasets.bank_questions import read_bank_questions
from eval.metrics import refusals
from eval.metrics.intervals import interval_of, mean_interval, share_interval
from eval.provenance import describe
from eval.result import SCHEMA, Result, interval_data, interval_table, write_result
from eval.support.metrics import calibration_error
from eval.support.sources import BankClaim, read_bank_claims

if TYPE_CHECKING:
    from assistant.answering.llm import LlamaCppChat

NAME = "grounding-scorers"
# The weight of the other scorer's logit in a combination; halves and quarters were tried.
OTHER_SHARE = 0.25
LABELS = {
    "ours": "the trained scorer, as it ships",
    "one candidate": "as it ships, but the nearest sentence alone",
    "three candidates": "as it ships, but three sentences looked at in full",
    "any gain": "as it ships, but a second sentence is cited for any gain",
    "half the gain": "as it ships, but a second sentence need gain only half as much",
    "twice the gain": "as it ships, but a second sentence must gain twice as much",
    "chosen evidence": "the trained scorer, only the sentences that the model was given",
    "combined": f"both scorers' logits, {OTHER_SHARE:.0%} of the lexical one",
    "language model": "the language model's own yes or no",
    "combined with the language model": f"both logits, {OTHER_SHARE:.0%} of the language model's",
    "lexical": "words, numbers, names and embeddings, no model",
    "lexical, chosen evidence": "the same, only the sentences that the model was given",
}


class RememberingScorer:
    """Reads each pair of texts once for all ways, and notes what a reading took."""

    def __init__(self, scorer: SupportScorer) -> None:
        self._scorer = scorer
        self._known: dict[tuple[str, str], float] = {}
        self.seconds: list[float] = []

    @property
    def threshold(self) -> float:
        """The scorer's own."""
        return self._scorer.threshold

    def score(self, claims_with_evidence: Sequence[tuple[str, str]]) -> Sequence[float]:
        """What the scorer says."""
        for pair in claims_with_evidence:
            if pair not in self._known:
                started = time.perf_counter()
                self._known[pair] = self._scorer.score([pair])[0]
                self.seconds.append(time.perf_counter() - started)
        return [self._known[pair] for pair in claims_with_evidence]


class CountingScorer:
    """Counts how often a scorer is asked."""

    def __init__(self, scorer: SupportScorer) -> None:
        self._scorer = scorer
        self.asked = 0

    @property
    def threshold(self) -> float:
        """The scorer's own."""
        return self._scorer.threshold

    def score(self, claims_with_evidence: Sequence[tuple[str, str]]) -> Sequence[float]:
        """What the scorer says."""
        self.asked += len(claims_with_evidence)
        return self._scorer.score(claims_with_evidence)


class LanguageModelScorer:
    """The language model's own opinion: how likely it says yes when it is asked whether the
    evidence says all that the claim says."""

    threshold = 0.5

    def __init__(self, model: "LlamaCppChat") -> None:
        self._model = model

    def score(self, claims_with_evidence: Sequence[tuple[str, str]]) -> Sequence[float]:
        """The probability of yes for each (claim, evidence)."""
        from assistant.answering.prompts import claim_prompt

        return [
            self._model.probability_of_yes(claim_prompt(claim, [evidence]))
            for claim, evidence in claims_with_evidence
        ]


class CombinedScorer:
    """The logits of two scorers, each counted from its own threshold, as one."""

    def __init__(self, first: SupportScorer, second: SupportScorer, share: float) -> None:
        self._scorers = ((first, 1 - share), (second, share))

    @property
    def threshold(self) -> float:
        """Where the two cancel out."""
        return 0.5

    def score(self, claims_with_evidence: Sequence[tuple[str, str]]) -> Sequence[float]:
        """The probability of each (claim, evidence)."""
        total = np.zeros(len(claims_with_evidence))
        for scorer, weight in self._scorers:
            logits = _logit(np.asarray(scorer.score(claims_with_evidence)))
            total += weight * (logits - _logit(np.asarray(scorer.threshold)))
        return [float(one) for one in 1 / (1 + np.exp(-total))]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one way of grounding says of a claim, and after how many readings."""

    probability: float
    accepted: bool
    readings: int
    sentences: int


def verdicts(
    bench: Bench, claims: Sequence[BankClaim], titles: Sequence[str], model: "LlamaCppChat | None"
) -> tuple[dict[str, list[Verdict]], dict[str, list[float]]]:
    """Every way's verdict on every claim, and the seconds of each reading by scorer.

    `titles` are the questions of the bank, by number. Without a `model` the ways that ask it are
    left out.
    """
    from assistant.answering.lexical_support import LexicalSupportScorer
    from assistant.answering.pair_model import PairModel
    from assistant.answering.selection import SentenceSelection
    from assistant.answering.sentence_embeddings import SentenceEmbeddings
    from assistant.answering.support import ModelSupportScorer

    embed = SentenceEmbeddings(bench.passages.embedder.embed_passages)
    lexical = LexicalSupportScorer(embed)
    trained = RememberingScorer(ModelSupportScorer(PairModel()))
    combined = CombinedScorer(trained, lexical, OTHER_SHARE)
    selection = SentenceSelection(embed)
    gain = shipped.SECOND_SENTENCE_GAIN
    ways: dict[str, tuple[SupportScorer, bool, dict[str, Any]]] = {
        "ours": (trained, False, {}),
        "one candidate": (trained, False, {"CANDIDATES": 1}),
        "three candidates": (trained, False, {"CANDIDATES": 3}),
        "any gain": (trained, False, {"SECOND_SENTENCE_GAIN": 0.0}),
        "half the gain": (trained, False, {"SECOND_SENTENCE_GAIN": gain / 2}),
        "twice the gain": (trained, False, {"SECOND_SENTENCE_GAIN": gain * 2}),
        "chosen evidence": (trained, True, {}),
        "combined": (combined, False, {}),
        "lexical": (lexical, False, {}),
        "lexical, chosen evidence": (lexical, True, {}),
    }
    seconds = {"the trained scorer": trained.seconds}
    if model is not None:
        asked = RememberingScorer(LanguageModelScorer(model))
        seconds["the language model"] = asked.seconds
        beside = CombinedScorer(trained, asked, OTHER_SHARE)
        ways |= {
            "language model": (asked, False, {}),
            "combined with the language model": (beside, False, {}),
        }
    found: dict[str, list[Verdict]] = {name: [] for name in ways}
    evidence_of = {
        number: _evidence(bench, selection, titles[number - 1])
        for number in sorted({claim.answer for claim in claims})
    }
    for claim in claims:
        evidence, chosen = evidence_of[claim.answer]
        for name, (scorer, only_chosen, numbers) in ways.items():
            counting = CountingScorer(scorer)
            changed: dict[str, Any] = {"CANDIDATES": shipped.CANDIDATES, **numbers}
            with patch.multiple(shipped, **changed):
                support = Grounding(counting, embed).support(
                    claim.claim, chosen if only_chosen else evidence
                )
            cited = len(support.sentences)
            found[name].append(
                Verdict(support.probability, support.sufficient, counting.asked, cited)
            )
    return found, seconds


def _evidence(
    bench: Bench, selection: Any, question: str
) -> tuple[list[EvidenceSentence], list[EvidenceSentence]]:
    """All sentences found for a question, and those that the chain would give the model."""
    from assistant.answering.chain import AnsweringSettings

    settings = AnsweringSettings()
    found = find_passages(bench.passages, question, settings.passages)
    evidence = evidence_sentences(found.hits)
    scores = np.max(list(found.by_part.values()), axis=0)
    chosen = selection.choose(question, evidence, tuple(scores), words=settings.answer_words)
    return evidence, chosen


def scorer_result(
    claims: Sequence[BankClaim],
    found: Mapping[str, Sequence[Verdict]],
    seconds: Mapping[str, Sequence[float]],
    made_by: Mapping[str, Any],
) -> Result:
    """The figures of each way on both halves of the claims."""
    tables = {}
    for part in ("calibrate", "report"):
        inside = [place for place, claim in enumerate(claims) if claim.part == part]
        truth = np.array([claims[place].supported for place in inside], bool)
        values = {
            name: _figures(truth, [of_way[place] for place in inside])
            for name, of_way in found.items()
        }
        tables[f"grounding, {part}"] = interval_table(
            f"Hand-made claims about the bank, the half to {part}", LABELS, values
        )
    return {
        "schema": SCHEMA,
        "name": NAME,
        "suite": NAME,
        "part": "all",
        "note": "A reading took, at the median: "
        + ", ".join(
            f"{name} {1000 * float(np.median(each)):.0f} ms" for name, each in seconds.items()
        ),
        "made_by": dict(made_by),
        "counts": {
            "questions": len(claims),
            "kinds": {
                kind: sum(claim.kind == kind for claim in claims)
                for kind in sorted({claim.kind for claim in claims})
            },
            "stages": {},
        },
        "tables": tables,
        "scores": {},
    }


def _figures(truth: np.ndarray, of_way: Sequence[Verdict]) -> dict[str, Any]:
    probabilities = np.array([one.probability for one in of_way])
    accepted = np.array([one.accepted for one in of_way], bool)
    intervals = {
        "right claims accepted": share_interval(accepted[truth].astype(float).tolist()),
        "wrong claims rejected": share_interval((~accepted[~truth]).astype(float).tolist()),
        "balanced accuracy": interval_of(refusals.balanced_accuracy, truth, ~accepted),
        "AUROC": interval_of(refusals.auroc, truth, probabilities),
        "expected calibration error": interval_of(
            lambda right, chances: calibration_error(chances, right), truth, probabilities
        ),
        "readings a claim": mean_interval([float(one.readings) for one in of_way]),
        "sentences cited": mean_interval([float(one.sentences) for one in of_way]),
    }
    return {name: interval_data(one) for name, one in intervals.items()}


def _logit(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))


@click.command()
@click.option("--model/--no-model", default=True, help="Ask the language model too.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=None)
def main(model: bool, out: Path | None) -> None:
    """Measure every way of grounding on the hand-made claims."""
    from assistant.answering.assemble import load_chat_model
    from assistant.settings import Settings
    from eval.cli import print_result

    settings = Settings.load()
    # An endpoint's model does not tell how likely it would have said yes.
    model = model and not settings.llm_url
    documents = read_bank_questions("dev").documents or ()
    claims = read_bank_claims()
    with bench_over(settings, documents, "bank") as bench:
        chat = cast("LlamaCppChat", load_chat_model(settings)) if model else None
        titles = [document.title for document in documents]
        found, seconds = verdicts(bench, claims, titles, chat)
        command = "python -m eval.grounding_scorers"
        made_by = describe(bench.assistant, with_language_model=model, command=command)
    result = scorer_result(claims, found, seconds, made_by)
    path = (out or settings.results) / f"{NAME}.json"
    write_result(result, path)
    print_result(result)
    click.echo(f"Written to {path}")


if __name__ == "__main__":
    main()
