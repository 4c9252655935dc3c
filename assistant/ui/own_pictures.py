"""Your pictures: adding pictures in the browser, and removing those that were added there."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.serving.image_routes import images_of
from assistant.serving.own_pictures import (
    PictureResult,
    add_pictures,
    own_pictures,
    remove_pictures,
)
from assistant.ui.library import (
    confirming,
    counted,
    problem,
    removable,
    removal,
    results,
    upload_box,
)

if TYPE_CHECKING:
    from assistant.serving.service import Service
    from corpus.types import ImageRecord

# What is said after a file's name, with the detail of its result.
WORDS = {
    "added": "",
    "renamed": ": added under this name, as {} is another picture",
    "unchanged": ": it is already here",
    "same": ": the same picture as {}",
    "skipped": ": {}",
    "removed": "",
}
# Adding and removing wait for each other.
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "own-pictures"}


class OwnPictures:
    """An accordion with upload and list. Building one puts it into the Blocks being built."""

    def __init__(self, service: "Service") -> None:
        from index.image_files import SUFFIXES

        self._service = service
        with gr.Accordion("Your pictures", open=False) as self._box:
            self._files = upload_box(
                "Add pictures",
                "picture-upload",
                service.settings,
                SUFFIXES,
                "They are kept until you remove them. A file whose name is taken gets a number.",
            )
            self._results = gr.HTML(elem_id="picture-results", padding=False)
            self._count = gr.HTML(padding=False)
            self._pictures = gr.CheckboxGroup(
                label="Pictures added here", elem_id="own-pictures", choices=[], value=[]
            )
            self._remove, self._confirm, self._really, self._keep = removal("pictures")
        self._connect()

    def _connect(self) -> None:
        private: dict[str, Any] = {"api_visibility": "private"}
        listing = [self._pictures, self._count, self._remove, self._confirm]
        # Only when somebody looks: on a fresh start it waits until the gallery is drawn.
        self._box.expand(self._show, None, listing, **private)
        self._files.upload(
            self._add, self._files, [self._results, self._files], **ONE_AT_A_TIME, **private
        ).then(self._show, None, listing, **private)
        self._pictures.change(
            removable, self._pictures, [self._remove, self._confirm], queue=False, **private
        )
        self._remove.click(confirming, None, self._confirm, queue=False, **private)
        self._keep.click(lambda: gr.Row(visible=False), None, self._confirm, **private)
        self._really.click(
            self._remove_chosen, self._pictures, self._results, **ONE_AT_A_TIME, **private
        ).then(self._show, None, listing, **private)

    def _show(self) -> tuple[Any, ...]:
        try:
            pictures = own_pictures(images_of(self._service), self._service.settings)
            count = f'<p class="hint" role="status">{counted(len(pictures), "picture")}</p>'
        except AssistantError as error:
            pictures, count = [], problem(str(error))
        return (
            gr.CheckboxGroup(choices=[(label_of(one), one.id) for one in pictures], value=[]),
            count,
            gr.Button(interactive=False),
            gr.Row(visible=False),
        )

    def _add(
        self,
        paths: list[str] | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, None]:
        files = [(Path(path).name, Path(path)) for path in paths or ()]

        def show(done: int, total: int, what: str) -> None:
            progress((done, total), desc=what)

        try:
            images = images_of(self._service)
            return results_html(add_pictures(images, self._service.settings, files, show)), None
        except AssistantError as error:
            return problem(str(error)), None

    def _remove_chosen(self, chosen: list[str]) -> str:
        try:
            images = images_of(self._service)
            return results_html(remove_pictures(images, self._service.settings, chosen))
        except AssistantError as error:
            return problem(str(error))


def label_of(picture: "ImageRecord") -> str:
    """What the list says of a picture."""
    width, height = (picture.metadata.get(side) for side in ("width", "height"))
    size = f" ({width} x {height} pixels)" if width and height else ""
    return f"{picture.path.name}{size}"


def results_html(became: Iterable[PictureResult]) -> str:
    """What became of each file."""
    return results(
        f"<strong>{one.outcome}</strong> "
        f"{escape(one.name)}{escape(WORDS[one.outcome].format(one.detail))}"
        for one in became
    )
