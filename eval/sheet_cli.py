"""`assistant eval sheet` and `sheet-score`: answers on paper, judged by a person."""

import json
from pathlib import Path

import click

from assistant.commands.options import as_json


@click.command("sheet")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The CSV file that is written; <name of the run>-sheet.csv if not given.",
)
@click.option("--questions", type=click.IntRange(1), default=50, show_default=True)
def sheet(run: Path, out: Path | None, questions: int) -> None:
    """Write answers of a RUN with their citations for a person to judge.

    The sample is the same each time. Fill `supported` (yes, partly, no) in the first row of each
    sentence and `relevant` (yes, no) in each row with a citation; then `sheet-score` counts.
    """
    from eval.reading_sheet import write_sheet
    from eval.record_log import read_records
    from eval.result import read_result

    result = read_result(run)
    out = out or Path(f"{result['name']}-sheet.csv")
    file = run.parent / result.get("records", "")
    count = write_sheet(read_records(file) if file.is_file() else [], out, questions)
    click.echo(f"{count} answers written to {out}")


@click.command("sheet-score")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="The run that the sheet is of: shows beside it what our checker said of these answers.",
)
@as_json
def sheet_score(file: Path, run: Path | None, as_json: bool) -> None:
    """Citation precision and recall of a filled sheet, with intervals."""
    from dataclasses import asdict

    from eval.metrics.intervals import mean_interval
    from eval.reading_sheet import read_sheet
    from eval.result import interval_data, read_result

    scores = read_sheet(file)
    answers = read_result(run)["scores"].get("answers", {}).get("ours", {}) if run else {}
    checked = {}
    for metric, by_id in scores.by_answer.items():
        values = [answers[metric][one] for one in by_id if one in answers.get(metric, {})]
        if values:
            checked[metric] = mean_interval(values)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "by_reader": {name: asdict(one) for name, one in scores.metrics.items()},
                    "by_our_checker": {name: asdict(one) for name, one in checked.items()},
                    "unjudged": scores.unjudged,
                },
                indent=2,
            )
        )
        return
    from eval.printed import shown

    for metric, interval in scores.metrics.items():
        click.echo(f"{metric:<40} {shown(interval_data(interval))}")
        if metric in checked:
            click.echo(f"{'  by our checker':<40} {shown(interval_data(checked[metric]))}")
    if scores.unjudged:
        click.echo(f"{scores.unjudged} answers without all their verdicts were left out.")
