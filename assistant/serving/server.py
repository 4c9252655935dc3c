"""The server: the assistant's routes and the chat in one FastAPI application."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from assistant.serialisation import to_json_data
from assistant.serving.addresses import NoAddresses
from assistant.serving.answer_routes import answer_routes
from assistant.serving.api_page import add_api_page
from assistant.serving.document_routes import document_routes
from assistant.serving.image_opening import ImageOpening
from assistant.serving.image_routes import image_routes
from assistant.serving.limits import LOCAL_HOSTS, BodyLimit, KeyLimit, SourceLimit, is_local
from assistant.serving.mcp_tools import add_mcp_tools
from assistant.serving.metrics import MEDIA_TYPE as METRICS_MEDIA_TYPE
from assistant.serving.openai_routes import openai_routes
from assistant.serving.problems import PROBLEMS, add_problem_handlers
from assistant.serving.request_context import RequestContext
from assistant.serving.schemas import Health, Readiness
from assistant.serving.service import Service

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.settings import Settings

logger = logging.getLogger("assistant.serving")

JSON_BYTES = 8 * 1024 * 1024
MULTIPART_OVERHEAD_BYTES = 64 * 1024

DESCRIPTION = """Answers from a corpus, with citations checked against the text.

Errors are problem details (RFC 9457). Their `code` stays the same; `/problems/CODE` describes it.
"""


def create_app(assistant: "Assistant", settings: "Settings", *, chat: bool = True) -> FastAPI:
    """The application that serves `assistant`: HTTP routes, and the chat at `/`.

    The caller opens the assistant before and closes it after; the language model is loaded and the
    images are opened in the background as soon as the application starts. `chat=False` leaves the
    chat out.
    """
    service = Service.of(assistant, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(service.load_model())
        images = ImageOpening(assistant) if service.has_images else None
        if images is not None:
            images.start()
        async with tools:
            yield
        loading.cancel()
        if images is not None:
            await asyncio.to_thread(images.stop)
        await asyncio.to_thread(service.line.close)

    app = FastAPI(
        title="CV Assistant",
        version=version("cv-assistant"),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    add_problem_handlers(app, lambda: service.line.retry_seconds)
    app.include_router(answer_routes(service))
    app.include_router(document_routes(service))
    app.include_router(openai_routes(service))
    if service.has_images:
        app.include_router(image_routes(service))
    add_watching_routes(app, service)
    add_api_page(app)
    add_middleware(app, service)
    tools = add_mcp_tools(app, service)
    add_unknown_routes(app)
    if chat:
        mount_chat(app, service)
    return app


def add_middleware(app: FastAPI, service: Service) -> None:
    """Wrap the application; what is added last is outermost."""
    settings = service.settings
    key = settings.api_key.get_secret_value() if settings.api_key else None
    login = settings.login.get_secret_value() if settings.login else None
    app.add_middleware(NoAddresses)
    if key or login:
        app.add_middleware(KeyLimit, key=key, login=login)
    app.add_middleware(
        BodyLimit,
        limit=JSON_BYTES,
        upload_limit=settings.upload_bytes * settings.upload_files + MULTIPART_OVERHEAD_BYTES,
    )
    # Present even with no origins, so that the chat adds no rules of its own.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
    )
    hosts = list(settings.allowed_hosts)
    if is_local(settings.host):
        hosts += [*LOCAL_HOSTS, settings.host]
    app.add_middleware(SourceLimit, hosts=hosts, origins=settings.allowed_origins)
    app.add_middleware(RequestContext, metrics=service.metrics)


def add_watching_routes(app: FastAPI, service: Service) -> None:
    """Routes for whoever watches over the server."""

    @app.get("/healthz", tags=["watching"])
    async def health() -> Health:
        """The process is alive."""
        return Health()

    @app.get(
        "/readyz",
        response_model=Readiness,
        responses={503: {"model": Readiness}},
        tags=["watching"],
    )
    async def readiness() -> JSONResponse:
        """Whether questions can be answered: 200 when they can, 503 when they cannot yet."""
        state = Readiness(
            ready=service.model_loaded,
            index=True,
            language_model=service.model_loaded,
            problem=service.model_problem,
        )
        return JSONResponse(to_json_data(state), 200 if state.ready else 503)

    @app.get("/metrics", tags=["watching"], response_class=Response)
    async def metrics() -> Response:
        """Measures in Prometheus' text format."""
        return Response(service.metrics.text(), media_type=METRICS_MEDIA_TYPE)

    @app.get("/problems/{code}", tags=["watching"])
    async def problem(code: str) -> dict[str, Any]:
        """What a problem's code means."""
        if code not in PROBLEMS:
            raise HTTPException(404, "No problem has that code.")
        return {"code": code, "status": PROBLEMS[code].status, "title": PROBLEMS[code].title}


def add_unknown_routes(app: FastAPI) -> None:
    """Answer what is below `/v1` and unknown as a problem, before the chat at `/` gets it."""

    @app.api_route(
        "/v1/{path:path}",
        methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
        include_in_schema=False,
    )
    async def unknown(request: Request) -> None:
        for route in app.router.routes:
            if route.matches(request.scope)[0] is Match.PARTIAL:
                raise HTTPException(405, "The route does not know this method.")
        raise HTTPException(404, "There is no such route; /docs lists all.")


def mount_chat(app: FastAPI, service: Service) -> None:
    """Mount the chat at `/`."""
    # Read when Gradio and the hub's client are imported: nothing is reported to anyone.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from assistant.ui.app import mount

    mount(app, service)
