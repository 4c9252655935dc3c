"""`assistant status`: what is indexed and which models are in use."""

import json
from typing import Any

import click

from assistant.commands.options import MODEL, as_json, index_options, load_settings


@click.command("status")
@index_options
@MODEL
@click.option("--settings", "show_settings", is_flag=True, help="List every setting as well.")
@click.option("--documents", "show_documents", is_flag=True, help="List every document as well.")
@as_json
def command(as_json: bool, show_settings: bool, show_documents: bool, **options: Any) -> None:
    """Show what is indexed, which models are in use, and all settings."""
    from assistant.assistant import Assistant
    from assistant.commands.progress import ProgressBar
    from assistant.serialisation import to_json_data

    settings = load_settings(**options)
    with (
        ProgressBar("document") as progress,
        Assistant.open(settings, progress=progress) as assistant,
    ):
        status = assistant.status()
        listed = assistant.list_documents(limit=status.documents) if show_documents else None
    rows = to_json_data(status)
    if show_settings:
        rows["settings"] = json.loads(settings.model_dump_json())
    if listed is not None:
        rows["document_list"] = to_json_data(listed.documents)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for name, value in rows.items():
        if name == "settings":
            click.echo("\nSettings (argument, environment CV_ASSISTANT_NAME, settings.toml)")
            for setting, field in type(settings).model_fields.items():
                click.echo(f"  {setting} = {value[setting]}\n      {field.description}")
        elif name == "document_list":
            click.echo("\nDocuments")
            for document in value:
                click.echo(f"  {document['id']} · {document['title']}")
        else:
            click.echo(f"{name.replace('_', ' '):<20} {value}")
