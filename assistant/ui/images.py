"""The images tab: search by example and by words, more like one, and the map of all."""

import io
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.serving.image_routes import find_images, images_of
from assistant.ui.own_pictures import OwnPictures

if TYPE_CHECKING:
    from assistant.serving.service import Service
    from index.image_types import ImageMap
    from index.types import ImageHit

SHOWN = 12
MOST = 48
MOST_WEIGHT = 4
MAP_SIZE = 420
MAP_MARGIN = 24
HINT = (
    '<p class="hint">Give a picture, words, or both. Choosing a result finds more like it. Near, '
    "related and far say what a similarity means beside all the images here.</p>"
)


class ImagesTab:
    """Search and its gallery. Building one puts it into the Blocks being built."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        with gr.Row():
            with gr.Column(scale=1, min_width=280):
                self._example = gr.Image(
                    label="Example picture",
                    type="filepath",
                    # Otherwise Gradio decodes whatever comes, before anything has looked at it.
                    image_mode=None,
                    sources=["upload"],
                    height=220,
                    elem_id="example",
                )
                self._text = gr.Textbox(label="In words", placeholder="a red flower")
                self._minus = gr.Textbox(label="Less of", placeholder="sky")
                self._weight = gr.Slider(
                    0,
                    MOST_WEIGHT,
                    1,
                    step=0.25,
                    label="How much the words count beside the picture",
                )
                self._count = gr.Slider(4, MOST, SHOWN, step=4, label="How many")
                self._find = gr.Button("Find images", variant="primary")
                with gr.Accordion("Map of all images", open=False):
                    self._map_button = gr.Button("Draw the map")
                    self._map = gr.HTML(elem_id="image-map", padding=False)
                OwnPictures(service)
            with gr.Column(scale=3, min_width=280):
                self._said = gr.HTML(HINT, elem_id="image-status", padding=False)
                self._gallery = gr.Gallery(
                    label="Images",
                    columns=4,
                    object_fit="contain",
                    height="auto",
                    preview=False,
                    format="jpeg",
                    elem_id="gallery",
                    buttons=[],
                )
        self._found = gr.State([])
        self._connect()

    def _connect(self) -> None:
        private: dict[str, Any] = {"api_visibility": "private"}
        inputs = [self._example, self._text, self._minus, self._weight, self._count]
        outputs = [self._gallery, self._found, self._said]
        gr.on(
            [self._find.click, self._text.submit, self._minus.submit, self._example.upload],
            self._search,
            inputs,
            outputs,
            **private,
        )
        self._gallery.select(self._more_like, [self._found, self._count], outputs, **private)
        self._map_button.click(self._draw, [self._example, self._text], self._map, **private)

    def _search(
        self, example: str | None, text: str, minus: str, weight: float, count: int
    ) -> tuple[Any, list[str], str]:
        # Alone, words count as they are.
        weights = {"text": weight} if example else None
        try:
            picture = Path(example).read_bytes() if example else None
            hits = find_images(self._service, picture, text, minus, "", int(count), weights)
        except AssistantError as error:
            return [], [], problem(error)
        return self._shown(hits, "")

    def _more_like(
        self, found: list[str], count: int, choice: gr.SelectData
    ) -> tuple[Any, list[str], str]:
        place = choice.index if isinstance(choice.index, int) else choice.index[0]
        try:
            hits = find_images(self._service, None, "", "", found[place], int(count))
            record = images_of(self._service).image(found[place])
        except AssistantError as error:
            return gr.skip(), found, problem(error)
        return self._shown(hits, f"More like {record.title}" if record else "")

    def _shown(self, hits: "list[ImageHit]", what: str) -> tuple[Any, list[str], str]:
        count = f"{len(hits)} images" if len(hits) != 1 else "1 image"
        words = f"{what}: {count}" if what else f"{count} found"
        return (
            [self._entry(hit) for hit in hits],
            [hit.image.id for hit in hits],
            f'<p class="hint" role="status">{escape(words)}, best first</p>',
        )

    def _entry(self, hit: "ImageHit") -> tuple[Any, str]:
        from PIL import Image

        thumbnail = images_of(self._service).thumbnail(hit.image.id)
        picture = Image.open(io.BytesIO(thumbnail)) if thumbnail else Image.new("RGB", (8, 8))
        credit = f" ({hit.image.credit})" if hit.image.credit else ""
        return picture, f"{hit.image.title}{credit} · {hit.reading} ({hit.score:.2f})"

    def _draw(self, example: str | None, text: str) -> str:
        try:
            picture = Path(example).read_bytes() if example else None
            return map_html(images_of(self._service).map2d(picture, text.strip() or None))
        except AssistantError as error:
            return problem(error)


def problem(error: AssistantError) -> str:
    """Something that went wrong."""
    return f'<p class="problem" role="alert">{escape(str(error))}</p>'


def map_html(image_map: "ImageMap") -> str:
    """The images as points whose titles show on pointing, and the query as a cross."""
    points = "".join(
        f'<circle cx="{across(point.x):.1f}" cy="{down(point.y):.1f}" r="4">'
        f"<title>{escape(point.image.title)}</title></circle>"
        for point in image_map.points
    )
    query = ""
    if image_map.query is not None:
        x, y = across(image_map.query[0]), down(image_map.query[1])
        query = f'<path class="query" d="M{x - 7:.1f} {y:.1f}h14M{x:.1f} {y - 7:.1f}v14"/>'
    count = len(image_map.points)
    return (
        f'<svg class="map" viewBox="0 0 {MAP_SIZE} {MAP_SIZE}" role="img" aria-label="{count} '
        f'images on a plane; near ones look alike">{points}{query}</svg>'
        f'<p class="hint">{count} images; near ones look alike. The two directions hold '
        f"{image_map.explained:.0%} of what tells them apart. A cross is what you look for.</p>"
    )


def across(x: float) -> float:
    """Where a place from -1 to 1 is drawn from left to right."""
    return MAP_MARGIN + (min(max(x, -1.0), 1.0) + 1) / 2 * (MAP_SIZE - 2 * MAP_MARGIN)


def down(y: float) -> float:
    """Where a place from -1 to 1 is drawn from top to bottom."""
    return MAP_SIZE - across(y)
