"""How passages and images are found. Importing this loads neither FAISS nor an embedder."""

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
