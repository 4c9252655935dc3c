"""A folder of images whose sub-folders name what is on them."""

from dataclasses import dataclass
from pathlib import Path

from eval.datasets.files import require
from eval.datasets.types import DataSetError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic"})


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image file and its label, the name of its folder."""

    path: Path
    label: str


def read_labelled_images(folder: Path, per_label: int | None = None) -> list[LabelledImage]:
    """The images below each sub-folder, in order of name; the first `per_label` of each.

    Raises:
        DataSetError: there are not two labels with an image.
    """
    images: list[LabelledImage] = []
    for label in sorted(path for path in require(folder, "image folder").iterdir()):
        if label.is_dir():
            files = sorted(path for path in label.rglob("*") if path.suffix.lower() in SUFFIXES)
            images += [LabelledImage(path, label.name) for path in files[:per_label]]
    if len({image.label for image in images}) < 2:
        raise DataSetError(
            f"{folder} does not hold images of two labels.",
            hint="Give each label a sub-folder with its images in it.",
        )
    return images
