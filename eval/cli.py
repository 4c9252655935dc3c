"""`assistant eval`: measure, compare, report."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from assistant.commands.options import MODEL, as_json, index_options, load_settings
from eval.datasets.files import DATA
from eval.printed import print_result
from eval.sheet_cli import sheet, sheet_score
from eval.suites import SUITES

OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the results; the setting `results` if not given.",
)


@click.group("eval")
def command() -> None:
    """Measure how good the answers are, compare two states, and show it all on one page."""


command.add_command(sheet)
command.add_command(sheet_score)


@command.command("run")
@click.option(
    "--suite",
    "suites",
    multiple=True,
    type=click.Choice(list(SUITES)),
    default=("bank",),
    show_default=True,
    help="What is measured; may be given several times. "
    + " · ".join(f"{name}: {meaning}" for name, meaning in SUITES.items()),
)
@click.option("--limit", type=click.IntRange(1), help="Measure a fixed sample of so many.")
@click.option(
    "--answers",
    type=click.IntRange(-1),
    help="Full answers by the language model: -1 all, 0 none; by suite if not given.",
)
@click.option(
    "--baseline-answers", type=click.IntRange(-1), help="The same for each of the two baselines."
)
@click.option("--part", help="Part of the data set: bank has dev, validation and test (default).")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    show_default=True,
    help="Folder that holds the public data sets.",
)
@click.option("--path", type=click.Path(path_type=Path), help="The suite's own file or folder.")
@click.option("--judge-url", help="OpenAI-compatible address of an optional judge model.")
@click.option("--judge-model", default="judge", help="The judge model's name there.")
@click.option("--judge-key", envvar="CV_ASSISTANT_JUDGE_KEY", help="Its key.")
@click.option("--name", help="Name of the result; suite and part if not given.")
@OUT
@index_options
@MODEL
@click.option("--passages", type=int, help="Passages given to the model.")
@click.option("--strictness", type=float, help="How readily to refuse: 0 seldom, 1 often.")
@as_json
def run(
    suites: tuple[str, ...],
    limit: int | None,
    answers: int | None,
    baseline_answers: int | None,
    part: str | None,
    data: Path,
    path: Path | None,
    judge_url: str | None,
    judge_model: str,
    judge_key: str | None,
    name: str | None,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Measure one or more suites. An interrupted run goes on where it stopped."""
    from dataclasses import replace

    from assistant.commands.progress import ProgressBar
    from eval.claims import run_wice
    from eval.endpoint_judge import EndpointJudge
    from eval.image_search import run_images
    from eval.run import run_questions
    from eval.suites import Source, load_suite

    settings = load_settings(**options)
    out = out or settings.results
    source = Source(data, path, part)
    given = _command_line()
    judge = EndpointJudge(judge_url, judge_model, judge_key) if judge_url else None
    results = []
    for suite in suites:
        with ProgressBar("question") as progress:
            if suite == "wice":
                finished = run_wice(settings, source, limit, out, name, given, progress)
            elif suite == "images":
                finished = run_images(settings, source, limit, out, name, given, progress)
            else:
                loaded = load_suite(suite, source, settings)
                plan = replace(
                    loaded.plan,
                    limit=limit,
                    answers=_count(answers, loaded.plan.answers),
                    baseline_answers=_count(baseline_answers, loaded.plan.baseline_answers),
                )
                finished = run_questions(
                    settings,
                    loaded.questions,
                    plan,
                    out,
                    tuning=loaded.tuning,
                    name=name,
                    judge=judge,
                    command=given,
                    progress=progress,
                )
        results.append(finished)
        if not as_json:
            print_result(finished.result)
            if finished.resumed:
                click.echo(f"{finished.resumed} records were there from an interrupted run.")
            click.echo(f"Written to {finished.path}")
    if as_json:
        click.echo(json.dumps([str(one.path) for one in results]))


