"""Makes `import torchvision` work beside a torch that was built without CUDA.

The package index holds no CPU build of torchvision. Its CUDA build registers its operators from
a library that needs CUDA; without one, `import torchvision` fails with "operator torchvision::nms
does not exist", and with it every package that imports torchvision when it is installed
(open_clip, timm, sentence-transformers through transformers). Declaring the two operators that
torchvision looks up while it is imported is enough: nothing here ever calls them.
"""

import importlib.util
import sys
from functools import cache

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def declare_torchvision_operators() -> object | None:
    """Declare torchvision's operators where its own library cannot be loaded.

    Call it before the first import of torchvision, open_clip, timm or sentence_transformers;
    further calls cost nothing. Does nothing when torch has a CUDA build, when torchvision is
    absent or already imported, or when the operators exist. Imports torch.

    Returns what holds the declaration (the cache keeps it alive), None if nothing was declared.
    """
    if "torchvision" in sys.modules or importlib.util.find_spec("torchvision") is None:
        return None
    import torch

    if torch.version.cuda is not None:
        return None
    library = torch.library.Library("torchvision", "DEF")
    for operator in _OPERATORS:
        if not hasattr(torch.ops.torchvision, operator.partition("(")[0]):
            library.define(operator)
    return library
