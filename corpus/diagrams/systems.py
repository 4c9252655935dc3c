"""Diagrams of networks as programs: hardware, frameworks, size, production."""

import math

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
    PALE_TEAL,
    PALE_YELLOW,
    PAPER,
    PURPLE,
    RED,
    TEAL,
    YELLOW,
    Canvas,
    scene,
)


def quantization(c: Canvas) -> None:
    """A smooth range of weights and its 8-bit steps."""
    c.line([(80, 400), (500, 400)], GREY, 2)
    curve = [(80 + 4.2 * n, 400 - 210 * math.exp(-(((n - 50) / 20) ** 2))) for n in range(101)]
    c.line(curve, BLUE, 4)
    for number in range(13):
        x = 80 + number * 35
        height = 210 * math.exp(-((((number * 35) / 4.2 - 50) / 20) ** 2))
        c.line([(x, 400), (x, 400 - height)], ORANGE, 3)
        c.circle(x, 400 - height, 6, ORANGE)
    c.text(290, 430, "weights", 20, MUTED)
    c.text(135, 160, "float32", 22, BLUE, bold=True)
    c.text(430, 160, "int8 steps", 22, ORANGE, bold=True)
    rows = (("3.1416", "25"), ("-0.5772", "-5"), ("2.7183", "22"))
    for number, (exact, rounded) in enumerate(rows):
        y = 150 + number * 64
        c.box(560, y, 130, 46, exact, PALE_BLUE, BLUE, 21)
        c.arrow((696, y + 23), (750, y + 23), GREY)
        c.box(758, y, 90, 46, rounded, PALE_ORANGE, ORANGE, 21)
    c.text(723, 352, "q = round(x / scale)", 21)
    c.text(590, 400, "model size", 19, MUTED, "lm")
    c.box(590, 416, 280, 26, "100 MB", PALE_BLUE, BLUE, 18, radius=4)
    c.box(590, 452, 70, 26, "25 MB", PALE_ORANGE, ORANGE, 18, radius=4)
    c.note("Quantization stores numbers in 8 bits in place of 32: a quarter of the memory.")


def distributed_training(c: Canvas) -> None:
    """Data parallel training with averaged gradients."""
    c.box(40, 240, 130, 110, "training\ndata", PALE_GREY, GREY, 21)
    for number in range(4):
        y = 130 + number * 92
        c.arrow((176, 295), (245, y + 32), GREY)
        c.box(252, y, 120, 64, f"batch {number + 1}", PALE_YELLOW, YELLOW)
        c.arrow((376, y + 32), (412, y + 32), GREY)
        c.box(420, y, 190, 64, f"GPU {number + 1}\nsame model", PALE_BLUE, BLUE)
        c.arrow((615, y + 32), (690, 275), ORANGE)
    c.box(698, 225, 200, 100, "all-reduce:\naverage gradients", PALE_ORANGE, ORANGE, 21)
    c.line([(798, 330), (798, 515), (515, 515)], GREEN, 4)
    c.arrow((515, 515), (515, 476), GREEN, 4)
    c.text(656, 494, "update every copy", 19, GREEN)
    c.note("Data-parallel training: each GPU works on its share, gradients are averaged.")


