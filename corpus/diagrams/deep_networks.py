"""Diagrams of what lets deep networks train and generalise."""

import itertools

from corpus.diagrams.canvas import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PALE_BLUE,
    PALE_GREEN,
    PALE_GREY,
    PALE_ORANGE,
    PALE_PURPLE,
    PURPLE,
    RED,
    Canvas,
)

_COLUMNS = ((0, (190, 270, 350, 430)), (130, (170, 240, 310, 380, 450)), (260, (230, 310, 390)))
_DROPPED = {(0, 270), (130, 240), (130, 450)}


def residual_connection(c: Canvas) -> None:
    """A block of ResNet: two convolutions and the way round them."""
    middle = 330
    c.circle(90, middle, 34, PALE_GREY, "x", GREY, 26)
    c.arrow((124, middle), (214, middle), GREY)
    c.box(220, middle - 45, 150, 90, "convolution\nReLU", PALE_BLUE, BLUE, 21)
    c.arrow((374, middle), (424, middle), GREY)
    c.box(430, middle - 45, 150, 90, "convolution", PALE_BLUE, BLUE, 21)
    c.arrow((584, middle), (652, middle), GREY)
    c.circle(690, middle, 34, PALE_ORANGE, "+", ORANGE, 34)
    c.arrow((726, middle), (782, middle), GREY)
    c.box(788, middle - 45, 130, 90, "ReLU", PALE_GREEN, GREEN, 21)
    c.line([(160, middle), (160, 190), (690, 190)], ORANGE, 5)
    c.arrow((690, 188), (690, middle - 36), ORANGE, 5)
    c.text(425, 162, "skip connection: x unchanged", 22, ORANGE)
    c.text(400, 402, "F(x): what there is to add", 20, MUTED)
    c.text(690, 402, "F(x) + x", 22, INK)
    c.text(480, 475, "gradients flow back through the skip undiminished", 21, MUTED)
    c.note("ResNet: residual connections let networks of a hundred layers and more be trained.")


def dropout(c: Canvas) -> None:
    """A network with all its neurons, and with some left out."""
    for left, off in ((90, False), (570, True)):
        gone = {(left + x, y) for x, y in _DROPPED} if off else set()
        columns = [[(left + x, y) for y in heights] for x, heights in _COLUMNS]
        for before, after in itertools.pairwise(columns):
            for start, end in itertools.product(before, after):
                if start not in gone and end not in gone:
                    c.line([start, end], "#d0d5dd", 2)
        looks = ((PALE_BLUE, BLUE), (PALE_PURPLE, PURPLE), (PALE_GREEN, GREEN))
        for column, (fill, edge) in zip(columns, looks, strict=True):
            for x, y in column:
                if (x, y) in gone:
                    c.circle(x, y, 22, "#f9fafb", edge=GREY)
                    c.line([(x - 12, y - 12), (x + 12, y + 12)], RED, 4)
                    c.line([(x - 12, y + 12), (x + 12, y - 12)], RED, 4)
                else:
                    c.circle(x, y, 22, fill, edge=edge)
    c.text(220, 118, "without dropout", 22, bold=True)
    c.text(700, 118, "a training step with dropout", 22, bold=True)
    c.arrow((420, 310), (500, 310), INK, 4)
    c.text(480, 500, "with weight decay and batch normalisation: regularisation", 20, MUTED)
    c.note("Dropout: no neuron can rely on another one, so noise and outliers are learnt less.")
