"""Diagrams of what happens inside a network."""

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
    PALE_RED,
    PALE_TEAL,
    PALE_YELLOW,
    PAPER,
    PURPLE,
    RED,
    TEAL,
    Canvas,
    scene,
)


def convolution(c: Canvas) -> None:
    """A 3 x 3 filter over a 6 x 6 input."""
    pixels = [[3, 0, 1, 2, 7, 4], [1, 5, 8, 9, 3, 1], [2, 7, 2, 5, 1, 3]]
    pixels += [[0, 1, 3, 1, 7, 8], [4, 2, 1, 6, 2, 8], [2, 4, 5, 2, 3, 9]]
    kernel = [[1, 0, -1], [1, 0, -1], [1, 0, -1]]
    result = [
        [
            sum(pixels[r + i][k + j] * kernel[i][j] for i in range(3) for j in range(3))
            for k in range(4)
        ]
        for r in range(4)
    ]
    c.grid(60, 160, pixels, 52, lambda r, k: PALE_ORANGE if r < 3 and k < 3 else PAPER)
    c.frame(60, 160, 156, 156, ORANGE)
    c.grid(478, 238, kernel, 52, lambda r, k: (PALE_GREEN, PALE_GREY, PALE_RED)[k])
    c.grid(706, 212, result, 52, lambda r, k: PALE_ORANGE if r == k == 0 else PALE_BLUE)
    c.frame(706, 212, 52, 52, ORANGE)
    c.text(427, 316, "*", 44)
    c.text(668, 316, "=", 40)
    c.text(216, 130, "input image", 20, MUTED)
    c.text(556, 130, "filter (edges)", 20, MUTED)
    c.text(810, 130, "feature map", 20, MUTED)
    c.line([(216, 160), (706, 212)], ORANGE, 2, dashed=True)
    c.line([(216, 316), (706, 264)], ORANGE, 2, dashed=True)
    c.note("The filter slides over the image; each position gives one number of the feature map.")


def feature_hierarchy(c: Canvas) -> None:
    """Edges, textures, parts, objects."""
    steps = (
        ("image", "pixels"),
        ("layer 1", "edges"),
        ("layer 2", "textures"),
        ("layer 3", "parts"),
        ("layer 4", "objects"),
    )
    c.picture(scene(), 50, 210, 150, 150)
    sizes = (
        (120, 4, PALE_BLUE, BLUE),
        (95, 6, PALE_TEAL, TEAL),
        (72, 8, PALE_GREEN, GREEN),
        (50, 10, PALE_PURPLE, PURPLE),
    )
    for number, (size, layers, fill, edge) in enumerate(sizes):
        x = 255 + number * 180
        c.arrow((x - 45, 285), (x - 8, 285), GREY)
        c.stack(x, 285 - size / 2 + 14, size, size, layers, fill, edge)
    for number, (name, shown) in enumerate(steps):
        x = (125, 325, 500, 675, 845)[number]
        c.text(x, 420, name, 21, bold=True)
        c.text(x, 452, shown, 21, MUTED)
    c.text(330, 128, "large maps, few channels", 19, MUTED)
    c.text(790, 128, "small maps, many channels", 19, MUTED)
    c.arrow((470, 128), (650, 128), GREY, 2)
    c.note("Deeper layers see more of the image and stand for more abstract features.")