def frameworks(c: Canvas) -> None:
    """Dynamic and static graphs."""
    c.line([(480, 100), (480, 500)], "#d0d5dd", 2)
    c.text(250, 118, "PyTorch", 28, ORANGE, bold=True)
    c.text(710, 118, "TensorFlow", 28, BLUE, bold=True)
    c.text(250, 158, "dynamic graph: built while it runs", 20, MUTED)
    c.text(710, 158, "static graph: defined, then run", 20, MUTED)
    code = ("for x in data:", "    y = model(x)", "    y.backward()")
    for number, line in enumerate(code):
        c.box(90, 185 + number * 46, 320, 40, "", PALE_ORANGE, None, radius=2)
        c.text(105, 205 + number * 46, line, 20, anchor="lm")
    nodes = ((600, 215), (600, 305), (710, 260), (820, 260))
    for a, b in ((0, 2), (1, 2), (2, 3)):
        c.arrow((nodes[a][0] + 24, nodes[a][1]), (nodes[b][0] - 26, nodes[b][1]), BLUE)
    for (x, y), name in zip(nodes, ("x", "W", "*", "relu"), strict=True):
        c.circle(x, y, 25, PALE_BLUE, name, BLUE)
    good = (
        (250, ("easy to debug", "research, prototypes", "pythonic"), ORANGE),
        (710, ("optimised as a whole", "TF Serving, TF Lite", "production, mobile"), BLUE),
    )
    for x, lines, ink in good:
        for number, line in enumerate(lines):
            y = 370 + number * 42
            c.circle(x - 120, y, 6, ink)
            c.text(x - 100, y, line, 21, anchor="lm")
    c.note("Both run on GPUs and are converging: torch.compile here, eager mode there.")


