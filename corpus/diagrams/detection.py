"""Diagrams of finding, outlining, following and reading things in images."""

import math

from corpus.diagrams.canvas import (
    BLUE,
    CARS,
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
    PALE_YELLOW,
    PAPER,
    PURPLE,
    RED,
    TEAL,
    YELLOW,
    Canvas,
    Colour,
    scene,
)


def _cars(c: Canvas, x: float, y: float, width: float, ink: Colour, thick: float = 4) -> None:
    scale = width / 480
    for left, top, wide, high in CARS:
        c.frame(x + left * scale, y + top * scale, wide * scale, high * scale, ink, thick)


def detector(c: Canvas) -> None:
    """Two-stage and one-stage detectors."""
    c.picture(scene(), 40, 230, 170, 128)
    c.arrow((216, 294), (250, 294), GREY)
    c.stack(258, 270, 60, 70, 6, PALE_BLUE, BLUE, 5)
    c.text(300, 375, "backbone", 19, MUTED)
    c.arrow((355, 270), (410, 205), GREY)
    c.arrow((355, 320), (410, 400), GREY)
    c.box(418, 165, 150, 80, "region\nproposals", PALE_ORANGE, ORANGE)
    c.arrow((572, 205), (604, 205), GREY)
    c.box(610, 165, 140, 80, "classify\neach region", PALE_ORANGE, ORANGE)
    c.box(418, 365, 332, 80, "boxes and classes on a grid, at once", PALE_GREEN, GREEN)
    c.text(584, 138, "two stages: Faster R-CNN", 20, ORANGE, bold=True)
    c.text(584, 470, "one stage: YOLO, SSD", 20, GREEN, bold=True)
    c.arrow((756, 205), (838, 234), GREY)
    c.arrow((756, 405), (838, 366), GREY)
    c.picture(scene(), 770, 240, 160, 120)
    _cars(c, 770, 240, 160, RED, 3)
    c.note("Detection answers what and where: a class and a bounding box for every object.")


def intersection_over_union(c: Canvas) -> None:
    """Two boxes, their overlap and their union."""
    c.box(110, 170, 220, 200, "", PALE_BLUE, BLUE, radius=0)
    c.box(200, 250, 220, 200, "", PALE_ORANGE, ORANGE, radius=0)
    c.box(200, 250, 130, 120, "overlap", "#c9b2e8", PURPLE, 22, radius=0)
    c.text(130, 150, "truth", 21, BLUE, "lm", bold=True)
    c.text(400, 472, "prediction", 21, ORANGE, "rm", bold=True)
    c.text(510, 300, "IoU  =", 34, INK, "lm", bold=True)
    c.box(680, 190, 90, 84, "", "#c9b2e8", PURPLE, radius=0)
    c.line([(620, 300), (850, 300)], INK, 4)
    c.polygon(
        [(650, 320), (770, 320), (770, 365), (820, 365), (820, 465), (700, 465), (700, 420),
         (650, 420)], "#c9e4d8", GREEN,
    )  # fmt: skip
    c.text(790, 232, "area of overlap", 19, MUTED, "lm")
    c.text(735, 485, "area of union", 19, MUTED)
    c.note("Intersection over union: 1 for a perfect box, 0 for none; 0.5 often counts as found.")


def non_maximum_suppression(c: Canvas) -> None:
    """Many boxes to one for each object."""
    for x in (60, 540):
        c.picture(scene(), x, 160, 360, 270)
    for shift_x, shift_y, ink in ((-9, -7, YELLOW), (8, 6, ORANGE), (-4, 9, TEAL), (0, 0, RED)):
        scale = 360 / 480
        for left, top, wide, high in CARS:
            c.frame(
                60 + left * scale + shift_x, 160 + top * scale + shift_y, wide * scale,
                high * scale, ink, 3,
            )  # fmt: skip
    _cars(c, 540, 160, 360, RED, 4)
    c.arrow((432, 295), (528, 295), INK, 4)
    c.text(480, 268, "NMS", 22, bold=True)
    c.text(240, 455, "overlapping candidates 0.92, 0.85, 0.71, 0.64", 19, MUTED)
    c.text(720, 455, "the best one for each object", 19, MUTED)
    c.note("Non-maximum suppression drops boxes that overlap a better one of the same class.")


