"""A small fixed measurement that every test run makes, against the figures that were committed.

Every answerable development question is searched for, a sample of all kinds is judged, planted
claims are checked, and a few questions are answered by the default model. It fails where a paired
test says that our figures got worse; `assistant eval gate --update` renews the baseline after a
change that is meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.answer_stage import SECONDS
from eval.compare import Change, changes
from eval.corpora import Bench, Progress, bench_over
from eval.datasets.types import DataSetError, EvalQuestion
from eval.provenance import describe, fingerprint
from eval.record_log import RecordLog
from eval.result import Result, better, read_result, write_result
from eval.run import answered_sample, work_through
from eval.sampling import sample
from eval.summary import ANSWER_STAGES, summarise

if TYPE_CHECKING:
    from assistant.settings import Settings

BASELINE = "gate-baseline"
JUDGED = 120
ANSWERED = 18
PLANTED = 45
# Drafts are cut short here: the gate watches for losses, and must be quick on busy machines.
ANSWER_TOKENS = 96
# How often all the tests together may find a loss where there is none.
FAMILY_WISE = 0.05
# So many of the questions of the baseline must still be there.
SHARED = 0.9


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found. `lost` are the figures that got significantly worse."""

    result: Result
    lost: tuple[Change, ...]
    failed: int

    @property
    def passed(self) -> bool:
        """Whether nothing got worse and no question failed."""
        return not self.lost and not self.failed

    def explained(self) -> str:
        """One line for each loss."""
        lines = [
            f"{one.metric} of our {one.group}: {one.difference.a:.3f} -> {one.difference.b:.3f} "
            f"(p = {one.difference.p:.4f}, {one.difference.n} questions)"
            for one in self.lost
        ]
        if self.failed:
            lines.append(f"{self.failed} questions failed.")
        return "\n".join(lines)


def measure(
    settings: "Settings",
    records: Path,
    *,
    name: str = "gate",
    answered: int = ANSWERED,
    command: str = "",
    progress: Progress | None = None,
) -> Result:
    """Measure the gate's questions; `records` is a folder for what is found for each.

    The settings count but for the length of drafts. Raises what opening the assistant raises.
    """
    from eval.datasets.bank_questions import read_bank_questions

    settings = settings.model_copy(update={"answer_tokens": ANSWER_TOKENS})
    questions = replace(
        read_bank_questions("dev"),
        name="gate",
        note="The gate of the test run: development questions, drafts of at most "
        f"{ANSWER_TOKENS} tokens. Not a result to report.",
    )
    with bench_over(settings, questions.documents, "bank", progress) as bench:
        made_by = describe(bench.assistant, with_language_model=answered > 0, command=command)
        # Never resumed: a gate measures what is there now.
        path = records / f"{name}.jsonl"
        path.unlink(missing_ok=True)
        with RecordLog(path, fingerprint(made_by)) as done:
            _work(bench, questions.questions, answered, done, progress)
            return summarise(name, questions, questions.questions, done, made_by)


def compare_with_baseline(result: Result, baseline: Result) -> Verdict:
    """Which of our figures are significantly worse than the baseline's.

    Raises:
        DataSetError: the baseline is about other questions.
    """
    found = [
        one
        for one in changes(baseline, result)
        # How long it takes says something about the machine and its load.
        if one.system == "ours" and one.metric not in SECONDS.values()
    ]
    for group in ("retrieval", "refusal"):
        before = _questions(baseline, group)
        if len(before & _questions(result, group)) < SHARED * len(before):
            raise DataSetError(
                f"The gate's baseline is about other questions ({group}).",
                hint="Renew it: assistant eval gate --update",
            )
    lost = tuple(_significant_losses(found))
    failed = sum(stage["failed"] for stage in result["counts"]["stages"].values())
    return Verdict(result, lost, failed)


def read_baseline(folder: Path) -> Result:
    """The committed baseline.

    Raises:
        DataSetError: there is none.
    """
    return read_result(folder / f"{BASELINE}.json")


def write_baseline(result: Result, folder: Path) -> Path:
    """Make a result the baseline."""
    path = folder / f"{BASELINE}.json"
    write_result(result | {"name": BASELINE}, path)
    return path


def _significant_losses(found: Sequence[Change]) -> list[Change]:
    """The losses that Holm's step-down procedure finds significant, the surest first.

    Many figures are tested at once: each alone at 5 % would often find a loss by chance. The
    tests are one-sided, since gains are not the gate's business.
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.
    """
    tested = [(_p_of_loss(one), one) for one in found if better(one.metric) != "neither"]
    tested.sort(key=lambda one: one[0])
    lost = []
    for place, (p, one) in enumerate(tested):
        if not p <= FAMILY_WISE / (len(tested) - place):
            break
        lost.append(one)
    return lost


def _p_of_loss(one: Change) -> float:
    """How likely so great a loss is where nothing changed: half of the two-sided p, or more."""
    change = one.difference.change
    lost = change > 0 if better(one.metric) == "lower" else change < 0
    return one.difference.p / 2 if lost else 1 - one.difference.p / 2


def _work(
    bench: Bench,
    questions: Sequence[EvalQuestion],
    answered: int,
    done: RecordLog,
    progress: Progress | None,
) -> None:
    from eval import refusal_stage, retrieval_stage
    from eval.planted_stage import STAGE as PLANTED_STAGE
    from eval.planted_stage import PlantedClaims, planted_questions
    from eval.referees import open_judge

    work_through(
        done,
        retrieval_stage.STAGE,
        [question for question in questions if question.relevant],
        lambda question: retrieval_stage.search_ours(bench, question),
        progress,
    )
    judge = open_judge(bench)
    work_through(
        done,
        refusal_stage.STAGE,
        sample(questions, JUDGED),
        lambda question: refusal_stage.judge_question(bench, judge, question),
        progress,
    )
    planted = PlantedClaims(bench)
    work_through(
        done,
        PLANTED_STAGE,
        sample(planted_questions(bench.assistant.documents()), PLANTED),
        planted.check,
        progress,
    )
    if answered:
        _answer(bench, answered_sample(_with_facts(questions), answered), done, progress)


def _answer(
    bench: Bench, questions: Sequence[EvalQuestion], done: RecordLog, progress: Progress | None
) -> None:
    from eval.answer_stage import answer_record
    from eval.referees import open_referee
    from eval.writers import written_by_us

    referee = open_referee(bench)
    _ = bench.assistant.chain
    work_through(
        done,
        ANSWER_STAGES["ours"],
        questions,
        lambda question: answer_record(question, written_by_us(bench, question), referee),
        progress,
    )


def _with_facts(questions: Sequence[EvalQuestion]) -> list[EvalQuestion]:
    """Questions whose answers say most in few: answerable ones with key facts."""
    return [one for one in questions if one.kind == "answerable" and one.key_facts]


def _questions(result: Result, group: str) -> set[str]:
    ours: dict[str, Any] = result["scores"].get(group, {}).get("ours", {})
    return {one for by_id in ours.values() for one in by_id}
