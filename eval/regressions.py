"""Breaks the assistant on purpose, three ways, and shows that the gate notices each.

`python -m eval.regressions` writes `eval/results/regressions.json` and a result for each state,
which `assistant eval report` shows with what changed. It takes several minutes and is no part of
the test run.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from assistant.answering.evidence import EvidenceSentence
from assistant.answering.grounding import Grounding, Support
from eval.gate import compare_with_baseline, measure
from eval.metrics.intervals import Difference
from eval.result import Result, rounded, write_result
from eval.run import RECORDS

if TYPE_CHECKING:
    from assistant.settings import Settings

WRONG_PROMPT = (
    "You are a poet. Answer every question with a short poem about the sea, whatever was asked."
)


class UncheckedGrounding(Grounding):
    """Grounding switched off: believes every claim, and cites whatever stands first."""

    def __init__(self) -> None:
        """Needs neither scorer nor embeddings."""

    def support(self, claim: str, evidence: Sequence[EvidenceSentence]) -> Support:
        """Certainty, without looking."""
        return Support(1.0, tuple(evidence[:1]), sufficient=True)


@contextmanager
def wrong_prompt() -> Iterator[None]:
    """The model is told something else."""
    from assistant.answering import chain

    def prompt(question: str, notes: Sequence[str]) -> list[tuple[str, str]]:
        return [("system", WRONG_PROMPT), ("human", question)]

    with patch.object(chain, "answer_prompt", prompt):
        yield


@contextmanager
def fusion_off() -> Iterator[None]:
    """The search goes by embeddings alone."""
    from index.passages import PassageIndex

    search = PassageIndex.search

    def dense_only(self: PassageIndex, query: str, k: int = 5, **options: Any) -> list:
        return search(self, query, k, **(options | {"retrievers": ("dense",)}))

    with patch.object(PassageIndex, "search", dense_only):
        yield


@contextmanager
def grounding_off() -> Iterator[None]:
    """Every sentence of the draft is shown, with a citation of whatever stands first."""
    from assistant.answering import chain

    composition = chain.Composition

    def unchecked(evidence: Any, needed: Any, grounding: Any, *rest: Any, **named: Any) -> Any:
        return composition(evidence, needed, UncheckedGrounding(), *rest, **named)

    with patch.object(chain, "Composition", unchecked):
        yield


REGRESSIONS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "wrong prompt": wrong_prompt,
    "fusion off": fusion_off,
    "grounding off": grounding_off,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure unbroken, then each way broken; 0 when the gate let only the unbroken one pass."""
    import json

    from assistant.settings import Settings

    parser = argparse.ArgumentParser(prog="python -m eval.regressions", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("eval") / "results")
    parser.add_argument("--pages", type=Path, default=Path("eval") / "results" / "regressions")
    options = parser.parse_args(arguments)
    settings = Settings.load()
    baseline = _measured(settings, "unbroken", options.pages)
    found: dict[str, Any] = {}
    for name, broken in REGRESSIONS.items():
        with broken():
            result = _measured(settings, name.replace(" ", "-"), options.pages)
        verdict = compare_with_baseline(result, baseline)
        found[name] = {
            "caught": bool(verdict.lost),
            "lost": [
                {"group": one.group, "metric": one.metric} | _figures(one.difference)
                for one in verdict.lost
            ],
        }
        sys.stdout.write(f"{name}: {'caught' if verdict.lost else 'MISSED'}\n")
        sys.stdout.write(verdict.explained() + "\n")
    written = {"made_by": baseline["made_by"], "regressions": found}
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "regressions.json"
    path.write_text(json.dumps(rounded(written), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0 if all(one["caught"] for one in found.values()) else 1


def _measured(settings: "Settings", name: str, folder: Path) -> Result:
    """What the gate measures, kept with its records so that a page can show it."""
    result = measure(settings, folder / RECORDS, name=name)
    write_result(result | {"records": f"{RECORDS}/{name}.jsonl"}, folder / f"{name}.json")
    return result


def _figures(change: Difference) -> dict[str, Any]:
    return {
        "before": change.a,
        "after": change.b,
        "low": change.low,
        "high": change.high,
        "p": change.p,
        "n": change.n,
        "test": change.test,
    }


if __name__ == "__main__":
    sys.exit(main())
