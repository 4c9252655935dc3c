"""The app: its tabs, its looks, and how it is mounted in the server."""

from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING

import gradio as gr

from assistant.serving.limits import same
from assistant.ui.chat_tab import ChatTab
from assistant.ui.endpoints import add_endpoints
from assistant.ui.images import ImagesTab
from assistant.ui.library import LibraryTab
from assistant.ui.quality import QualityTab
from assistant.ui.status import TITLE, header_html
from assistant.ui.theme import theme

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.serving.service import Service

# Uploaded files that nobody took are deleted after this many seconds.
KEPT_SECONDS = 3600


def build(service: "Service") -> gr.Blocks:
    """The Blocks with all tabs."""
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, delete_cache=(KEPT_SECONDS, KEPT_SECONDS)
    ) as blocks:
        header = gr.HTML(header_html(service), padding=False, elem_id="header")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Chat", id="chat"):
                ChatTab(service)
            if service.has_images:
                with gr.Tab("Images", id="images"):
                    ImagesTab(service)
            with gr.Tab("Library", id="library"):
                LibraryTab(service, blocks, header)
            with gr.Tab("Quality", id="quality-tab"):
                QualityTab(service, blocks)
        add_endpoints(service)
    # Questions wait in the server's own line; Gradio's queue only carries the events.
    blocks.queue(default_concurrency_limit=4, max_size=service.settings.queue_length * 8)
    return blocks


def mount(app: "FastAPI", service: "Service") -> None:
    """Mount the app at `/` of the server."""
    settings = service.settings
    assets = files("assistant.ui") / "assets"
    blocks = build(service)
    # Of an app that is mounted and not launched Gradio would take any file of this machine as
    # an upload, given its path.
    blocks.has_launched = True
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        footer_links=[],
        run_history=False,
        auth=login_check(service),
        allowed_paths=[],
        blocked_paths=[str(settings.home)],
        show_error=False,
        max_file_size=settings.upload_bytes,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css=(assets / "app.css").read_text(),
        head=f"<style>{(assets / 'page.css').read_text()}</style>"
        f"<script>{(assets / 'app.js').read_text()}</script>",
    )


def login_check(service: "Service") -> Callable[[str, str], bool] | None:
    """The check of name and password, or None where anybody may come in.

    The login of the settings; with an API key alone, any name with the key as the password.
    """
    settings = service.settings
    if settings.login is not None:
        expected = settings.login.get_secret_value()
        return lambda name, password: same(f"{name}:{password}", expected)
    if settings.api_key is not None:
        key = settings.api_key.get_secret_value()
        return lambda _, password: same(password, key)
    return None
