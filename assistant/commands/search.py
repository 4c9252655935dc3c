"""`assistant search`: passages, without the language model."""

import json
from typing import Any

import click

from assistant.commands.options import as_json, index_options, load_settings


@click.command("search")
@click.argument("query")
@click.option("-k", "k", type=click.IntRange(1, 1000), default=5, help="How many passages.")
@click.option("--distinct", is_flag=True, help="Leave out passages that repeat a better one.")
@index_options
@as_json
def command(query: str, k: int, distinct: bool, as_json: bool, **options: Any) -> None:
    """Find the K passages that best match QUERY."""
    from assistant.assistant import Assistant
    from assistant.commands.progress import ProgressBar
    from assistant.serialisation import to_json_data

    settings = load_settings(**options)
    with (
        ProgressBar("document") as progress,
        Assistant.open(settings, progress=progress) as assistant,
    ):
        hits = assistant.search(query, k=k, distinct=distinct)
    if as_json:
        click.echo(json.dumps(to_json_data(hits), ensure_ascii=False, indent=2))
        return
    for place, hit in enumerate(hits, start=1):
        found_by = ", ".join(f"{name} #{rank}" for name, rank in hit.ranks.items())
        click.echo(f"{place}. {hit.document.title}  ({hit.score:.3f}; {found_by})")
        click.echo(f"   {hit.passage.document_id} [{hit.passage.start}:{hit.passage.end}]")
        click.echo(f"   {' '.join(hit.passage.text.split())}")