def anchor_boxes(c: Canvas) -> None:
    """Boxes of three scales and three shapes at one place of a feature map."""
    c.picture(scene(), 60, 140, 440, 330)
    for column in range(1, 8):
        c.line([(60 + 55 * column, 140), (60 + 55 * column, 470)], "#ffffff", 1)
    for row in range(1, 6):
        c.line([(60, 140 + 55 * row), (500, 140 + 55 * row)], "#ffffff", 1)
    shapes = ((1.0, 1.0), (1.9, 0.55), (0.55, 1.9))
    for size, ink in ((55, YELLOW), (100, ORANGE), (165, RED)):
        for wide, high in shapes:
            w, h = size * wide**0.75, size * high**0.75
            c.frame(189 - w / 2, 398 - h / 2, w, h, ink, 2.5)
    c.circle(189, 398, 6, INK)
    c.text(740, 150, "3 scales x 3 aspect ratios\n= 9 anchors at each place", 21)
    for row, (size, ink) in enumerate(((26, YELLOW), (44, ORANGE), (62, RED))):
        y = (228, 300, 405)[row]
        for column, (wide, high) in enumerate(shapes):
            w, h = size * wide**0.7, size * high**0.7
            c.frame(610 + column * 125 - w / 2, y - h / 2, w, h, ink, 3)
    c.text(610, 488, "1 : 1", 19, MUTED)
    c.text(735, 488, "3 : 1", 19, MUTED)
    c.text(860, 488, "1 : 3", 19, MUTED)
    c.note("Anchors are matched with true boxes by IoU; the network corrects the best ones.")


def mask_rcnn(c: Canvas) -> None:
    """Backbone, region proposals, aligned regions, three heads."""
    c.picture(scene(), 35, 240, 150, 112)
    c.arrow((190, 296), (218, 296), GREY)
    c.stack(225, 280, 60, 60, 6, PALE_BLUE, BLUE, 5)
    c.text(268, 375, "backbone", 19, MUTED)
    c.arrow((322, 296), (350, 296), GREY)
    c.box(356, 255, 120, 84, "region\nproposal\nnetwork", PALE_ORANGE, ORANGE, 18)
    c.arrow((480, 296), (508, 296), GREY)
    c.box(514, 260, 110, 74, "RoIAlign", PALE_YELLOW, YELLOW)
    heads = (
        (150, "class: car", PALE_PURPLE, PURPLE), (265, "bounding box", PALE_GREEN, GREEN),
        (380, "mask (FCN)", PALE_RED, RED),
    )  # fmt: skip
    for y, words, fill, edge in heads:
        c.arrow((628, 297), (672, y + 32), GREY)
        c.box(680, y, 130, 64, words, fill, edge)
    c.picture(scene("objects"), 822, 365, 120, 90)
    c.picture(scene(), 822, 250, 120, 90)
    _cars(c, 822, 250, 120, GREEN, 2.5)
    c.text(745, 482, "parallel branch for pixels", 19, RED)
    c.note("Mask R-CNN adds to Faster R-CNN a branch that predicts a mask for every region.")


def semantic_segmentation(c: Canvas) -> None:
    """A class for every pixel."""
    c.picture(scene(), 60, 150, 380, 285)
    c.arrow((450, 292), (510, 292), INK, 4)
    c.picture(scene("classes"), 520, 150, 380, 285)
    names = (
        ("sky", "#8fb8ff"),
        ("building", "#f5a623"),
        ("tree", "#1e7a3a"),
        ("grass", "#5cb85c"),
        ("road", "#b18ae0"),
        ("car", "#ff4d6d"),
    )
    for number, (name, colour) in enumerate(names):
        c.box(110 + number * 130, 468, 24, 24, "", colour, None, radius=4)
        c.text(142 + number * 130, 480, name, 19, anchor="lm")
    c.note("Semantic segmentation labels every pixel; two cars of one class are one region.")


def instance_segmentation(c: Canvas) -> None:
    """A mask for every object."""
    c.picture(scene(), 35, 180, 280, 210)
    c.picture(scene("classes"), 340, 180, 280, 210)
    c.picture(scene("objects"), 645, 180, 280, 210)
    for x, name, what in (
        (175, "image", ""), (480, "semantic", "all cars alike"), (785, "instance", "car 1, car 2"),
    ):  # fmt: skip
        c.text(x, 150, name, 22, bold=True)
        c.text(x, 418, what, 20, MUTED)
    c.text(480, 475, "Mask R-CNN, YOLACT, PANet", 20, MUTED)
    c.note("Instance segmentation tells objects of the same class apart, each with its mask.")


