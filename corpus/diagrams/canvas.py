"""A small drawing surface for diagrams: boxes, arrows, grids, stacks and a toy street scene.

Coordinates are in units of a 960 x 600 page. Everything is drawn twice as large and scaled down,
which smooths edges; the typeface is the one that Pillow carries (Aileron, CC0).
"""

import itertools
import math
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

Colour = str
Point = tuple[float, float]

WIDTH, HEIGHT = 960, 600
_SCALE = 2

INK, MUTED, PAPER = "#1d2939", "#667085", "#ffffff"
BLUE, ORANGE, GREEN, RED = "#2f6fde", "#ef7d22", "#1f9d6b", "#d6404a"
PURPLE, YELLOW, TEAL, GREY = "#7a56d6", "#f2b824", "#1795a8", "#98a2b3"
PALE_BLUE, PALE_ORANGE, PALE_GREEN = "#dce8fd", "#fde7d3", "#d5f1e5"
PALE_RED, PALE_PURPLE, PALE_YELLOW = "#fbdcde", "#e6defa", "#fdf1cc"
PALE_GREY, PALE_TEAL, SKY, GRASS = "#eef1f5", "#d2eef2", "#bfe0f7", "#8ccf7e"

Anchor = Literal["lm", "mm", "rm", "la", "ma"]


