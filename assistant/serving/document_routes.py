"""Routes for the documents: list, read, add by upload, remove."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, UploadFile
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from assistant.assistant import Status
from assistant.errors import UploadError
from assistant.library import LibraryReport, RefusedFile
from assistant.serialisation import to_json_data
from assistant.serving.limits import is_local
from assistant.serving.schemas import Removed
from assistant.serving.service import Service
from assistant.serving.uploads import add_uploads, safe_suffix, upload_folder
from corpus.types import Document
from index.types import DocumentList

COPY_BYTES = 1 << 20


def document_routes(service: Service) -> APIRouter:
    """`/v1/documents` and `/v1/status`."""
    router = APIRouter(prefix="/v1", tags=["documents"])
    assistant = service.assistant

    @router.get("/status")
    async def status() -> Status:
        """What is indexed and which models are in use; `home` is told on the machine itself."""
        status = await asyncio.to_thread(assistant.status)
        return status if is_local(service.settings.host) else replace(status, home="")

    @router.get("/documents")
    async def list_documents(
        query: Annotated[str, Query(max_length=200, description="Words of id or title.")] = "",
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> DocumentList:
        """The documents in the order in which they were added, without their texts."""
        return await asyncio.to_thread(assistant.list_documents, query, offset=offset, limit=limit)

    @router.post("/documents", response_model=LibraryReport)
    async def add_documents(files: list[UploadFile]) -> Response:
        """Add files, or replace documents of the same name; each file has its result."""
        return JSONResponse(await add_files(service, files))

    @router.get("/documents/{document_id:path}")
    async def read_document(document_id: str) -> Document:
        """One document with its text."""
        document = await asyncio.to_thread(assistant.document, document_id)
        if document is None:
            raise HTTPException(404, "No document has that id.")
        return document

    @router.delete("/documents/{document_id:path}")
    async def remove_document(document_id: str) -> Removed:
        """Remove a document by its id, or all documents below a folder."""
        async with service.changing:
            removed = await asyncio.to_thread(assistant.remove, [document_id])
        if not removed:
            raise HTTPException(404, "No document has that id.")
        return Removed(list(removed))

    return router


async def add_files(service: Service, files: Sequence[UploadFile]) -> Any:
    """Add uploaded files; the report as JSON data. Files above the limit are refused one by one.

    Raises:
        UploadError: there are more files than the settings allow.
    """
    settings = service.settings
    if len(files) > settings.upload_files:
        raise UploadError(
            f"{len(files)} files were sent; {settings.upload_files} are accepted at once.",
            hint="Send fewer, or raise the setting upload_files.",
        )
    with upload_folder() as folder:
        arrived: list[tuple[str, Path]] = []
        refused = []
        for number, file in enumerate(files):
            name = file.filename or ""
            if (file.size or 0) > settings.upload_bytes:
                refused.append(too_large(name, settings.upload_megabytes))
                continue
            path = Path(folder, f"{number}{safe_suffix(name)}")
            with path.open("wb") as target:
                while block := await file.read(COPY_BYTES):
                    await asyncio.to_thread(target.write, block)
            arrived.append((name, path))
        async with service.changing:
            report = await asyncio.to_thread(add_uploads, service.assistant, arrived)
    return to_json_data(replace(report, refused=(*report.refused, *refused)))


def too_large(name: str, megabytes: float) -> RefusedFile:
    """The result of a file with more bytes than the settings allow."""
    return RefusedFile(
        name,
        f"The file has more than {megabytes:g} MB.",
        "Split it, or raise the setting upload_megabytes.",
    )
