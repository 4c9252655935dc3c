"""The assistant's verbs as tools of the Model Context Protocol, at `/mcp`."""

import asyncio
from base64 import b64decode
from binascii import Error as Base64Error
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

from fastapi import FastAPI
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import Field

from assistant.errors import AssistantError
from assistant.serialisation import to_json_data
from assistant.serving.image_routes import find_images, hits_outside
from assistant.serving.service import Service
from assistant.serving.uploads import document_of_text
from assistant.serving.wire import drop_document_text, event_data

INSTRUCTIONS = (
    "Answers questions from a corpus of documents. Each sentence of an answer carries [n], and "
    "`citations` hold the exact words of the documents behind it. `abstained` means that the "
    "documents hold no answer. `search_images` finds pictures."
)
Text = Annotated[str, Field(min_length=1, max_length=1_000_000)]
Words = Annotated[str, Field(max_length=2000)]


def add_mcp_tools(app: FastAPI, service: Service) -> AbstractAsyncContextManager[None]:
    """Serve the tools at `/mcp`; what is returned must be entered while the server runs."""
    server = MCPServer("cv-assistant", instructions=INSTRUCTIONS, version=app.version)
    for tool in tools_of(service):
        server.add_tool(tool)
    # Host names and origins are checked for all routes before this one is reached.
    routes = server.streamable_http_app(
        streamable_http_path="/mcp",
        json_response=True,
        stateless_http=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    ).routes
    app.router.routes.extend(routes)
    return server.session_manager.run()


def tools_of(service: Service) -> list[Any]:
    """One function for each tool; names, types and docstrings are what clients see."""
    assistant = service.assistant

    async def ask(question: Text) -> dict[str, Any]:
        """Answer a question from the documents, with citations checked against their text."""
        try:
            answer = await service.line.answer(question)
        except AssistantError as error:
            raise ToolError(str(error)) from error
        return event_data(answer, document_text=False)

    async def search(
        query: Text, k: Annotated[int, Field(ge=1, le=50)] = 5
    ) -> list[dict[str, Any]]:
        """Find the passages that best match a query, without the language model."""
        try:
            hits = await asyncio.to_thread(assistant.search, query, k)
        except AssistantError as error:
            raise ToolError(str(error)) from error
        data: list[dict[str, Any]] = to_json_data(hits)
        drop_document_text(data)
        return data

    async def list_documents(
        query: Annotated[str, Field(max_length=200)] = "",
        offset: Annotated[int, Field(ge=0)] = 0,
        limit: Annotated[int, Field(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """List the documents, or those whose id or title holds the words of a query, by pages.

        Each comes with id, title, source, media type, characters, passages and pages; `total`
        counts all that match.
        """
        page = await asyncio.to_thread(assistant.list_documents, query, offset=offset, limit=limit)
        return to_json_data(page)

    async def add_document(name: Text, text: Text) -> dict[str, Any]:
        """Add a Markdown or plain text document; one of the same name is replaced."""
        try:
            async with service.changing:
                document = await asyncio.to_thread(document_of_text, name, text)
                report = await asyncio.to_thread(assistant.add_documents, [document])
        except AssistantError as error:
            raise ToolError(str(error)) from error
        return to_json_data(report)

    async def remove_document(document_id: Text) -> list[str]:
        """Remove a document by its id; the ids of what was removed."""
        async with service.changing:
            return list(await asyncio.to_thread(assistant.remove, [document_id]))

    tools = [ask, search, list_documents, add_document, remove_document]
    return [*tools, image_tool(service)] if service.has_images else tools


def image_tool(service: Service) -> Any:
    """The search of images as a function."""

    async def search_images(
        text: Words = "",
        minus: Words = "",
        example: Annotated[str, Field(max_length=8_000_000)] = "",
        like: Annotated[str, Field(max_length=500)] = "",
        k: Annotated[int, Field(ge=1, le=50)] = 12,
    ) -> list[dict[str, Any]]:
        """Find images by words, by an example (a picture in base64), or by both.

        `minus` says what there should be less of; with `like`, the id of an image that was found,
        others like it are found. The `path` of each is the address of its picture at this server.
        """
        try:
            picture = b64decode(example, validate=True) if example else None
            hits = await asyncio.to_thread(find_images, service, picture, text, minus, like, k)
        except Base64Error as error:
            raise ToolError("The example is not base64.") from error
        except AssistantError as error:
            raise ToolError(str(error)) from error
        return to_json_data(hits_outside(hits))

    return search_images