class Canvas:
    """One diagram in the making. Methods draw and return nothing unless they say so."""

    def __init__(self, title: str) -> None:
        self._image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self.text(40, 44, title, 32, anchor="lm", bold=True)
        self.line([(40, 74), (WIDTH - 40, 74)], "#d0d5dd", 2)

    def finish(self) -> Image.Image:
        """The finished picture, 960 x 600, RGB."""
        return self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 19,
        ink: Colour = INK,
        anchor: Anchor = "mm",
        bold: bool = False,
    ) -> None:
        """Words at a point; several lines are centred on it or hang from it."""
        lines = words.split("\n")
        step = size * 1.25
        top = y - step * (len(lines) - 1) / 2 if anchor[1] == "m" else y
        for number, line in enumerate(lines):
            self._draw.text(
                (x * _SCALE, (top + number * step) * _SCALE),
                line,
                fill=ink,
                font=_font(size),
                anchor=anchor,
                stroke_width=round(size * 0.035 * _SCALE) if bold else 0,
                stroke_fill=ink,
            )

    def note(self, words: str) -> None:
        """The sentence under the drawing that says what it shows."""
        self.text(WIDTH / 2, HEIGHT - 36, words, 20, MUTED)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        words: str = "",
        fill: Colour = PALE_BLUE,
        edge: Colour | None = BLUE,
        size: float = 19,
        ink: Colour = INK,
        radius: float = 10,
    ) -> None:
        """A rounded box with its upper left corner at (x, y)."""
        self._draw.rounded_rectangle(
            [x * _SCALE, y * _SCALE, (x + width) * _SCALE, (y + height) * _SCALE],
            radius * _SCALE,
            fill=fill,
            outline=edge,
            width=2 * _SCALE,
        )
        if words:
            self.text(x + width / 2, y + height / 2, words, size, ink)

    def frame(
        self, x: float, y: float, width: float, height: float, ink: Colour, thick: float = 4
    ) -> None:
        """An empty rectangle, as detectors draw them."""
        self._draw.rectangle(
            [x * _SCALE, y * _SCALE, (x + width) * _SCALE, (y + height) * _SCALE],
            outline=ink,
            width=round(thick * _SCALE),
        )

    def line(
        self, points: Sequence[Point], ink: Colour = INK, thick: float = 3, dashed: bool = False
    ) -> None:
        """A line through points."""
        if dashed:
            for start, end in itertools.pairwise(points):
                self._dashes(start, end, ink, thick)
            return
        self._draw.line(
            [(x * _SCALE, y * _SCALE) for x, y in points],
            fill=ink,
            width=round(thick * _SCALE),
            joint="curve",
        )

    def arrow(
        self,
        start: Point,
        end: Point,
        ink: Colour = INK,
        thick: float = 3,
        dashed: bool = False,
    ) -> None:
        """An arrow from one point to another."""
        angle = math.atan2(end[1] - start[1], end[0] - start[0])
        reach = 7 + 2.4 * thick
        neck = (end[0] - reach * 0.8 * math.cos(angle), end[1] - reach * 0.8 * math.sin(angle))
        self.line([start, neck], ink, thick, dashed)
        corners = [end]
        for side in (2.66, -2.66):
            turned = angle + side
            corners.append((end[0] + reach * math.cos(turned), end[1] + reach * math.sin(turned)))
        self.polygon(corners, ink)

    def polygon(self, points: Sequence[Point], fill: Colour, edge: Colour | None = None) -> None:
        """A filled shape."""
        self._draw.polygon(
            [(x * _SCALE, y * _SCALE) for x, y in points],
            fill=fill,
            outline=edge,
            width=2 * _SCALE if edge else 0,
        )

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        fill: Colour,
        words: str = "",
        edge: Colour | None = None,
        size: float = 18,
        ink: Colour = INK,
    ) -> None:
        """A disc around (x, y)."""
        self._draw.ellipse(
            [
                (x - radius) * _SCALE,
                (y - radius) * _SCALE,
                (x + radius) * _SCALE,
                (y + radius) * _SCALE,
            ],
            fill=fill,
            outline=edge,
            width=2 * _SCALE if edge else 0,
        )
        if words:
            self.text(x, y, words, size, ink)

    def grid(
        self,
        x: float,
        y: float,
        cells: Sequence[Sequence[str | int | float]],
        cell: float = 44,
        fill: Callable[[int, int], Colour] = lambda row, column: PAPER,
        size: float = 19,
        edge: Colour = GREY,
    ) -> None:
        """A table of square cells; `fill(row, column)` colours them."""
        for row, values in enumerate(cells):
            for column, value in enumerate(values):
                left, top = x + column * cell, y + row * cell
                self._draw.rectangle(
                    [left * _SCALE, top * _SCALE, (left + cell) * _SCALE, (top + cell) * _SCALE],
                    fill=fill(row, column),
                    outline=edge,
                    width=_SCALE,
                )
                if value != "":
                    self.text(left + cell / 2, top + cell / 2, str(value), size)

    def stack(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        layers: int,
        fill: Colour = PALE_BLUE,
        edge: Colour = BLUE,
        step: float = 7,
    ) -> None:
        """Feature maps one behind the other; (x, y) is the corner of the front one."""
        for number in reversed(range(layers)):
            left, top = x + number * step, y - number * step
            self._draw.rectangle(
                [left * _SCALE, top * _SCALE, (left + width) * _SCALE, (top + height) * _SCALE],
                fill=fill,
                outline=edge,
                width=2 * _SCALE,
            )

    def bars(
        self,
        x: float,
        y: float,
        values: Sequence[float],
        width: float = 30,
        height: float = 120,
        fills: Sequence[Colour] = (BLUE,),
        gap: float = 10,
    ) -> None:
        """Bars that stand on (x, y), `height` for a value of 1."""
        for number, value in enumerate(values):
            left = x + number * (width + gap)
            self._draw.rectangle(
                [left * _SCALE, (y - value * height) * _SCALE, (left + width) * _SCALE, y * _SCALE],
                fill=fills[number % len(fills)],
            )
        total = len(values) * (width + gap)
        self.line([(x - gap, y), (x + total, y)], GREY, 2)

    def picture(self, image: Image.Image, x: float, y: float, width: float, height: float) -> None:
        """A picture in a thin frame."""
        size = (round(width * _SCALE), round(height * _SCALE))
        place = (round(x * _SCALE), round(y * _SCALE))
        self._image.paste(image.resize(size, Image.Resampling.BICUBIC), place)
        self.frame(x, y, width, height, GREY, 1.5)

    def _dashes(self, start: Point, end: Point, ink: Colour, thick: float) -> None:
        length = math.hypot(end[0] - start[0], end[1] - start[1])
        count = max(1, round(length / 12))
        for number in range(count):
            a, b = number / count, (number + 0.6) / count
            self.line(
                [
                    (start[0] + (end[0] - start[0]) * a, start[1] + (end[1] - start[1]) * a),
                    (start[0] + (end[0] - start[0]) * b, start[1] + (end[1] - start[1]) * b),
                ],
                ink,
                thick,
            )


