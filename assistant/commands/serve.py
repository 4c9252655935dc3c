"""`assistant serve`: the chat and the HTTP server."""

import logging
from typing import Any

import click

from assistant.commands.options import MODEL, index_options, load_settings


@click.command("serve")
@click.option("--host", help="Address to listen on; 127.0.0.1 by default.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 7860 by default, 0: a free one.")
@index_options
@MODEL
@click.option("--no-chat", is_flag=True, help="Serve HTTP alone, without the chat.")
@click.option("--verbose", is_flag=True, help="Log every request.")
def command(no_chat: bool, verbose: bool, **options: Any) -> None:
    """Start the chat and the HTTP server; Ctrl+C stops them."""
    from assistant.serving.allocator import limit_arenas
    from assistant.serving.limits import is_local
    from assistant.serving.run import listen, serve_until_stopped

    limit_arenas()
    settings = load_settings(**options)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    if verbose:
        logging.getLogger("assistant").setLevel(logging.INFO)
    listener = listen(settings.host, settings.port)
    if not is_local(settings.host) and not (settings.api_key or settings.login):
        click.secho(
            f"Warning: {settings.host} can be reached from other machines, and no key is set. "
            "Anyone there can ask, add and remove documents. Set CV_ASSISTANT_API_KEY.",
            err=True,
            fg="yellow",
        )
    with listener:
        from assistant.assistant import Assistant
        from assistant.commands.progress import ProgressBar
        from assistant.serving.server import create_app

        with ProgressBar("document") as progress:
            assistant = Assistant.open(settings, progress=progress, preload=True)
        with assistant:
            status = assistant.status()
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host

            def started() -> None:
                click.echo(
                    f"{status.documents} documents, {status.passages} passages. "
                    f"{status.language_model} answers."
                )
                click.echo(f"The chat is at http://{shown}:{port}  (API: /docs, stop: Ctrl+C)")

            serve_until_stopped(
                create_app(assistant, settings, chat=not no_chat), listener, started
            )
    click.echo("Stopped.")
