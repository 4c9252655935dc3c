"""`python -m eval.support`: make the training lines, train the pair model, measure the scorer."""

import json
import logging
import platform
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.answering.pair_model import CALIBRATION_NAME, DEFAULT_FOLDER, MODEL_NAME, PairModel
from corpus.question_bank import load_question_bank
from eval.support.bank_reading import (
    bank_asked_pairs,
    bank_question_pairs,
    far_pairs,
    written_pairs,
)
from eval.support.cloze import cloze_pairs
from eval.support.distil import with_opinions
from eval.support.drafted import draft_pairs, drafted_questions, read_draft_claims, write_drafts
from eval.support.encoder import build_encoder, encode_all
from eval.support.export import export, load_exported
from eval.support.measure import measure_support, read_support
from eval.support.measured_sets import rank_bank_answers, support_rows
from eval.support.pairs import (
    Pair,
    chunk_question_pairs,
    clapnq_pairs,
    foreign_pairs,
    open_text_pairs,
    squad_pairs,
    wice_pairs,
)
from eval.support.paraphrases import Paraphrase, read_paraphrases, write_paraphrases
from eval.support.recipe import DRAWS, LEARNED_ANEW, REFINED, STUDENT, TEACHERS
from eval.support.sources import (
    BankQuestion,
    read_bank_asked,
    read_bank_questions,
    read_bank_unanswered,
    read_clapnq,
    read_open_texts,
    read_squad,
    read_wice_train,
)
from eval.support.squad_reading import squad_reading_pairs
from eval.support.train import shown, train
from index.text_embedders import OnnxTextEmbedder, TextEmbedder

if TYPE_CHECKING:
    import torch

_PROJECT = Path(__file__).parents[2]
_QUESTIONS = _PROJECT / "eval" / "questions"
_RESULTS = _PROJECT / "eval" / "results" / "support.json"
_PER_TEXT = 3
_CLOZES_PER_TEXT = 4
_FOREIGN_CLAIMS = 500

_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_data = click.option(
    "--data",
    type=_folder,
    default=_PROJECT.parent / "shared" / "data",
    help="The folder that holds squad2, wice, clapnq and chunking_evaluation.",
)
_weights = click.option(
    "--weights", type=_folder, required=True, help="The folder of all-MiniLM-L6-v2."
)
_model = click.option(
    "--model", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True
)


