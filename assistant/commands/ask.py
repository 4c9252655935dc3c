"""`assistant ask`: one grounded answer."""

import json
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import MODEL, as_json, index_options, load_settings

if TYPE_CHECKING:
    from assistant.answering.types import Answer


@click.command("ask")
@click.argument("question")
@index_options
@MODEL
@click.option("--passages", type=int, help="Passages given to the model.")
@click.option("--strictness", type=float, help="How readily to refuse: 0 seldom, 1 often.")
@click.option(
    "--unsupported",
    type=click.Choice(["withhold", "mark"]),
    help="What happens to a sentence that the corpus does not support.",
)
@click.option("--timings", is_flag=True, help="Print the seconds spent in each stage.")
@as_json
def command(question: str, as_json: bool, timings: bool, **options: Any) -> None:
    """Answer QUESTION from the corpus, each sentence with its source."""
    from assistant.answering.types import Done, Retrieved, Sentence
    from assistant.assistant import Assistant
    from assistant.commands.progress import ProgressBar
    from assistant.serialisation import to_json_data

    settings = load_settings(**options)
    with ProgressBar("document") as progress:
        assistant = Assistant.open(settings, progress=progress, preload=True)
    with assistant:
        shown = False
        for event in assistant.stream(question):
            if isinstance(event, Done):
                answer = event.answer
            elif as_json:
                continue
            elif isinstance(event, Retrieved):
                click.echo(f"Reading {len(event.hits)} passages …", err=True)
            elif isinstance(event, Sentence) and event.text:
                click.echo((" " if shown else "") + event.text, nl=False)
                shown = True
        if as_json:
            click.echo(json.dumps(to_json_data(answer), ensure_ascii=False, indent=2))
            return
        click.echo("" if shown else answer.text)
        print_sources(answer)
        if timings:
            for stage, seconds in answer.timings.items():
                click.echo(f"{stage:>14} {seconds:7.3f} s", err=True)


def print_sources(answer: "Answer") -> None:
    """List the quoted words behind each `[n]` of the answer."""
    titles = {hit.document.id: hit.document.title for hit in answer.hits}
    if answer.citations:
        click.echo("\nSources")
    for citation in answer.citations:
        title = titles.get(citation.document_id, citation.document_id)
        quote = " ".join(citation.quote.split())
        click.echo(f"  [{citation.number}] {citation.document_id} · {title}")
        click.echo(f"      “{quote}”")
    click.echo(f"\nAnswered by {answer.model}.", err=True)
