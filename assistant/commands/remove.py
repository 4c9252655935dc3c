"""`assistant remove`: documents out of the corpus."""

import json
import sys
from typing import Any

import click

from assistant.commands.options import as_json, index_options, load_settings


@click.command("remove")
@click.argument("names", nargs=-1, required=True)
@index_options
@as_json
def command(names: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Remove the documents NAMES: ids, files, or folders with all that is below them."""
    from assistant.assistant import Assistant
    from assistant.errors import DocumentError

    with Assistant.open(load_settings(**options)) as assistant:
        removed = assistant.remove(names)
    if as_json:
        click.echo(json.dumps({"removed": list(removed)}, ensure_ascii=False, indent=2))
    else:
        for document_id in removed:
            click.echo(f"removed    {document_id}")
    if not removed:
        if not as_json:
            click.echo("No document has that name; `assistant status` lists them.", err=True)
        sys.exit(DocumentError.exit_code)
