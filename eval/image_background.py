"""What an image encoder makes of photographs as such: mean features, light and blur, chance.

The photographs are those that scikit-image and scikit-learn carry, read in place. None of them is
labelled; they tell what pictures have in common, so that it can be taken away.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from index.efficientnet_lite import EfficientNetLite
from index.image_calibration import Background
from index.image_encoders import ImageTextEncoder

Array = NDArray[np.float32]
Change = Callable[[Image.Image], Image.Image]

_SKIMAGE = (
    "astronaut.png brick.png camera.png cell.png chelsea.png clock_motion.png coffee.png "
    "coins.png grass.png gravel.png horse.png hubble_deep_field.jpg ihc.png moon.png "
    "motorcycle_left.png page.png retina.jpg rocket.jpg text.png"
)
_SKLEARN = ("china.jpg", "flower.jpg")
_CROPS = 16
_FULL_SIZE, _SMALL_SIZE, _SMALL_INPUT = 224, 32, 160
_CHANGED_CROPS = 4
# A collection of one kind (tiny pictures, X-rays) lies further off than these photographs do from
# one another.
_SMALLEST_DRIFT = 0.07


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`feature_mean` is float32 (1280,), of square-rooted features.

    `directions` are unit vectors, float32 (len(conditions), d), from plain pictures to the same
    ones under a condition; `conditions` are its words.
    """

    feature_mean: Array
    directions: Array
    conditions: Mapping[str, tuple[str, ...]]


def _dark(image: Image.Image) -> Image.Image:
    dimmed = ImageEnhance.Brightness(image).enhance(0.22)
    return Image.merge(
        "RGB",
        [
            channel.point(lambda v, f=factor: int(v * f))
            for channel, factor in zip(dimmed.split(), (0.85, 0.95, 1.25), strict=True)
        ],
    )


def _noisy(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, 45, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


_CONDITIONS: Mapping[str, tuple[Change, tuple[str, ...]]] = MappingProxyType(
    {
        "low light": (
            _dark,
            ("night", "at night", "in the dark", "low light", "darkness", "dark", "night time",
             "dimly lit scene", "underexposed"),
        ),
        "bright light": (
            lambda image: ImageEnhance.Brightness(image).enhance(2.0),
            ("bright light", "overexposed", "in bright sunlight", "too bright"),
        ),
        "blur": (
            lambda image: image.filter(ImageFilter.GaussianBlur(image.width / 60)),
            ("blurred", "blurry", "out of focus", "unsharp"),
        ),
        "noise": (_noisy, ("noisy", "grainy", "noise", "film grain")),
        "black and white": (
            lambda image: image.convert("L").convert("RGB"),
            ("black and white", "greyscale", "grayscale", "monochrome", "without colour"),
        ),
    }
)  # fmt: skip


def packaged_photographs() -> list[Image.Image]:
    """The photographs, RGB, at most 512 pixels wide and high."""
    skimage, sklearn = files("skimage") / "data", files("sklearn") / "datasets" / "images"
    photographs = []
    for path in [
        *(skimage / name for name in _SKIMAGE.split()),
        *(sklearn / name for name in _SKLEARN),
    ]:
        with path.open("rb") as file:
            image = Image.open(file).convert("RGB")
        image.thumbnail((512, 512), Image.Resampling.LANCZOS)
        photographs.append(image)
    return photographs


def crops(photographs: Sequence[Image.Image], count: int, seed: int = 0) -> list[Image.Image]:
    """`count` square crops of each photograph, of random place and size, half of them mirrored."""
    random = np.random.default_rng(seed)
    found = []
    for photograph in photographs:
        for number in range(count):
            side = min(photograph.size) * random.uniform(0.35, 1)
            left = random.uniform(0, photograph.width - side)
            top = random.uniform(0, photograph.height - side)
            crop = photograph.crop((int(left), int(top), int(left + side), int(top + side)))
            mirrored = number % 2 == 1
            found.append(crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else crop)
    return found


def measure_surroundings(tower: EfficientNetLite, projection: NDArray[np.float16]) -> Surroundings:
    """Mean features over crops, large and tiny, and the directions of the conditions."""
    photographs = packaged_photographs()
    sharp = [_resized(crop, _FULL_SIZE) for crop in crops(photographs, _CROPS)]
    tiny = [_resized(_resized(crop, _SMALL_SIZE), _SMALL_INPUT) for crop in sharp]
    rooted = [_rooted(tower, sharp), _rooted(tower, tiny)]
    mean = (rooted[0].mean(0) + rooted[1].mean(0)) / 2

    plain = sharp[:: _CROPS // _CHANGED_CROPS]
    base = _rooted(tower, plain)
    directions = []
    for change, _ in _CONDITIONS.values():
        moved = (_rooted(tower, [change(crop) for crop in plain]) - base) @ projection
        direction = moved.mean(0)
        directions.append(direction / np.linalg.norm(direction))
    return Surroundings(
        feature_mean=mean.astype(np.float32),
        directions=np.array(directions, np.float32),
        conditions={name: words for name, (_, words) in _CONDITIONS.items()},
    )


def measure_backgrounds(
    encoder: ImageTextEncoder, texts: Sequence[str]
) -> tuple[Background, Background]:
    """How an encoder's cosines lie between unrelated pictures, and between pictures and texts.

    Pictures are crops of different photographs; `texts` should be everyday nouns of all kinds.
    """
    per_photograph = 3
    pictures = encoder.embed_images(crops(packaged_photographs(), per_photograph, seed=1))
    owner = np.repeat(np.arange(len(pictures) // per_photograph), per_photograph)
    between = pictures @ pictures.T
    return (
        _background([row[owner != own] for row, own in zip(between, owner, strict=True)]),
        _background(list(encoder.embed_texts(texts) @ pictures.T)),
    )


def _background(rows: Sequence[Array]) -> Background:
    means = np.array([np.median(row) for row in rows])
    return Background(
        mean=round(float(means.mean()), 4),
        spread=round(float(np.mean([row.std() for row in rows])), 4),
        drift=round(max(float(means.std()), _SMALLEST_DRIFT), 4),
    )


def _rooted(tower: EfficientNetLite, images: Sequence[Image.Image]) -> Array:
    pixels = (np.asarray(im, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1 for im in images)
    features = np.concatenate([tower.features(np.ascontiguousarray(p)) for p in pixels])
    return np.sqrt(np.maximum(features, 0))


def _resized(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BICUBIC)
