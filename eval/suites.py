"""The suites by name: which data they read, and how much of it by default."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from eval.datasets.types import DataSetError, QuestionSet
from eval.run import Plan

if TYPE_CHECKING:
    from assistant.settings import Settings

SUITES = {
    "bank": "our questions about the question bank (part dev or test)",
    "squad2": "SQuAD 2.0: retrieval, refusal, answers",
    "clapnq": "ClapNQ: retrieval, refusal, long answers and their sentences",
    "chunking": "chunking_evaluation: exact spans in long texts",
    "wice": "WiCE: whether support is recognised and its sentences are found",
    "beir": "a folder in BEIR's format",
    "images": "a folder of images whose sub-folders are labels",
    "questions": "your own questions in CSV or JSONL, or the chat's feedback, on your own corpus",
}
LearnedPart = Literal["report", "calibrate", "train", "all"]
LEARNED_PARTS: tuple[LearnedPart, ...] = ("report", "calibrate", "train", "all")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a suite's data are. `path` is the suite's own file or folder, `data` the folder that
    holds the known data sets."""

    data: Path
    path: Path | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedSuite:
    """Questions, those that tune the refusal baseline, and how much is measured by default."""

    questions: QuestionSet
    tuning: QuestionSet | None
    plan: Plan


def load_suite(name: str, source: Source, settings: "Settings") -> LoadedSuite:
    """The questions of a suite.

    Raises:
        DataSetError: the data are missing or malformed, or the suite needs a path or a part that
            was not given.
    """
    return _LOADERS[name](source, settings)


def _bank(source: Source, settings: "Settings") -> LoadedSuite:
    from eval.datasets.bank_questions import PARTS, Part, read_bank_questions

    part = source.part or "test"
    if part not in PARTS:
        raise DataSetError(f"The bank has no part {part!r}.", hint=f"One of {', '.join(PARTS)}.")
    return LoadedSuite(
        read_bank_questions(cast("Part", part)),
        read_bank_questions("dev"),
        Plan(answers=None, baseline_answers=12),
    )


def _squad2(source: Source, settings: "Settings") -> LoadedSuite:
    from eval.datasets.squad2 import read_squad2

    folder = source.path or source.data
    return LoadedSuite(
        read_squad2(folder, learned_part(source)),
        read_squad2(folder, "calibrate"),
        Plan(answers=24, baseline_answers=0),
    )


def _clapnq(source: Source, settings: "Settings") -> LoadedSuite:
    from eval.datasets.clapnq import read_clapnq

    folder = source.path or source.data
    return LoadedSuite(
        read_clapnq(folder, learned_part(source)),
        read_clapnq(folder, "calibrate"),
        Plan(answers=None, baseline_answers=8),
    )


def _chunking(source: Source, settings: "Settings") -> LoadedSuite:
    from eval.datasets.chunking_evaluation import read_chunking_evaluation

    questions = read_chunking_evaluation(source.path or source.data)
    return LoadedSuite(questions, None, Plan(answers=0, baseline_answers=0))


def _beir(source: Source, settings: "Settings") -> LoadedSuite:
    from eval.datasets.beir import read_beir

    if source.path is None:
        raise DataSetError("The suite beir needs a folder.", hint="Name it with --path.")
    questions = read_beir(source.path, source.part or "test")
    return LoadedSuite(questions, None, Plan(answers=0, baseline_answers=0))


def _questions(source: Source, settings: "Settings") -> LoadedSuite:
    from assistant.assistant import Assistant
    from eval.datasets.own_questions import read_own_questions

    if source.path is None:
        raise DataSetError(
            "The suite questions needs a file of questions.",
            hint="Name it with --path, or make one with `assistant eval questions`.",
        )
    with Assistant.open(settings) as assistant:
        questions = read_own_questions(source.path, assistant.documents())
    return LoadedSuite(questions, None, Plan(answers=None, baseline_answers=0))


def learned_part(source: Source) -> LearnedPart:
    """The part of a data set of which the scorers learned from some parts.

    Raises:
        DataSetError: there is no such part.
    """
    for part in LEARNED_PARTS:
        if part == (source.part or "report"):
            return part
    raise DataSetError(
        f"There is no part {source.part!r}.",
        hint="report (nothing was learned from it), calibrate, train or all.",
    )


_LOADERS: dict[str, Callable[[Source, "Settings"], LoadedSuite]] = {
    "bank": _bank,
    "squad2": _squad2,
    "clapnq": _clapnq,
    "chunking": _chunking,
    "beir": _beir,
    "questions": _questions,
}