@click.group()
def main() -> None:
    """Train the pair model and measure the scorer of support."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")


@main.command()
@_data
@click.option("--llm", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--count", default=1600, show_default=True, help="How many sentences to reword.")
@click.option("--threads", default=1, show_default=True)
def paraphrase(data: Path, llm: Path, out: Path, count: int, threads: int) -> None:
    """Let a language model reword sentences for the training (about 2 s each)."""
    write_paraphrases(read_open_texts(data), llm, out, count, threads)


@main.command()
@_data
@click.option("--out", type=click.Path(path_type=Path), required=True)
def draft(data: Path, out: Path) -> None:
    """Let the chain write drafts for a reader to judge (about 3 s a question, 280 questions)."""
    from assistant.answering.assemble import load_chat_model
    from assistant.settings import Settings
    from eval.corpora import bench_over

    settings = Settings.load()
    model = load_chat_model(settings)
    for name, documents, questions in drafted_questions(data):
        with bench_over(settings, documents, name) as bench:
            write_drafts(bench, model, name, questions, out)


@main.command(name="train")
@_data
@_weights
@_model
@click.option(
    "--paraphrases",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What `paraphrase` wrote; without it the scorer learns from fewer rewordings.",
)
@click.option("--device", help="cuda or cpu. [default: cuda where there is one]")
@click.option("--threads", default=1, show_default=True)
def train_command(
    data: Path,
    weights: Path,
    model: Path,
    paraphrases: Path | None,
    device: str | None,
    threads: int,
) -> None:
    """Train on the training parts and export to --model.

    Making the pairs takes five minutes. Three teachers and the student then take some ten minutes
    on an H100; two cores would take a day.
    """
    import torch

    lines = read_paraphrases(paraphrases) if paraphrases else []
    ranked = _ranked_answers(OnnxTextEmbedder(weights, threads))
    draws = [training_pairs(data, ranked, lines, seed) for seed in DRAWS]
    encoded = encode_all(draws, weights)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    teachers = [
        train(build_encoder(weights), draws, encoded, weights, recipe, _show, device, threads)
        for recipe in TEACHERS
    ]
    taught = with_opinions(encoded, teachers, device)
    student = build_encoder(weights)
    _write(train(student, draws, taught, weights, STUDENT, _show, device, threads), weights, model)


@main.command()
@_data
@_weights
@_model
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--threads", default=2, show_default=True)
def refine(data: Path, weights: Path, model: Path, out: Path, threads: int) -> None:
    """Let the model in --model learn the questions about the bank anew, into the folder --out.

    For when questions were added to `training.jsonl` or `*_training.txt` in `eval/questions`. About
    an hour on two cores.
    """
    ranked = _ranked_answers(OnnxTextEmbedder(weights, threads))
    generator = random.Random(REFINED.seed)
    draws = [
        shown(training_pairs(data, ranked, [], seed), REFINED, generator)
        for seed in DRAWS[: REFINED.epochs]
    ]
    encoded = encode_all(draws, weights)
    encoder = build_encoder(weights)
    load_exported(encoder, model / MODEL_NAME)
    rehearsed = {pair: row for pair, row in encoded.items() if pair.kind not in LEARNED_ANEW}
    encoded |= with_opinions(rehearsed, [encoder], "cpu")
    # The draws already hold each pair as often as it is shown.
    recipe = replace(REFINED, repeats={})
    _write(train(encoder, draws, encoded, weights, recipe, _show, "cpu", threads), weights, out)


@main.command()
@_data
@_weights
@_model
@click.option("--out", type=click.Path(path_type=Path), default=_RESULTS, show_default=True)
@click.option("--threads", default=2, show_default=True)
def measure(data: Path, weights: Path, model: Path, out: Path, threads: int) -> None:
    """Calibrate on the calibration parts, write the calibration into --model, report the rest."""
    embedder = OnnxTextEmbedder(weights, threads)
    pair_model = PairModel(model, threads)
    claims = support_rows(data)
    support, thresholds, support_report = measure_support(
        claims, read_support(claims, pair_model, embedder)
    )
    calibration = {
        "support": {
            "threshold": round(thresholds.shown, 4),
            "verdict_threshold": round(thresholds.verdict, 4),
            "weights": _rounded(support.weights),
        },
    }
    (model / CALIBRATION_NAME).write_text(json.dumps(calibration, indent=2) + "\n", "utf-8")
    report = {
        "command": "python -m eval.support measure --weights <all-MiniLM-L6-v2>",
        "threads": threads,
        "machine": platform.machine(),
        "model bytes": (model / MODEL_NAME).stat().st_size,
        "support": support_report,
        "calibration": calibration,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    click.echo(f"written: {out}")


def training_pairs(
    data: Path, ranked: Mapping[str, Sequence[int]], paraphrases: list[Paraphrase], seed: int
) -> list[Pair]:
    """All training pairs, in an order that the seed fixes.

    `ranked` gives the numbers of the bank's answers for each question about it, best first.
    """
    generator = random.Random(seed)
    bank = {n: document.text for n, document in enumerate(load_question_bank(), start=1)}
    unanswered, written, far = map(_written, ("unanswerable", "answerable", "far"))
    return [
        *bank_question_pairs(_asked(), bank, ranked),
        *bank_asked_pairs(read_bank_asked(), bank),
        *open_text_pairs(read_open_texts(data), paraphrases, generator, _PER_TEXT),
        *wice_pairs(read_wice_train(data), generator),
        *squad_pairs(read_squad(data), generator),
        *clapnq_pairs(read_clapnq(data)),
        *chunk_question_pairs(data, generator),
        *written_pairs(written, unanswered, bank, ranked),
        *draft_pairs(read_draft_claims(data)),
        *far_pairs(chain.from_iterable(far.values()), bank, ranked),
        *squad_reading_pairs(read_squad(data), generator),
        *foreign_pairs(read_open_texts(data), generator, _FOREIGN_CLAIMS),
        *cloze_pairs(read_open_texts(data), generator, _CLOZES_PER_TEXT),
    ]


def _ranked_answers(embedder: TextEmbedder) -> dict[str, tuple[int, ...]]:
    asked = [one.question for one in _asked()]
    for name in ("unanswerable", "answerable", "far"):
        asked += chain.from_iterable(_written(name).values())
    return rank_bank_answers(asked, embedder, depth=10)


def _asked() -> list[BankQuestion]:
    return [
        question
        for name in ("training", "dev")
        for question in read_bank_questions(_QUESTIONS / f"{name}.jsonl")
    ]


def _written(name: str) -> dict[int, tuple[str, ...]]:
    return read_bank_unanswered(_QUESTIONS / f"{name}_training.txt")


def _show(step: int, steps: int, loss: float) -> None:
    click.echo(f"step {step} of {steps}, loss {loss:.3f}", err=True)


def _write(trained: "torch.nn.Module", weights: Path, model: Path) -> None:
    model.mkdir(parents=True, exist_ok=True)
    export(trained, model / MODEL_NAME)
    shutil.copy(weights / "tokenizer.json", model / "tokenizer.json")
    if not (model / CALIBRATION_NAME).exists():
        (model / CALIBRATION_NAME).write_text("{}", encoding="utf-8")


def _rounded(weights: Any) -> dict[str, float]:
    return {name: round(value, 4) for name, value in weights.items()}


if __name__ == "__main__":
    main()
