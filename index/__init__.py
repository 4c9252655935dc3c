"""How passages and images are found. Importing this loads neither FAISS nor an embedder."""

from typing import TYPE_CHECKING

from corpus.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from index.errors import DeviceError, EmbedderError, EmbedderMismatchError, StoreError
    from index.identity import EmbedderIdentity
    from index.passages import AddReport, PassageIndex
    from index.store import Store
    from index.text_embedders import TextEmbedder, open_text_embedder
    from index.types import Hit, ImageHit

__all__ = [
    "AddReport",
    "DeviceError",
    "EmbedderError",
    "EmbedderIdentity",
    "EmbedderMismatchError",
    "Hit",
    "ImageHit",
    "PassageIndex",
    "Store",
    "StoreError",
    "TextEmbedder",
    "open_text_embedder",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "AddReport": "index.passages",
        "DeviceError": "index.errors",
        "EmbedderError": "index.errors",
        "EmbedderIdentity": "index.identity",
        "EmbedderMismatchError": "index.errors",
        "Hit": "index.types",
        "ImageHit": "index.types",
        "PassageIndex": "index.passages",
        "Store": "index.store",
        "StoreError": "index.errors",
        "TextEmbedder": "index.text_embedders",
        "open_text_embedder": "index.text_embedders",
    },
)
