"""Routes for the pictures: search by example and by words, and the pictures themselves."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from assistant.errors import ImageRefusedError, QuestionError, UploadError
from assistant.serialisation import to_json_data
from assistant.serving.service import Service
from corpus.types import ImageRecord
from index.types import ImageHit

JPEG = "image/jpeg"
NO_IMAGE = "No image has that id."
FILE_CHANGED = "The image's file is not what it was."
Words = Annotated[str, Form(max_length=2000)]


def image_routes(service: Service) -> APIRouter:
    """`/v1/images` and what is below it."""
    router = APIRouter(prefix="/v1/images", tags=["images"])

    @router.post("/search", response_model=list[ImageHit])
    async def search(
        example: Annotated[UploadFile | None, File(description="A picture to go by.")] = None,
        text: Words = "",
        minus: Words = "",
        like: Annotated[str, Form(max_length=500, description="Id of an image here.")] = "",
        k: Annotated[int, Form(ge=1, le=200)] = 12,
    ) -> Response:
        """Find images by an example, by words, or by both, and less of something.

        With `like` the others are found that are like one that is here.
        """
        picture = await read_example(example, service.settings.upload_bytes)
        hits = await asyncio.to_thread(find_images, service, picture, text, minus, like, k)
        return JSONResponse(to_json_data(hits_outside(hits)))

    @router.get("")
    async def list_images() -> list[ImageRecord]:
        """All images, in the order in which they were added."""
        images = await asyncio.to_thread(images_of(service).images)
        return [record_outside(image) for image in images]

    @router.get("/{image_id:path}/thumbnail", response_class=Response)
    async def thumbnail(image_id: str) -> Response:
        """An image as a JPEG of at most 336 pixels each way."""
        images = images_of(service)
        content = await asyncio.to_thread(images.thumbnail, image_id)
        if content is None:
            known = await asyncio.to_thread(images.image, image_id) is not None
            raise HTTPException(404, FILE_CHANGED if known else NO_IMAGE)
        return Response(content, media_type=JPEG)

    @router.get("/{image_id:path}/picture", response_class=Response)
    async def picture(image_id: str) -> Response:
        """An image as a JPEG of at most 1600 pixels each way."""
        images = images_of(service)
        if await asyncio.to_thread(images.image, image_id) is None:
            raise HTTPException(404, NO_IMAGE)
        try:
            content = await asyncio.to_thread(images.picture, image_id)
        except ImageRefusedError as error:
            # The error names a place on this machine.
            raise HTTPException(404, FILE_CHANGED) from error
        return Response(content, media_type=JPEG)

    return router


def record_outside(image: ImageRecord) -> ImageRecord:
    """An image as callers see it: its path is the address of its picture here.

    Where the file lies on this machine is nobody else's business.
    """
    return replace(image, path=Path("/v1/images", image.id, "picture"))


def hits_outside(hits: Iterable[ImageHit]) -> list[ImageHit]:
    """Found images as callers see them."""
    return [replace(hit, image=record_outside(hit.image)) for hit in hits]


def images_of(service: Service) -> Any:
    """The pictures of the assistant."""
    assistant: Any = service.assistant
    return assistant.images


async def read_example(example: UploadFile | None, limit: int) -> bytes | None:
    """The bytes of an uploaded picture.

    Raises:
        UploadError: there are too many of them.
    """
    if example is None or not example.size:
        return None
    if example.size > limit:
        raise UploadError(f"The picture has more than {limit:,} bytes.", hint="Make it smaller.")
    return await example.read()


def find_images(
    service: Service,
    example: bytes | None,
    text: str,
    minus: str,
    like: str,
    k: int,
    weights: Mapping[str, float] | None = None,
) -> list[ImageHit]:
    """The best images for what was given; `weights` as `ImageIndex.search` takes them.

    Raises:
        QuestionError: nothing was given.
        ImageRefusedError: the example is no picture, or there is no image `like`.
    """
    images = images_of(service)
    if like:
        return images.more_like(like, k)
    if example is None and not text.strip():
        raise QuestionError(
            "There is nothing to search for.", hint="Give an example, words, or both."
        )
    return images.search(example, text.strip() or None, minus.strip() or None, weights, k)
