"""Diagrams of the question bank's topics, drawn by the project itself with Pillow alone."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["DIAGRAMS", "draw"]

_MODULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "layers": (
            "convolution",
            "feature_hierarchy",
            "pooling",
            "backpropagation",
            "attention",
            "text_convolution",
            "class_activation",
            "missing_data",
            "unet",
        ),
        "detection": (
            "detector",
            "intersection_over_union",
            "non_maximum_suppression",
            "anchor_boxes",
            "mask_rcnn",
            "semantic_segmentation",
            "instance_segmentation",
            "object_tracking",
            "occlusion",
            "text_recognition",
            "illumination",
        ),
        "training": (
            "transfer_learning",
            "augmentation",
            "distillation",
            "self_supervision",
            "class_imbalance",
            "synthetic_oversampling",
            "ensemble",
            "adversarial_example",
            "noise_and_outliers",
            "multi_label",
            "embedding_space",
            "image_retrieval",
        ),
        "systems": (
            "quantization",
            "distributed_training",
            "frameworks",
            "gpu_and_cpu",
            "deployment",
            "multimodal_fusion",
            "medical_networks",
            "feature_pyramid",
        ),
        "deep_networks": ("residual_connection", "dropout"),
    }
)

DIAGRAMS: tuple[str, ...] = tuple(name for names in _MODULES.values() for name in names)
"""The names of all diagrams."""


def draw(name: str, title: str) -> "Image.Image":
    """Draw a diagram of `DIAGRAMS` under a title: 960 x 600, RGB, the same every time.

    Raises KeyError for another name.
    """
    from importlib import import_module

    from corpus.diagrams.canvas import Canvas

    for module, names in _MODULES.items():
        if name in names:
            paint: Callable[[Canvas], None] = getattr(
                import_module(f"corpus.diagrams.{module}"), name
            )
            canvas = Canvas(title)
            paint(canvas)
            return canvas.finish()
    raise KeyError(name)