def object_tracking(c: Canvas) -> None:
    """One identity over four frames, one of them occluded."""
    path = []
    for number in range(4):
        x = 40 + number * 225
        c.box(x, 170, 205, 190, "", "#dcecf7", GREY, radius=4)
        c.box(x, 310, 205, 50, "", "#8d939c", None, radius=0)
        left = x + 14 + number * 36
        c.box(left, 288, 72, 34, "", RED, None, radius=8)
        c.circle(left + 17, 324, 9, INK)
        c.circle(left + 55, 324, 9, INK)
        if number == 2:
            c.box(x + 100, 210, 34, 130, "", "#3f8f4f", None, radius=6)
        c.frame(left - 8, 276, 88, 64, ORANGE if number != 2 else YELLOW, 3)
        c.text(left + 36, 258 if number != 2 else 195, "id 7", 18, ORANGE)
        c.text(x + 102, 385, f"frame {number + 1}", 19, MUTED)
        path.append((left + 36, 440))
    c.line(path, ORANGE, 4, dashed=True)
    for x, y in path:
        c.circle(x, y, 9, ORANGE)
    c.text(592, 470, "occluded: predicted from motion", 18, MUTED)
    c.text(150, 130, "appearance features + motion model keep the identity", 20, MUTED, "lm")
    c.note("Tracking follows an object from frame to frame and keeps its identity.")


def occlusion(c: Canvas) -> None:
    """An object behind another, and what helps."""
    c.picture(scene(), 50, 160, 330, 248)
    c.box(155, 318, 60, 90, "", "#6d4c41", None, radius=4)
    c.frame(98, 330, 82, 46, RED, 3)
    c.text(215, 435, "car half hidden: confidence 0.41", 19, RED)
    cures = (
        ("context", "the road and the other car", PALE_BLUE, BLUE),
        ("attention", "look at the visible parts", PALE_PURPLE, PURPLE),
        ("augmentation", "cutout while training", PALE_GREEN, GREEN),
        ("tracking", "remember it from before", PALE_ORANGE, ORANGE),
    )
    for number, (name, what, fill, edge) in enumerate(cures):
        y = 140 + number * 86
        c.box(450, y, 170, 64, name, fill, edge, 21)
        c.text(640, y + 32, what, 20, MUTED, "lm")
    c.note("Occlusion hides features; context, parts and time give some of them back.")


def text_recognition(c: Canvas) -> None:
    """Locate, clean, cut into characters, classify."""
    names = ("photograph", "locate text", "binarise", "segment", "recognise")
    for number, name in enumerate(names):
        x = 35 + number * 184
        c.box(x, 210, 156, 130, "", PALE_GREY if number < 2 else PAPER, GREY, radius=6)
        c.text(x + 78, 180, name, 20, bold=True)
        if number < 4:
            c.arrow((x + 160, 275), (x + 182, 275), GREY)
    c.text(113, 275, "ROAD 66", 25, "#a08c6b")
    c.text(297, 275, "ROAD 66", 25, "#a08c6b")
    c.frame(232, 252, 130, 46, GREEN, 3)
    c.text(481, 275, "ROAD 66", 27, INK, bold=True)
    for number, letter in enumerate("ROAD66"):
        left = 596 + number * 23.5
        c.text(left + 11, 275, letter, 24, bold=True)
        c.frame(left, 255, 22, 40, BLUE, 2)
    c.box(776, 225, 146, 100, '"ROAD 66"\np = 0.98', PALE_GREEN, GREEN, 22)
    c.text(480, 410, "hard: fonts, skew, noise, low contrast, many scripts", 21, MUTED)
    c.arrow((660, 345), (660, 378), GREY)
    c.text(480, 455, "a CNN classifies each character; CTC reads whole lines", 21, MUTED)
    c.note("Optical character recognition (OCR) turns pictures of text into text.")


def illumination(c: Canvas) -> None:
    """The same scene in three lights, and normalised."""
    base = scene()
    lights = ((0.3, "dark"), (1.0, "normal"), (1.6, "bright"))
    for number, (factor, name) in enumerate(lights):
        x = 50 + number * 205
        c.picture(base.point(lambda v, f=factor: min(255, int(v * f))), x, 150, 185, 140)
        c.text(x + 92, 315, name, 20, MUTED)
        peaks = [math.exp(-(((step / 7 - 0.35 * factor - 0.12) / 0.22) ** 2)) for step in range(8)]
        c.bars(x + 8, 440, peaks, 16, 80, (GREY,), 5)
    c.arrow((660, 220), (700, 220), INK, 4)
    c.picture(base, 715, 150, 200, 140)
    c.text(815, 315, "after equalisation", 20, GREEN)
    c.bars(726, 440, [0.62, 0.7, 0.66, 0.72, 0.68, 0.64, 0.7, 0.66], 17, 80, (GREEN,), 5)
    c.text(480, 478, "histograms of brightness", 20, MUTED)
    c.note("Illumination moves the histogram; equalisation and augmentation undo its effect.")