@command.command("compare")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Show baselines and unchanged figures too.")
@as_json
def compare(a: Path, b: Path, everything: bool, as_json: bool) -> None:
    """Show what changed from result A to result B, on the questions that both asked.

    Results are named by their files. Yes-or-no figures are tested by McNemar's exact test, the
    others by a paired bootstrap.
    """
    from dataclasses import asdict

    from eval.compare import changes, what_differs
    from eval.result import read_result

    first, second = read_result(a), read_result(b)
    found = list(changes(first, second))
    differs = what_differs(first, second)
    if as_json:
        rows = [asdict(one) | {"verdict": one.verdict} for one in found]
        click.echo(json.dumps({"changes": rows, "differs": differs}, ensure_ascii=False, indent=2))
        return
    for name, before, after in differs:
        click.echo(f"{name}: {before} -> {after}")
    colours = {"better": "green", "worse": "red", "same": None}
    for one in found:
        if not everything and (one.system != "ours" or one.verdict == "same"):
            continue
        change = one.difference
        click.secho(
            f"{one.verdict:<7}{one.system:<10}{one.metric:<30}{change.a:.3f} -> {change.b:.3f}  "
            f"[{change.low:+.3f}, {change.high:+.3f}]  p={change.p:.4f}  n={change.n}",
            fg=colours[one.verdict],
        )
    worse = sum(one.verdict == "worse" and one.system == "ours" for one in found)
    better = sum(one.verdict == "better" and one.system == "ours" for one in found)
    click.echo(f"Of {len(found)} figures compared, ours are better in {better}, worse in {worse}.")


@command.command("gate")
@click.option("--update", is_flag=True, help="Make what is measured now the baseline.")
@OUT
@index_options
@MODEL
def gate(update: bool, out: Path | None, **options: Any) -> None:
    """Measure the test run's small suite and fail where it is worse than the baseline."""
    import tempfile

    from assistant.commands.progress import ProgressBar
    from eval.gate import compare_with_baseline, measure, read_baseline, write_baseline

    settings = load_settings(**options)
    out = out or settings.results
    baseline = None if update else read_baseline(out)
    given = _command_line()
    with tempfile.TemporaryDirectory() as records, ProgressBar("question") as progress:
        result = measure(settings, Path(records), command=given, progress=progress)
    if baseline is None:
        print_result(result)
        click.echo(f"Baseline written to {write_baseline(result, out)}")
        return
    verdict = compare_with_baseline(result, baseline)
    if not verdict.passed:
        click.secho("Worse than the baseline:", fg="red")
        click.echo(verdict.explained())
        raise click.exceptions.Exit(1)
    click.secho("Nothing is significantly worse than the baseline.", fg="green")


@command.command("report")
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("evaluation.html"),
    show_default=True,
    help="The page that is written.",
)
def report(results: tuple[Path, ...], html: Path) -> None:
    """Show one or more RESULTS on one page, with every question and its evidence."""
    from eval.report.page import write_report

    click.echo(f"Written to {write_report(results, html)}")


@command.command("questions")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@index_options
def questions(file: Path, **options: Any) -> None:
    """Make a FILE of questions from the chat's likes and dislikes, for the suite `questions`."""
    from eval.datasets.chat_feedback import questions_from_opinions, read_opinions
    from eval.datasets.own_questions import write_own_questions

    settings = load_settings(**options)
    made = questions_from_opinions(read_opinions(settings.home))
    count = write_own_questions(file, made)
    click.echo(f"{count} questions written to {file}")


def _command_line() -> str:
    """The call, without the key of a judge and without the places of this machine in it."""
    shown = list(sys.argv[1:])
    for place, argument in enumerate(shown):
        if argument == "--judge-key" and place + 1 < len(shown):
            shown[place + 1] = "..."
        elif argument.startswith("--judge-key="):
            shown[place] = "--judge-key=..."
        elif Path(argument).is_absolute():
            shown[place] = Path(argument).name
    return "assistant " + shlex.join(shown)


def _count(given: int | None, default: int | None) -> int | None:
    if given is None:
        return default
    return None if given < 0 else given
