"""Diagrams of how networks learn, and from what."""

import math
import random

from PIL import Image, ImageEnhance

from corpus.diagrams.canvas import (
    BLUE,
    GREEN,
    GREY,
    MUTED,
    ORANGE,
    PALE_BLUE,
    PALE_GREEN,
    PALE_GREY,
    PALE_ORANGE,
    PALE_PURPLE,
    PALE_YELLOW,
    PAPER,
    PURPLE,
    RED,
    TEAL,
    YELLOW,
    Canvas,
    scene,
    speckles,
)


def transfer_learning(c: Canvas) -> None:
    """Frozen layers from a large data set, new layers for a small one."""
    rows = ((190, "ImageNet, 1.2 million images", "1000 classes", PALE_BLUE, BLUE),
            (390, "own data, 500 images", "3 classes", PALE_GREEN, GREEN))  # fmt: skip
    for y, data, classes, fill, edge in rows:
        c.box(40, y - 40, 190, 80, data.replace(", ", "\n"), PALE_GREY, GREY)
        c.arrow((235, y), (272, y), GREY)
        for number in range(4):
            c.box(280 + number * 95, y - 50, 75, 100, "", PALE_BLUE, BLUE)
        c.arrow((650, y), (690, y), GREY)
        c.box(700, y - 45, 200, 90, f"classifier\n{classes}", fill, edge)
    for number in range(4):
        c.arrow((317 + number * 95, 245), (317 + number * 95, 335), ORANGE, 3)
    c.text(760, 290, "copy the weights", 21, ORANGE)
    c.text(412, 390, "frozen", 22, BLUE)
    c.text(460, 465, "general features: edges, textures, parts", 20, MUTED)
    c.text(800, 465, "new, trained", 20, GREEN)
    c.text(460, 118, "pre-trained network", 21, bold=True)
    c.note("Transfer learning reuses what a network learnt before; only little data is needed.")


