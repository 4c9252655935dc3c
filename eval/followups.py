"""`python -m eval.followups`: what makes a follow-up standalone best, rules or the model.

Each way rewrites the follow-ups of the question sets; then our search is asked for the result. A
question that stands alone must come back as it was asked: that is measured on the follow-ups that
change the topic, and on answerable questions put behind a conversation about something else.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.answering.followups import leans_on_history, standalone_question
from assistant.answering.prompts import rewrite_prompt
from assistant.answering.types import Message, Question
from eval.corpora import Bench, Progress, bench_over
from eval.datasets.bank_questions import PARTS, Part, read_bank_questions, standing_alone
from eval.datasets.types import EvalQuestion, QuestionSet
from eval.metrics.intervals import share_interval
from eval.provenance import corpus_digest, describe, fingerprint
from eval.record_log import Record, RecordLog
from eval.result import SCHEMA, Result, interval_data, interval_table, write_result
from eval.run import RECORDS, Finished, work_through

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from assistant.settings import Settings

NAME = "followups"
STAGE = "rewritten"
LEANING = "leans on the conversation"
ALONE = "changes the topic"
AFTER_ANOTHER = "asked after another topic"
LABELS = {
    "as asked": "the question as it was asked",
    "with history": "the question behind the one before it",
    "rules": "rules (ours)",
    "model": "the language model",
    "both": "the language model where the rules see an ellipsis",
}
DEPTH = 5
# Answerable questions that are asked after one about something else.
AFTER_OTHERS = 40
# A question of more words is an essay.
LONGEST_REWRITE = 48

Rewriting = Callable[[Question], str]


def rewritten_by_model(model: "BaseChatModel") -> Rewriting:
    """The first line of what the model says when it is asked for the standalone question."""

    @cache
    def rewrite(question: Question) -> str:
        turns = [(turn.role, turn.text) for turn in question.history]
        prompt: list[Any] = list(rewrite_prompt(question.text, turns))
        reply = model.invoke(prompt, max_tokens=LONGEST_REWRITE).text.strip()
        first = reply.splitlines()[0].removeprefix("user:").strip() if reply else ""
        return first or question.text

    return rewrite


def ways(model: "BaseChatModel | None") -> dict[str, Rewriting]:
    """Every way to rewrite; those with the model are left out where there is none."""

    def with_history(question: Question) -> str:
        before = [turn.text for turn in question.history if turn.role == "user"]
        return " ".join([*before[-1:], question.text])

    found: dict[str, Rewriting] = {
        "as asked": lambda question: question.text,
        "with history": with_history,
        "rules": standalone_question,
    }
    if model is not None:
        by_model = rewritten_by_model(model)
        found["model"] = by_model
        found["both"] = lambda question: (
            by_model(question) if leans_on_history(question.text) else question.text
        )
    return found


def followup_questions(part: Part) -> QuestionSet:
    """The follow-ups of a part, by kind, and answerable questions after one of another topic."""
    read = read_bank_questions(part)
    alone = standing_alone(part)
    followups = [
        _kind(one, ALONE if one.id in alone else LEANING)
        for one in read.questions
        if one.kind == "followup"
    ]
    answerable = [one for one in read.questions if one.kind == "answerable"]
    step = max(1, len(answerable) // AFTER_OTHERS)
    others = [
        _kind(one, AFTER_ANOTHER, (Message("user", other.text), Message("assistant", "Yes.")))
        for one, other in zip(answerable[::step], answerable[step // 2 :: step][::-1], strict=False)
        if not one.relevant.keys() & other.relevant.keys()
    ]
    return QuestionSet(NAME, part, (*followups, *others), read.documents)


def _kind(
    question: EvalQuestion, kind: str, history: tuple[Message, ...] | None = None
) -> EvalQuestion:
    return EvalQuestion(
        question.id,
        question.text,
        kind,
        history=question.history if history is None else history,
        relevant=question.relevant,
    )


def rewriting_record(
    bench: Bench, rewritings: Mapping[str, Rewriting], question: EvalQuestion
) -> Record:
    """What each way made of the question, and the place of the first accepted document."""
    asked = Question(question.text, question.history)
    record: Record = {"kind": question.kind, "ways": {}}
    for name, rewrite in rewritings.items():
        query = rewrite(asked)
        hits = bench.passages.search(query, DEPTH, distinct=True)
        places = [n for n, hit in enumerate(hits, 1) if hit.document.id in question.relevant]
        record["ways"][name] = {"query": query, "place": places[0] if places else 0}
    return record


def run_followups(
    settings: "Settings",
    questions: QuestionSet,
    out: Path,
    *,
    with_model: bool = True,
    command: str = "",
    progress: Progress | None = None,
) -> Finished:
    """Rewrite and search every question every way, and write `<out>/followups-<part>.json`.

    An interrupted run goes on where it stopped. Raises what opening the assistant and loading the
    language model raise.
    """
    from assistant.answering.assemble import load_chat_model

    name = f"{NAME}-{questions.part}"
    with bench_over(settings, questions.documents, "bank", progress) as bench:
        made_by = describe(bench.assistant, with_language_model=with_model, command=command)
        mark = fingerprint(
            [made_by[part] for part in ("version", "models", "settings", "packages")],
            corpus_digest(bench.assistant),
            [question.id for question in questions.questions],
        )
        rewritings = ways(load_chat_model(settings) if with_model else None)
        with RecordLog(out / RECORDS / f"{name}.jsonl", mark) as done:
            work_through(
                done,
                STAGE,
                questions.questions,
                lambda question: rewriting_record(bench, rewritings, question),
                progress,
            )
            result = followup_result(name, questions, done, made_by)
            path = out / f"{name}.json"
            write_result(result, path)
            done.finish()
            return Finished(path, result, done.resumed)


def followup_result(
    name: str, questions: QuestionSet, done: RecordLog, made_by: Mapping[str, Any]
) -> Result:
    """Success of the search by way, and how many standalone questions each left alone. A question
    that failed counts as neither found nor left alone."""
    records = {record["id"]: record for record in done.of_stage(STAGE)}
    kinds = {kind: [q for q in questions.questions if q.kind == kind] for kind in _KINDS}
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for way in {way for record in records.values() for way in record.get("ways", {})}:
        of_way: dict[str, dict[str, float]] = {}
        for kind, asked in kinds.items():
            found = {q.id: records[q.id].get("ways", {}).get(way, {}) for q in asked}
            if kind != AFTER_ANOTHER:
                places = {one: made.get("place", 0) for one, made in found.items()}
                of_way[f"success@1, {kind}"] = {i: float(p == 1) for i, p in places.items()}
                of_way[f"success@5, {kind}"] = {i: float(p > 0) for i, p in places.items()}
            if kind != LEANING:
                of_way[f"left alone, {kind}"] = {
                    q.id: float(found[q.id].get("query") == q.text) for q in asked
                }
        scores[way] = {metric: by_id for metric, by_id in of_way.items() if by_id}
    ordered = {way: scores[way] for way in LABELS if way in scores}
    values = {
        way: {
            metric: interval_data(share_interval(list(by_id.values())))
            for metric, by_id in of_way.items()
        }
        for way, of_way in ordered.items()
    }
    return {
        "schema": SCHEMA,
        "name": name,
        "suite": NAME,
        "part": questions.part,
        "note": "Intervals are Clopper and Pearson's.",
        "made_by": dict(made_by),
        "counts": {
            "questions": len(questions.questions),
            "kinds": {kind: len(asked) for kind, asked in kinds.items()},
            "stages": done.counts(),
        },
        "tables": {"followups": interval_table("Follow-up questions", LABELS, values)},
        "scores": {"followups": ordered},
        "records": f"{RECORDS}/{name}.jsonl",
    }


_KINDS: Sequence[str] = (LEANING, ALONE, AFTER_ANOTHER)


@click.command()
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), default=("dev", "test"))
@click.option("--model/--no-model", default=True, help="Measure the language model too.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=None)
def main(parts: tuple[Part, ...], model: bool, out: Path | None) -> None:
    """Measure every way to rewrite follow-ups on dev (tuning) and test (reporting)."""
    from assistant.commands.progress import ProgressBar
    from assistant.settings import Settings
    from eval.cli import print_result

    settings = Settings.load()
    for part in parts:
        with ProgressBar("question") as progress:
            finished = run_followups(
                settings,
                followup_questions(part),
                out or settings.results,
                with_model=model,
                command=f"python -m eval.followups --part {part}"
                + ("" if model else " --no-model"),
                progress=progress,
            )
        print_result(finished.result)
        click.echo(f"Written to {finished.path}")


if __name__ == "__main__":
    main()
