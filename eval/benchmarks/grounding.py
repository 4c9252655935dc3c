"""What the checks of an answer cost: after its last token, and for each sentence of the draft.

`python -m eval.benchmarks.grounding` asks development questions of the real chain and notes when
the model finished each piece, whoever read it when. It writes `eval/results/grounding.json`. On a
busy machine the seconds say little: the order (is the first sentence checked before the second is
written?) and the ratio of checking to writing, taken in the same seconds, say more.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import click

from eval.corpora import Bench, bench_over
from eval.datasets.bank_questions import read_bank_questions
from eval.datasets.types import EvalQuestion
from eval.metrics.intervals import mean_interval, share_interval
from eval.provenance import describe
from eval.result import interval_data, rounded

if TYPE_CHECKING:
    from assistant.answering.grounding import Support

NAME = "grounding"


@dataclass(slots=True)
class Clock:
    """When things happened in one answer, as `time.perf_counter()`."""

    pieces: list[tuple[float, str]] = field(default_factory=list)
    checks: list[float] = field(default_factory=list)
    first_check: float | None = None
    done: float = 0.0

    def sentence_ends(self) -> list[float]:
        """When the model had written each sentence of the draft to its end."""
        from assistant.answering.draft import SentenceCutter

        cutter = SentenceCutter()
        ends = [at for at, piece in self.pieces for _ in cutter.feed(piece)]
        return ends + [self.pieces[-1][0] for _ in cutter.end()] if self.pieces else []


@contextmanager
def watched(clock: Clock) -> Iterator[None]:
    """Notes when pieces are written, in the thread that writes them, and how long checks take."""
    from assistant.answering.grounding import Grounding
    from assistant.answering.llama_engine import LlamaEngine

    write, support = LlamaEngine.write, Grounding.support

    def timed_write(*arguments: Any, **named: Any) -> Any:
        pieces = write(*arguments, **named)
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                return end.value
            clock.pieces.append((time.perf_counter(), piece))
            yield piece

    def timed_support(*arguments: Any) -> "Support":
        started = time.perf_counter()
        found = support(*arguments)
        ended = time.perf_counter()
        clock.checks.append(ended - started)
        if clock.first_check is None:
            clock.first_check = ended
        return found

    with (
        patch.object(LlamaEngine, "write", timed_write),
        patch.object(Grounding, "support", timed_support),
    ):
        yield


def timed_answer(bench: Bench, question: EvalQuestion) -> Clock:
    """Ask a question and note what happened when."""
    from assistant.answering.types import Done

    clock = Clock()
    with watched(clock):
        for event in bench.assistant.stream(question.text):
            if isinstance(event, Done):
                clock.done = time.perf_counter()
    return clock


def figures(clocks: Sequence[Clock]) -> dict[str, Any]:
    """The medians, ratios and orders over all answers that have a draft."""
    import numpy as np

    after, ratios, in_order = [], [], []
    for clock in clocks:
        after.append(1000 * (clock.done - clock.pieces[-1][0]))
        ends = clock.sentence_ends()
        if clock.checks and len(ends) > 1:
            writing = (ends[-1] - clock.pieces[0][0]) / len(ends)
            ratios.append(float(np.mean(clock.checks)) / writing)
        if len(ends) > 1 and clock.first_check is not None:
            in_order.append(float(clock.first_check < ends[1]))
    checks = [1000 * seconds for clock in clocks for seconds in clock.checks]
    return {
        "answers": len(clocks),
        "after_last_token_ms": _quantiles(after),
        "check_of_a_sentence_ms": _quantiles(checks),
        "check_over_writing_of_a_sentence": interval_data(mean_interval(ratios)),
        "first_sentence_checked_before_second_was_written": interval_data(share_interval(in_order)),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    import numpy as np

    p50, p95 = np.percentile(values, [50, 95]) if len(values) else (float("nan"),) * 2
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1), "n": len(values)}


@click.command()
@click.option("--questions", default=20, show_default=True, help="How many answers to time.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=None)
def main(questions: int, out: Path | None) -> None:
    """Time the checks of answers to development questions."""
    from assistant.settings import Settings

    settings = Settings.load()
    read = read_bank_questions("dev")
    asked = [one for one in read.questions if one.kind == "answerable"]
    with bench_over(settings, read.documents, "bank") as bench:
        # The first answer loads the models, and is not counted.
        timed_answer(bench, asked[0])
        step = max(1, len(asked) // questions)
        clocks = []
        for question in asked[1::step][:questions]:
            clock = timed_answer(bench, question)
            if clock.pieces:
                clocks.append(clock)
        command = f"python -m eval.benchmarks.grounding --questions {questions}"
        found = {
            "made_by": describe(bench.assistant, with_language_model=True, command=command),
            "grounding": figures(clocks),
        }
    folder = out or settings.results
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.json"
    path.write_text(json.dumps(rounded(found), ensure_ascii=False, indent=1) + "\n", "utf-8")
    click.echo(json.dumps(found["grounding"], indent=1))
    click.echo(f"Written to {path}")


if __name__ == "__main__":
    main()