def scene(kind: Literal["photo", "classes", "objects"] = "photo") -> Image.Image:
    """A street with a house, a tree and two cars, 480 x 360.

    "classes" paints each pixel by what it belongs to, "objects" each car in its own colour and
    nothing else.
    """
    plain = kind == "photo"
    sky, ground, road = (
        (SKY, GRASS, "#8d939c") if plain else ("#8fb8ff", "#5cb85c", "#b18ae0")
        if kind == "classes" else ("#20242c",) * 3
    )  # fmt: skip
    image = Image.new("RGB", (960, 720), sky)
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 400, 960, 720], fill=ground)
    draw.rectangle([0, 500, 960, 680], fill=road)
    if plain:
        draw.ellipse([760, 50, 870, 160], fill="#ffe066")
        for left in range(20, 960, 160):
            draw.rectangle([left, 584, left + 80, 594], fill="#f8f9fa")
    if kind != "objects":
        wall, roof = ("#e8c39e", "#b5534a") if plain else ("#f5a623", "#f5a623")
        draw.rectangle([90, 240, 330, 470], fill=wall)
        draw.polygon([(60, 250), (210, 120), (360, 250)], fill=roof)
        trunk, leaves = ("#8a5a3b", "#3f8f4f") if plain else ("#1e7a3a", "#1e7a3a")
        draw.rectangle([585, 330, 615, 480], fill=trunk)
        draw.ellipse([500, 150, 700, 370], fill=leaves)
        if plain:
            draw.rectangle([185, 360, 240, 470], fill="#6b4a36")
            draw.rectangle([115, 290, 165, 340], fill="#cfe8ff")
            draw.rectangle([260, 290, 310, 340], fill="#cfe8ff")
    body = {"photo": (RED, BLUE), "classes": ("#ff4d6d",) * 2, "objects": (ORANGE, TEAL)}[kind]
    _car(draw, 150, 540, body[0], plain)
    _car(draw, 620, 560, body[1], plain)
    return image.resize((480, 360), Image.Resampling.LANCZOS)


def speckles(size: tuple[int, int], seed: int) -> Image.Image:
    """Grey noise, the same for the same seed."""
    return Image.frombytes("L", size, random.Random(seed).randbytes(size[0] * size[1]))


CARS = ((70, 247, 120, 66), (305, 257, 120, 66))
"""Where the cars of `scene` are: left, top, width, height."""


def _car(draw: ImageDraw.ImageDraw, x: int, y: int, colour: Colour, plain: bool) -> None:
    draw.rounded_rectangle([x, y, x + 220, y + 60], 18, fill=colour)
    draw.polygon([(x + 40, y), (x + 75, y - 42), (x + 155, y - 42), (x + 185, y)], fill=colour)
    wheel = "#23272f" if plain else colour
    for left in (x + 30, x + 140):
        draw.ellipse([left, y + 34, left + 50, y + 84], fill=wheel)
    if plain:
        window = "#dff0ff"
        draw.polygon(
            [(x + 60, y - 4), (x + 82, y - 33), (x + 108, y - 33), (x + 108, y - 4)], fill=window
        )
        draw.polygon(
            [(x + 118, y - 4), (x + 118, y - 33), (x + 148, y - 33), (x + 168, y - 4)], fill=window
        )


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * _SCALE)
