"""`assistant add`: documents into the corpus."""

import json
import sys
from typing import Any

import click

from assistant.commands.options import as_json, index_options, load_settings


@click.command("add")
@click.argument("paths", nargs=-1, required=True)
@index_options
@as_json
def command(paths: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Add the files at PATHS, folders with all that they hold; changed ones are replaced."""
    from assistant.assistant import Assistant
    from assistant.commands.progress import ProgressBar
    from assistant.errors import DocumentError
    from assistant.serialisation import to_json_data

    settings = load_settings(**options)
    with (
        ProgressBar("document") as progress,
        Assistant.open(settings, progress=progress) as assistant,
    ):
        report = assistant.add(paths, progress=progress)
    if as_json:
        click.echo(json.dumps(to_json_data(report), ensure_ascii=False, indent=2))
    else:
        for outcome in ("added", "replaced", "unchanged"):
            for document_id in getattr(report, outcome):
                click.echo(f"{outcome:<10} {document_id}")
        for file in report.refused:
            click.echo(f"{'refused':<10} {file.path}: {file.reason} {file.hint}".rstrip())
    if report.refused:
        sys.exit(DocumentError.exit_code)