def pooling(c: Canvas) -> None:
    """Max and average pooling of a 4 x 4 map."""
    values = [[1, 3, 2, 9], [7, 4, 1, 5], [8, 2, 4, 2], [4, 2, 3, 0]]
    tints = ((PALE_RED, PALE_BLUE), (PALE_GREEN, PALE_YELLOW))
    c.grid(90, 180, values, 66, lambda r, k: tints[r // 2][k // 2], 24)
    c.grid(650, 125, [[7, 9], [8, 4]], 66, lambda r, k: tints[r][k], 24)
    c.grid(650, 345, [[3.75, 4.25], [4, 2.25]], 66, lambda r, k: tints[r][k], 21)
    c.arrow((390, 270), (620, 195), BLUE, 4)
    c.arrow((390, 350), (620, 405), GREEN, 4)
    c.text(490, 190, "max", 24, BLUE, bold=True)
    c.text(490, 418, "average", 24, GREEN, bold=True)
    c.text(222, 150, "feature map 4 x 4", 20, MUTED)
    c.text(850, 191, "largest of\neach region", 20, MUTED)
    c.text(850, 411, "mean of\neach region", 20, MUTED)
    c.note("Pooling halves the map and keeps what is salient, wherever in the region it lies.")


def backpropagation(c: Canvas) -> None:
    """Forward pass and gradients through a small network."""
    layers = ((120, (210, 300, 390)), (330, (180, 260, 340, 420)), (540, (220, 300, 380)))
    for (x1, left), (x2, right) in itertools.pairwise(layers):
        for a in left:
            for b in right:
                c.line([(x1, a), (x2, b)], "#d0d5dd", 2)
    for (x, ys), fill, edge in zip(
        layers, (PALE_BLUE, PALE_PURPLE, PALE_GREEN), (BLUE, PURPLE, GREEN), strict=True
    ):
        for y in ys:
            c.circle(x, y, 25, fill, edge=edge)
    c.box(700, 255, 180, 90, "loss\nprediction - truth", PALE_RED, RED)
    c.arrow((570, 300), (692, 300), INK)
    c.text(120, 440, "input", 19, MUTED)
    c.text(415, 445, "hidden layer", 19, MUTED)
    c.text(540, 440, "output", 19, MUTED)
    c.arrow((120, 130), (640, 130), BLUE, 5)
    c.text(380, 106, "forward: compute the prediction", 19, BLUE)
    c.arrow((840, 515), (140, 515), RED, 5)
    c.text(490, 494, "backward: gradients by the chain rule, dL/dw", 19, RED)
    c.line([(790, 345), (840, 515)], RED, 5)
    c.note("Each weight takes a small step against its gradient: w = w - rate * dL/dw.")


def attention(c: Canvas) -> None:
    """A map of weights over image regions."""
    picture = scene()
    weights = [[1, 1, 1, 1], [3, 2, 3, 2], [8, 4, 3, 6], [7, 3, 2, 5]]
    c.picture(picture, 60, 160, 300, 300)
    heat = ("#fff7ec", "#fee8c8", "#fdd49e", "#fdbb84", "#fc8d59", "#ef6548", "#e34a33", "#f0563c")
    c.grid(430, 190, weights, 60, lambda r, k: heat[weights[r][k] - 1], 19, PAPER)
    c.text(210, 130, "image regions", 20, MUTED)
    c.text(550, 158, "attention weights", 20, MUTED)
    c.arrow((368, 310), (420, 310), GREY)
    c.arrow((678, 310), (730, 310), GREY)
    c.box(740, 255, 170, 110, "weighted sum\nof features", PALE_PURPLE, PURPLE, 21)
    c.text(550, 465, "query: cars", 20, ORANGE, bold=True)
    c.note("Attention lets the network weigh the regions that matter for the task.")


def text_convolution(c: Canvas) -> None:
    """Filters over words for classifying a sentence."""
    words = ("the", "film", "was", "really", "great")
    tints = (PALE_BLUE, PALE_TEAL, PALE_PURPLE, PALE_GREEN, PALE_YELLOW, PALE_ORANGE)
    c.grid(150, 180, [[""] * 6] * 5, 46, lambda r, k: tints[(r * 2 + k * 3 + r * k) % 6])
    for number, word in enumerate(words):
        c.text(138, 203 + 46 * number, word, 21, anchor="rm")
    c.frame(150, 180, 276, 138, ORANGE)
    c.frame(150, 318, 276, 92, BLUE)
    c.text(288, 148, "word embeddings", 20, MUTED)
    c.arrow((436, 249), (500, 249), ORANGE)
    c.arrow((436, 364), (500, 364), BLUE)
    c.grid(515, 205, [[""]] * 3, 32, lambda r, k: (PALE_ORANGE, "#f9c396", ORANGE)[r])
    c.grid(515, 325, [[""]] * 4, 32, lambda r, k: (PALE_BLUE, "#aec9f7", BLUE, "#7aa5f0")[r])
    c.text(531, 148, "filters", 20, MUTED)
    c.arrow((560, 253), (625, 290), GREY)
    c.arrow((560, 389), (625, 320), GREY)
    c.text(651, 358, "max", 18, MUTED)
    c.grid(635, 275, [[""], [""]], 32, lambda r, k: (ORANGE, BLUE)[r])
    c.arrow((675, 305), (730, 305), GREY)
    c.box(740, 245, 170, 50, "positive 0.93", PALE_GREEN, GREEN)
    c.box(740, 315, 170, 50, "negative 0.07", PALE_RED, RED)
    c.text(825, 215, "sentiment", 20, MUTED)
    c.note("In text, a filter spans a few neighbouring words, like an n-gram detector.")


def class_activation(c: Canvas) -> None:
    """Grad-CAM: which pixels spoke for the class."""
    c.picture(scene(), 50, 170, 240, 200)
    c.arrow((298, 270), (345, 270), GREY)
    for number, (size, fill) in enumerate(((110, PALE_BLUE), (84, PALE_TEAL), (60, PALE_PURPLE))):
        c.stack(355 + number * 105, 275 - size / 2 + 10, 50, size, 5, fill, BLUE, 5)
    c.arrow((650, 270), (682, 270), GREY)
    c.picture(scene(), 690, 170, 220, 200)
    for x, y, reach in ((752, 325, 1.0), (857, 330, 0.85)):
        for radius, colour in ((34, "#ffd166"), (25, "#f78c3b"), (14, "#e63946")):
            c.circle(x, y, radius * reach, colour)
    c.text(170, 400, "input", 20, MUTED)
    c.text(500, 400, "feature maps of the last layer", 20, MUTED)
    c.text(800, 400, "heat map for 'car'", 20, MUTED)
    c.line([(800, 430), (800, 470), (500, 470)], ORANGE, 3, dashed=True)
    c.arrow((500, 470), (500, 424), ORANGE, 3)
    c.text(650, 492, "gradient of the class weighs each map", 19, ORANGE)
    c.note("A class activation map (Grad-CAM) shows which regions the decision rests on.")


def missing_data(c: Canvas) -> None:
    """An image with a hole, its mask, and the completed image."""
    c.picture(scene(), 60, 180, 240, 190)
    c.box(150, 250, 95, 70, "?", PAPER, GREY, 34, GREY, 2)
    c.text(335, 275, "+", 40)
    c.grid(370, 180, [[""] * 5] * 4, 47, lambda r, k: INK if r in (1, 2) and k in (2, 3) else PAPER)
    c.arrow((620, 275), (680, 275), GREY)
    c.picture(scene(), 690, 180, 220, 190)
    c.frame(772, 250, 87, 70, GREEN)
    c.text(180, 400, "incomplete image", 20, MUTED)
    c.text(487, 400, "mask of missing pixels", 20, MUTED)
    c.text(800, 400, "imputed from context", 20, MUTED)
    c.text(480, 470, "also: mean imputation, masking and dropout in training, partial "
           "convolutions", 19, MUTED)  # fmt: skip
    c.note("Missing values are marked, filled in from what surrounds them, or learnt around.")


def unet(c: Canvas) -> None:
    """Encoder, bottleneck, decoder and skip connections."""
    heights = ((150, 130), (245, 100), (335, 70))
    for level, (y, size) in enumerate(heights):
        left, right = 120 + level * 95, 760 - level * 95
        width = 26 + 8 * level
        c.box(left, y, width, size * 0.62, "", PALE_BLUE, BLUE, radius=3)
        c.box(right, y, width, size * 0.62, "", PALE_GREEN, GREEN, radius=3)
        middle = y + size * 0.31
        c.arrow((left + width + 8, middle), (right - 8, middle), GREY, 3, dashed=True)
        next_y = heights[level + 1][0] if level < 2 else 430
        c.arrow((left + width / 2, y + size * 0.62 + 3), (left + 100, next_y - 3), RED, 3)
        c.arrow((right - 70, next_y - 3), (right + width / 2, y + size * 0.62 + 5), ORANGE, 3)
    c.box(405, 432, 155, 52, "bottleneck", PALE_PURPLE, PURPLE)
    c.text(470, 172, "skip connection: copy and concatenate", 19, MUTED)
    c.text(150, 118, "encoder (contracting)", 20, BLUE)
    c.text(785, 118, "decoder (expanding)", 20, GREEN)
    c.picture(scene(), 25, 155, 82, 70)
    c.picture(scene("classes"), 850, 155, 82, 70)
    c.text(120, 420, "max pooling", 19, RED)
    c.text(835, 420, "up-convolution", 19, ORANGE)
    c.note("U-Net: what pooling loses in place comes back to the decoder through the skips.")
