"""`python -m eval.sentence_choice`: the numbers that choose sentences, and their neighbours.

For each answerable question of the tuning sets, and of SQuAD2's calibration article, the chosen
sentences are quoted, as the answer would be if the language model wrote nothing of use: how many
key facts do they state (SQuAD2: do they hold the answer), in how many words? Each number of
`assistant.answering.selection` is varied by itself, the others as they ship. No language model is
asked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import click

from assistant.answering import selection
from assistant.answering.chain import AnsweringSettings, share_of_words
from assistant.answering.evidence import EvidenceSentence, evidence_sentences
from eval.corpora import Bench, bench_over
from eval.datasets.bank_questions import Part, read_bank_questions
from eval.datasets.files import DATA
from eval.datasets.squad2 import read_squad2
from eval.datasets.types import EvalQuestion
from eval.metrics.answers import key_facts_stated
from eval.metrics.intervals import mean_interval
from eval.provenance import describe
from eval.refusal_stage import found_for
from eval.result import interval_data, rounded

NAME = "sentence-choice"
TUNING_PARTS: tuple[Part, ...] = ("dev", "validation")
WORDS = "answer_words"
# Each number with values around the one that ships.
NEIGHBOURS: Mapping[str, tuple[float, ...]] = {
    "ALONE_WEIGHT": (0.0, 0.15, 0.35, 0.5),
    "CONTEXT_WEIGHT": (0.5, 0.65, 0.85, 1.0),
    "WORDS_WEIGHT": (0.0, 0.1, 0.3, 0.4),
    "PASSAGE_WEIGHT": (0.0, 0.5, 1.0, 2.0),
    "RELEVANCE_GAP": (0.15, 0.2, 0.3, 0.4),
    "NARROW_RELEVANCE_GAP": (0.1, 0.15, 0.25, 0.3),
    "SAME_MEANING": (0.7, 0.75, 0.85, 0.9),
    "SAME_WORDS": (0.4, 0.5, 0.7, 0.8),
    WORDS: (75, 85, 95, 120),
}


@dataclass(frozen=True, slots=True)
class Read:
    """A question with what was found for it: all sentences, and the passages' scores by part."""

    question: EvalQuestion
    evidence: Sequence[EvidenceSentence]
    scores: Mapping[str, Sequence[float]]


def read_questions(bench: Bench, questions: Sequence[EvalQuestion]) -> list[Read]:
    """Search for every question, as the chain does."""
    found = [(one, found_for(bench, one)) for one in questions]
    return [Read(one, evidence_sentences(hits.hits), hits.by_part) for one, hits in found]


def figures(
    chooser: selection.SentenceSelection, reads: Sequence[Read], words: int
) -> dict[str, Any]:
    """The share of key facts that the chosen sentences state, and their median length."""
    stated, lengths = [], []
    for read in reads:
        share = share_of_words(words, len(read.scores))
        chosen = dict.fromkeys(
            one.text
            for part, scores in read.scores.items()
            for one in chooser.choose(part, read.evidence, scores, words=share)
        )
        text = " ".join(chosen)
        stated.append(key_facts_stated(text, read.question.key_facts))
        lengths.append(len(text.split()))
    return {"key facts": interval_data(mean_interval(stated)), "words": median(lengths)}


def measure(chooser: selection.SentenceSelection, reads: Sequence[Read]) -> dict[str, Any]:
    """The figures as it ships, and with each number changed to its neighbours."""
    words = AnsweringSettings().answer_words
    found: dict[str, Any] = {"as it ships": figures(chooser, reads, words)}
    for name, values in NEIGHBOURS.items():
        for value in values:
            if name == WORDS:
                found[f"{name} = {value}"] = figures(chooser, reads, int(value))
            else:
                with patch.object(selection, name, value):
                    found[f"{name} = {value}"] = figures(chooser, reads, words)
    return found


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=DATA, show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=None)
def main(data: Path, out: Path | None) -> None:
    """Measure the choice of sentences with every number around the one that ships."""
    from assistant.answering.sentence_embeddings import SentenceEmbeddings
    from assistant.settings import Settings

    settings = Settings.load()
    command = "python -m eval.sentence_choice"
    written: dict[str, Any] = {}
    tuning = [read_bank_questions(part) for part in TUNING_PARTS]
    for name, sets in (("bank", tuning), ("squad2", [read_squad2(data, "calibrate")])):
        asked = [one for each in sets for one in each.questions if one.kind == "answerable"]
        with bench_over(settings, sets[0].documents, name) as bench:
            chooser = selection.SentenceSelection(
                SentenceEmbeddings(bench.passages.embedder.embed_passages)
            )
            found = measure(chooser, read_questions(bench, asked))
            made_by = describe(bench.assistant, with_language_model=False, command=command)
        written[name] = {"made_by": made_by, "questions": len(asked), "figures": found}
        click.echo(f"{name}, {len(asked)} questions")
        for values, one in found.items():
            facts = one["key facts"]
            click.echo(
                f"  {values:<28} key facts {facts['value']:.3f} [{facts['low']:.3f}, "
                f"{facts['high']:.3f}]  words {one['words']:.0f}"
            )
    folder = out or settings.results
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.json"
    path.write_text(json.dumps(rounded(written), ensure_ascii=False, indent=1) + "\n", "utf-8")
    click.echo(f"Written to {path}")


if __name__ == "__main__":
    main()