def augmentation(c: Canvas) -> None:
    """Views of one picture."""
    base = scene()
    noise = speckles(base.size, 1).convert("RGB")
    cut = base.copy()
    cut.paste((20, 20, 20), (190, 120, 320, 240))
    views = (
        ("original", base),
        ("flip", base.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        ("rotation", base.rotate(18, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))),
        ("crop and zoom", base.crop((30, 90, 330, 330))),
        ("brightness", ImageEnhance.Brightness(base).enhance(0.55)),
        ("colour", ImageEnhance.Color(base).enhance(0.1)),
        ("noise", Image.blend(base, noise, 0.3)),
        ("cutout", cut),
    )
    for number, (name, view) in enumerate(views):
        x, y = 45 + (number % 4) * 222, 105 + (number // 4) * 220
        c.picture(view, x, y, 205, 154)
        c.text(x + 102, y + 178, name, 20, bold=number == 0)
    c.note("Data augmentation makes many training images of one; the label stays the same.")


def distillation(c: Canvas) -> None:
    """Teacher, student and soft targets."""
    c.picture(scene(), 40, 250, 140, 105)
    c.arrow((188, 290), (240, 210), GREY)
    c.arrow((188, 320), (240, 400), GREY)
    c.box(250, 130, 230, 150, "teacher\nlarge, accurate\n200 MB", PALE_PURPLE, PURPLE, 21)
    c.box(280, 355, 150, 90, "student\nsmall, 10 MB", PALE_GREEN, GREEN, 20)
    c.arrow((488, 205), (560, 205), GREY)
    c.arrow((438, 400), (560, 400), GREY)
    c.bars(580, 260, [0.72, 0.2, 0.06, 0.02], 34, 130, (PURPLE,))
    c.bars(580, 455, [0.6, 0.28, 0.08, 0.04], 34, 130, (GREEN,))
    c.text(660, 125, "soft targets (temperature)", 19, MUTED)
    c.arrow((790, 240), (790, 385), ORANGE, 4, dashed=True)
    c.text(805, 315, "imitate:\nminimise the\ndivergence", 20, ORANGE, "lm")
    for number, name in enumerate(("car", "van", "bus", "cat")):
        c.text(597 + number * 44, 276, name, 17, MUTED)
        c.text(597 + number * 44, 471, name, 17, MUTED)
    c.note("Distillation: the student learns from the teacher's soft outputs, not labels alone.")


def self_supervision(c: Canvas) -> None:
    """Rotation as a pretext task, then fine-tuning."""
    base = scene().resize((200, 200))
    for number, angle in enumerate((0, 90, 180, 270)):
        x, y = 50 + (number % 2) * 130, 150 + (number // 2) * 150
        c.picture(base.rotate(-angle), x, y, 115, 115)
        c.text(x + 57, y + 128, f"{angle} degrees", 16, MUTED)
    c.text(170, 118, "unlabelled images", 20, bold=True)
    c.arrow((315, 280), (360, 280), GREY)
    c.stack(370, 260, 80, 90, 6, PALE_BLUE, BLUE)
    c.text(430, 385, "CNN", 20, MUTED)
    c.arrow((505, 280), (550, 280), GREY)
    c.box(560, 235, 160, 90, "which rotation?\n0 90 180 270", PALE_ORANGE, ORANGE)
    c.text(640, 205, "pretext task", 20, ORANGE, bold=True)
    c.arrow((430, 400), (600, 455), GREEN, 4)
    c.box(610, 415, 290, 70, "fine-tune with few labels:\nclassify, detect, segment", PALE_GREEN,
          GREEN)  # fmt: skip
    c.text(835, 275, "labels come free\nfrom the data", 20, MUTED)
    c.note("Self-supervised learning invents a task whose answers the data itself contains.")


def class_imbalance(c: Canvas) -> None:
    """Skewed counts and what evens them out."""
    c.text(220, 125, "training set", 21, bold=True)
    c.bars(90, 440, [0.95, 0.7, 0.12, 0.05], 56, 290, (BLUE, TEAL, ORANGE, RED), 18)
    for number, name in enumerate(("car", "person", "truck", "deer")):
        c.text(118 + number * 74, 462, name, 18, MUTED)
    c.text(305, 380, "rare classes", 19, RED)
    cures = (
        ("oversample", [0.95, 0.9, 0.85, 0.8], "repeat rare images"),
        ("undersample", [0.3, 0.3, 0.24, 0.2], "drop common ones"),
        ("class weights", [0.25, 0.35, 0.8, 1.0], "rare errors cost more"),
    )
    for number, (name, values, what) in enumerate(cures):
        y = 215 + number * 125
        c.box(490, y - 65, 160, 54, name, PALE_GREEN, GREEN, 20)
        c.text(570, y + 10, what, 18, MUTED)
        c.bars(700, y, values, 32, 75, (BLUE, TEAL, ORANGE, RED))
    c.note("Class imbalance: a network that never says 'deer' is right most of the time.")


def synthetic_oversampling(c: Canvas) -> None:
    """SMOTE: new points between neighbours of the minority class."""
    places = random.Random(5)
    for _ in range(60):
        x, y = places.gauss(300, 95), places.gauss(300, 62)
        if 70 < x < 540 and 130 < y < 470:
            c.circle(x, y, 7, "#9dbcf3")
    minority = ((640, 210), (720, 175), (760, 260), (675, 290), (800, 340), (715, 370))
    pairs = ((0, 1), (1, 2), (2, 3), (3, 0), (2, 4), (4, 5), (5, 3))
    for a, b in pairs:
        c.line([minority[a], minority[b]], ORANGE, 2, dashed=True)
        share = 0.35 + 0.3 * places.random()
        x = minority[a][0] + share * (minority[b][0] - minority[a][0])
        y = minority[a][1] + share * (minority[b][1] - minority[a][1])
        c.circle(x, y, 9, PAPER, edge=ORANGE)
    for x, y in minority:
        c.circle(x, y, 9, ORANGE)
    c.text(300, 118, "majority class", 20, BLUE)
    c.text(725, 118, "minority class", 20, ORANGE)
    c.circle(590, 470, 9, ORANGE)
    c.text(608, 470, "real", 19, anchor="lm")
    c.circle(700, 470, 9, PAPER, edge=ORANGE)
    c.text(718, 470, "synthetic, in between", 19, anchor="lm")
    c.note("SMOTE: new samples of a rare class are placed between neighbouring real ones.")


def ensemble(c: Canvas) -> None:
    """Several networks vote."""
    c.picture(scene(), 40, 235, 170, 128)
    outputs = (([0.7, 0.2, 0.1], "CNN A"), ([0.45, 0.5, 0.05], "CNN B"), ([0.8, 0.1, 0.1], "CNN C"))
    for number, (values, name) in enumerate(outputs):
        y = 170 + number * 130
        c.arrow((216, 299), (275, y), GREY)
        c.box(282, y - 38, 130, 76, name, (PALE_BLUE, PALE_PURPLE, PALE_YELLOW)[number],
              (BLUE, PURPLE, YELLOW)[number], 21)  # fmt: skip
        c.arrow((418, y), (455, y), GREY)
        c.bars(470, y + 36, values, 26, 85, (BLUE, ORANGE, GREY), 8)
        c.arrow((590, y), (650, 290), GREY)
    c.box(655, 250, 110, 84, "average\nor vote", PALE_GREEN, GREEN, 20)
    c.arrow((770, 292), (800, 292), GREY)
    c.bars(818, 350, [0.65, 0.27, 0.08], 28, 150, (BLUE, ORANGE, GREY), 8)
    c.text(870, 375, "car  van  cat", 18, MUTED)
    c.note("An ensemble averages networks that err differently; the errors partly cancel.")


def adversarial_example(c: Canvas) -> None:
    """Image plus small noise gives a wrong class."""
    base = scene()
    noise = speckles((60, 45), 2).resize(base.size, Image.Resampling.NEAREST)
    tinted = Image.merge(
        "RGB", (noise, noise.rotate(180), noise.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    )
    for x, picture in ((40, base), (365, tinted), (690, Image.blend(base, tinted, 0.1))):
        c.picture(picture, x, 170, 230, 172)
    c.text(317, 256, "+ 0.01 x", 24)
    c.text(642, 256, "=", 36)
    c.text(155, 372, "car, 97 %", 23, GREEN, bold=True)
    c.text(480, 372, "sign of the gradient", 20, MUTED)
    c.text(805, 372, "toaster, 99 %", 23, RED, bold=True)
    c.box(120, 425, 720, 56, "defences: adversarial training, input cleaning, detection, "
          "certified bounds", PALE_GREY, GREY, 20)  # fmt: skip
    c.note("An adversarial attack adds noise that people do not see and networks fall for.")


def noise_and_outliers(c: Canvas) -> None:
    """A line fitted with squared and with robust loss, and the losses."""
    places = random.Random(2)
    for number in range(16):
        x = 80 + number * 22
        c.circle(x, 420 - number * 13 + places.gauss(0, 10), 6, BLUE)
    for x, y in ((120, 150), (165, 175), (205, 140)):
        c.circle(x, y, 7, RED)
    c.line([(70, 330), (440, 235)], RED, 3, dashed=True)
    c.line([(70, 428), (440, 210)], GREEN, 4)
    c.text(228, 125, "outliers", 19, RED, "lm")
    c.text(330, 345, "robust fit", 20, GREEN, "lm")
    c.text(400, 195, "squared error", 20, RED, "rm")
    c.line([(540, 440), (900, 440)], GREY, 2)
    c.line([(720, 450), (720, 140)], GREY, 2)
    steps = [number / 20 for number in range(-60, 61)]
    squared = [(720 + 58 * e, 440 - 34 * e * e) for e in steps if abs(e) <= 2.95]
    huber = [(720 + 58 * e, 440 - 34 * (e * e if abs(e) < 1 else 2 * abs(e) - 1)) for e in steps]
    c.line(squared, RED, 3)
    c.line(huber, GREEN, 4)
    c.text(612, 150, "squared", 19, RED, "lm")
    c.text(905, 330, "Huber", 19, GREEN, "rm")
    c.text(720, 470, "error", 19, MUTED)
    c.note("Robust losses, augmentation and dropout keep noise and outliers from deciding.")


def multi_label(c: Canvas) -> None:
    """One class by softmax against many labels by sigmoids."""
    c.picture(scene(), 370, 105, 220, 165)
    names = ("car", "house", "tree", "cat")
    for left, values, title, fill, edge in (
        (60, (0.91, 0.05, 0.03, 0.01), "multi-class: softmax, one wins", PALE_BLUE, BLUE),
        (560, (0.97, 0.88, 0.93, 0.04), "multi-label: a sigmoid for each", PALE_GREEN, GREEN),
    ):
        c.box(left, 318, 340, 180, "", fill, edge)
        c.text(left + 170, 342, title, 20, bold=True)
        for number, (name, value) in enumerate(zip(names, values, strict=True)):
            y = 375 + number * 32
            c.text(left + 90, y, name, 19, anchor="rm")
            c.box(left + 105, y - 10, max(4, 160 * value), 20, "", edge, None, radius=3)
            c.text(left + 325, y, f"{value:.2f}", 18, anchor="rm")
    c.arrow((400, 278), (330, 312), GREY)
    c.arrow((560, 278), (630, 312), GREY)
    c.note("Multi-label: several labels may be right at once, each with its own threshold.")


def embedding_space(c: Canvas) -> None:
    """Clusters in a plane."""
    c.line([(80, 490), (900, 490)], GREY, 2)
    c.line([(80, 490), (80, 110)], GREY, 2)
    places = random.Random(4)
    groups = ((240, 210, BLUE, "cats"), (420, 400, GREEN, "flowers"), (720, 220, ORANGE, "cars"))
    for x, y, ink, name in groups:
        for _ in range(16):
            angle, reach = places.uniform(0, 2 * math.pi), min(76.0, abs(places.gauss(0, 40)))
            c.circle(x + reach * math.cos(angle) * 1.3, y + reach * math.sin(angle), 8, ink)
        c.text(x, y - 104, name, 22, ink, bold=True)
    c.circle(640, 290, 12, RED)
    c.text(640, 322, "query image", 20, RED)
    for x, y in ((690, 245), (676, 222), (712, 262)):
        c.line([(640, 290), (x, y)], RED, 2, dashed=True)
    c.text(830, 400, "a vector for\neach image", 20, MUTED)
    c.note("Image embedding: what looks alike lies close together in the vector space.")


def image_retrieval(c: Canvas) -> None:
    """Query, embedding, nearest neighbours."""
    base = scene()
    c.picture(base.crop((40, 200, 240, 350)), 40, 220, 150, 112)
    c.text(115, 358, "query", 20, bold=True)
    c.arrow((196, 276), (230, 276), GREY)
    c.stack(238, 255, 55, 60, 5, PALE_BLUE, BLUE, 5)
    c.text(275, 350, "CNN", 20, MUTED)
    c.arrow((325, 276), (355, 276), GREY)
    tints = ("#cfe0ff", "#7aa5f0", "#2f6fde", "#a9c6fa", "#e8f0ff", "#5b8fe8")
    c.grid(365, 206, [[""]] * 6, 24, lambda r, k: tints[r])
    c.text(377, 370, "vector", 20, MUTED)
    c.arrow((396, 276), (430, 276), GREY)
    c.box(438, 230, 150, 92, "nearest\nneighbours\nin the index", PALE_PURPLE, PURPLE)
    c.arrow((594, 276), (625, 276), GREY)
    found = (base.crop((270, 200, 470, 350)), base.crop((60, 160, 320, 355)), base)
    for number, (picture, score) in enumerate(zip(found, ("0.91", "0.84", "0.62"), strict=True)):
        y = 120 + number * 122
        c.picture(picture, 640, y, 140, 105)
        c.text(800, y + 52, f"{number + 1}.   cosine {score}", 20, anchor="lm")
    c.note("Similarity-based retrieval compares vectors, not pixels, and ranks by closeness.")