def gpu_and_cpu(c: Canvas) -> None:
    """Few strong cores against thousands of small ones."""
    c.box(60, 150, 330, 270, "", PALE_BLUE, BLUE)
    for number in range(4):
        x, y = 85 + (number % 2) * 145, 175 + (number // 2) * 115
        c.box(x, y, 130, 100, f"core {number + 1}", PAPER, BLUE, 21)
    c.box(480, 150, 420, 270, "", PALE_GREEN, GREEN)
    for row in range(10):
        for column in range(17):
            c.box(494 + column * 23.3, 163 + row * 24.8, 18, 19, "", GREEN, None, radius=3)
    c.text(225, 122, "CPU: few strong cores", 22, BLUE, bold=True)
    c.text(690, 122, "GPU: thousands of small cores", 22, GREEN, bold=True)
    c.text(225, 448, "one thing after another, fast", 20, MUTED)
    c.text(690, 448, "the same step on many numbers at once", 20, MUTED)
    c.arrow((395, 480), (475, 480), RED, 4)
    c.text(435, 508, "copies between memories cost time", 19, RED)
    c.note("Convolutions are matrix products: what a GPU does in parallel.")


def deployment(c: Canvas) -> None:
    """From a trained model to a monitored service."""
    steps = (
        ("train", PALE_PURPLE, PURPLE), ("compress", PALE_ORANGE, ORANGE),
        ("export", PALE_YELLOW, YELLOW), ("serve", PALE_BLUE, BLUE), ("monitor", PALE_GREEN, GREEN),
    )  # fmt: skip
    what = ("data, versions", "quantise, prune", "ONNX, TorchScript", "API, edge, mobile",
            "latency, drift")  # fmt: skip
    for number, ((name, fill, edge), detail) in enumerate(zip(steps, what, strict=True)):
        x = 35 + number * 184
        c.box(x, 200, 150, 90, name, fill, edge, 24)
        c.text(x + 75, 318, detail, 18, MUTED)
        if number < 4:
            c.arrow((x + 154, 245), (x + 180, 245), GREY)
    c.line([(846, 345), (846, 420), (110, 420)], RED, 4)
    c.arrow((110, 420), (110, 340), RED, 4)
    c.text(480, 398, "data drifts: retrain", 21, RED)
    c.text(480, 470, "latency  -  memory  -  hardware  -  privacy  -  versions", 21, MUTED)
    c.text(480, 140, "requirements of production", 21, MUTED)
    c.note("Deployment goes on after the launch: what is served is watched and renewed.")


def multimodal_fusion(c: Canvas) -> None:
    """Image, text and sound into one network."""
    c.picture(scene(), 50, 120, 150, 104)
    c.box(50, 252, 150, 90, '"two cars in\nthe street"', PALE_GREY, GREY)
    c.box(50, 372, 150, 90, "", PALE_GREY, GREY)
    wave = [(60 + n * 2.6, 417 + 30 * math.sin(n * 0.7) * math.sin(n / 16)) for n in range(51)]
    c.line(wave, TEAL, 3)
    rows = (("CNN", PALE_BLUE, BLUE), ("text encoder", PALE_PURPLE, PURPLE),
            ("audio CNN", PALE_TEAL, TEAL))  # fmt: skip
    for number, (name, fill, edge) in enumerate(rows):
        y = 172 + number * 123
        c.arrow((206, y), (252, y), GREY)
        c.box(260, y - 38, 150, 76, name, fill, edge, 21)
        c.arrow((416, y), (455, y), GREY)
        for cell in range(4):
            c.box(462 + 28 * cell, y - 14, 28, 28, "", fill, edge, radius=0)
        c.arrow((580, y), (640, 295 + (number - 1) * 26), GREY)
    c.box(648, 240, 110, 110, "fusion", PALE_ORANGE, ORANGE, 22)
    c.arrow((764, 295), (798, 295), GREY)
    c.box(805, 250, 120, 90, "answer,\ncaption,\nclass", PALE_GREEN, GREEN)
    c.text(700, 390, "early, late or\nby attention", 19, MUTED)
    c.note("A multi-modal network fuses what images, words and sounds say together.")


def medical_networks(c: Canvas) -> None:
    """Networks for scans and what they give."""
    c.box(60, 150, 220, 280, "", "#20242c", GREY)
    c.circle(170, 290, 92, "#59616e")
    c.circle(135, 290, 36, "#2b3038")
    c.circle(208, 290, 34, "#2b3038")
    c.circle(214, 318, 13, "#e8eaee")
    c.text(170, 458, "scan: CT, MRI, X-ray", 20, MUTED)
    c.arrow((290, 290), (335, 290), GREY)
    rows = (
        ("U-Net", "outlines organs and tumours", PALE_GREEN, GREEN),
        ("VGG-Net", "detects and classifies tumours", PALE_BLUE, BLUE),
        ("ResNet", "trains deep on few labels", PALE_PURPLE, PURPLE),
    )
    for number, (name, gives, fill, edge) in enumerate(rows):
        y = 165 + number * 95
        c.box(345, y, 170, 62, name, fill, edge, 21)
        c.arrow((520, y + 31), (562, y + 31), GREY)
        c.text(575, y + 31, gives, 21, anchor="lm")
    c.frame(196, 300, 36, 36, RED, 3)
    c.note("Medical image analysis: few labelled scans, fine detail, and doctors who decide.")


def feature_pyramid(c: Canvas) -> None:
    """Features at several scales for objects of several sizes."""
    c.picture(scene(), 40, 330, 190, 140)
    levels = ((300, 390, 130, 52), (330, 300, 96, 42), (356, 222, 62, 32))
    for number, (x, y, width, height) in enumerate(levels):
        shift = 20
        c.polygon([(x, y + height), (x + shift, y), (x + shift + width, y),
                   (x + width, y + height)],
                  PALE_BLUE, BLUE)  # fmt: skip
        right = x + 300 + number * 6
        c.polygon(
            [(right, y + height), (right + shift, y), (right + shift + width, y),
             (right + width, y + height)], PALE_GREEN, GREEN,
        )  # fmt: skip
        c.arrow((x + width + 30, y + height / 2), (right - 4, y + height / 2), GREY, 2)
        c.arrow((right + width + 25, y + height / 2), (790, y + height / 2), ORANGE, 3)
        c.text(800, y + height / 2, ("small objects", "middle", "large objects")[number], 20,
               anchor="lm")  # fmt: skip
    c.arrow((235, 410), (292, 414), GREY)
    c.arrow((385, 385), (385, 350), BLUE)
    c.arrow((396, 296), (396, 262), BLUE)
    c.arrow((690, 258), (690, 294), GREEN)
    c.arrow((690, 346), (690, 384), GREEN)
    c.text(390, 175, "bottom-up", 20, BLUE)
    c.text(700, 175, "top-down", 20, GREEN)
    c.note("A feature pyramid sees small and large objects in maps of fitting resolution.")
