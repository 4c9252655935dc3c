"""Views of a photograph: the changes that the question bank talks about, each with its words.

They are strong enough to be seen at a glance and weak enough that a person still knows the photo.
Sizes are shares of the image, so that small and large photographs change alike; what is random
is drawn from a seed, so that a view is the same picture every time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    Pixels = np.ndarray[tuple[Any, ...], np.dtype[np.floating[Any]]]

_WHITE = 255
_SEED = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A way to change a photograph; `words` go after its title, `answers` are bank numbers.

    `apply` takes an RGB image and returns one of the same size.
    """

    name: str
    words: str
    answers: tuple[int, ...]
    caption: str
    apply: Callable[["Image"], "Image"]


def _rotated(image: "Image") -> "Image":
    """Turned by 18 degrees, then cut to the largest similar part without empty corners."""
    from PIL import Image

    angle = math.radians(18)
    width, height = image.size
    cos, sin = math.cos(angle), math.sin(angle)
    share = min(width / (width * cos + height * sin), height / (width * sin + height * cos))
    return _zoomed(image.rotate(math.degrees(angle), Image.Resampling.BICUBIC), share)


def _cropped(image: "Image") -> "Image":
    return _zoomed(image, 0.62)


def _zoomed(image: "Image", share: float) -> "Image":
    from PIL import Image

    width, height = image.size
    left, top = width * (1 - share) / 2, height * (1 - share) / 2
    part = (left, top, width - left, height - top)
    return image.resize(image.size, Image.Resampling.BICUBIC, box=part)


def _flipped(image: "Image") -> "Image":
    from PIL import ImageOps

    return ImageOps.mirror(image)


def _moved(image: "Image") -> "Image":
    """Moved right and down by a seventh; what comes in is black."""
    from PIL import Image

    moved = Image.new("RGB", image.size)
    moved.paste(image, (image.width // 7, image.height // 7))
    return moved


def _brighter(image: "Image") -> "Image":
    return _image(_pixels(image) * 1.5)


def _with_less_contrast(image: "Image") -> "Image":
    pixels = _pixels(image)
    return _image((pixels - pixels.mean()) * 0.4 + pixels.mean())


def _noisy(image: "Image") -> "Image":
    """With Gaussian noise of a tenth of the range of brightness."""
    pixels = _pixels(image)
    return _image(pixels + _random().normal(0, 0.1 * _WHITE, pixels.shape))


def _cut_out(image: "Image") -> "Image":
    """Without a rectangle of a third of each side (Cutout: DeVries and Taylor, 2017)."""
    pixels = _pixels(image)
    height, width = pixels.shape[:2]
    top, left = height // 2, width // 5
    pixels[top : top + height // 3, left : left + width // 3] = _WHITE // 2
    return _image(pixels)


def _blurred(image: "Image") -> "Image":
    from PIL import ImageFilter

    return image.filter(ImageFilter.GaussianBlur(max(image.size) / 130))


def _motion_blurred(image: "Image") -> "Image":
    """Averaged over a horizontal movement of a thirtieth of the width."""
    import numpy as np

    pixels = _pixels(image)
    reach = image.width // 60
    wide = np.pad(pixels, ((0, 0), (reach, reach), (0, 0)), mode="edge")
    total = np.zeros_like(pixels)
    for shift in range(2 * reach + 1):
        total += wide[:, shift : shift + image.width]
    return _image(total / (2 * reach + 1))


def _in_low_light(image: "Image") -> "Image":
    """At a quarter of the light, with the noise of a dark sensor."""
    pixels = _pixels(image)
    return _image(pixels * 0.25 + _random().normal(0, 0.02 * _WHITE, pixels.shape))


def _equalised(image: "Image") -> "Image":
    """With the histogram of its brightness spread evenly; the colours keep their hue."""
    from PIL import Image, ImageOps

    light, *hue = image.convert("YCbCr").split()
    return Image.merge("YCbCr", (ImageOps.equalize(light), *hue)).convert("RGB")


def _with_a_cast(image: "Image") -> "Image":
    """With a warm cast: more red, less blue."""
    import numpy as np

    return _image(_pixels(image) * np.array([1.25, 0.95, 0.65], dtype=np.float32))


def _in_perspective(image: "Image") -> "Image":
    """Seen from the side: the left edge nearer, the right edge farther away."""
    from PIL import Image

    width, height = image.size
    # The part of the photo that fills the frame: upper left corner, then against the clock.
    part = (0, 0.16 * height, 0, 0.84 * height, 0.94 * width, height, 0.94 * width, 0)
    return image.transform(image.size, Image.Transform.QUAD, part, Image.Resampling.BICUBIC)


CHANGES: tuple[Change, ...] = (
    Change("rotation", "rotated", (4, 34, 25), "rotation rotated turned tilted", _rotated),
    Change("flip", "flipped", (4, 34), "flip mirrored horizontal reflection", _flipped),
    Change("crop", "cropped and zoomed", (4, 34, 22), "crop zoom scale close-up", _cropped),
    Change("translation", "moved", (4, 34, 16), "translation shifted moved", _moved),
    Change("brightness", "brighter", (33, 4, 15), "brightness bright overexposed", _brighter),
    Change("contrast", "with less contrast", (33, 15, 4), "low contrast fog", _with_less_contrast),
    Change("noise", "with noise", (39, 34), "noise noisy grain gaussian", _noisy),
    Change("cutout", "with a part cut out", (34, 15, 19, 32), "cutout occlusion masked", _cut_out),
    Change("blur", "blurred", (39, 25), "blur blurred out of focus", _blurred),
    Change("motion-blur", "blurred by motion", (22, 39), "motion blur moving", _motion_blurred),
    Change("low-light", "in low light", (33, 15), "low light dark night", _in_low_light),
    Change("colour", "with a warm cast", (34, 33), "colour jitter warm tint", _with_a_cast),
    Change("equalised", "equalised", (33, 15), "histogram equalisation contrast", _equalised),
    Change("perspective", "in perspective", (4, 25), "perspective slanted view", _in_perspective),
)


def changes_of(position: int) -> tuple[Change, ...]:
    """The changes of the photograph at a place of the table: every second one, in turn."""
    return CHANGES[position % 2 :: 2]


def _pixels(image: "Image") -> "Pixels":
    import numpy as np

    return np.array(image, dtype=np.float32)


def _image(pixels: "Pixels") -> "Image":
    import numpy as np
    from PIL import Image

    return Image.fromarray(np.clip(np.rint(pixels), 0, _WHITE).astype(np.uint8), "RGB")


def _random() -> "np.random.Generator":
    import numpy as np

    return np.random.default_rng(_SEED)
