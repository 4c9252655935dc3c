"""Opens the index of passages that the settings name, with the bank of questions in it."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from corpus.also_asked import load_shipped_bank

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.passages import PassageIndex
    from index.store import Store

Progress = Callable[[int, int, str], None]

STORE_FILE = "store.sqlite"
BANK_NOTE = "question-bank"


def open_store(settings: "Settings") -> "Store":
    """The file that holds documents, passages and images.

    Raises:
        StoreError: it cannot be opened.
    """
    from index.store import Store

    return Store(settings.index_directory / STORE_FILE)


def open_passages(
    settings: "Settings",
    store: "Store",
    progress: Progress | None = None,
    *,
    rebuild: bool = False,
) -> "PassageIndex":
    """The passages of a store; on the first opening, the bank's 50 answers become its documents.

    `rebuild` cuts and embeds every stored document again, with the embedder of the settings.

    Raises:
        WeightsError: the embedding model is not here.
        EmbedderMismatchError: the store was made with another embedder, and `rebuild` is false.
        StoreError: the store cannot be read or written.
    """
    from assistant.weights import resolve_embedder
    from index.passages import PassageIndex
    from index.text_embedders import open_text_embedder

    folder = resolve_embedder(settings.embedder, settings.weights_directory, progress=progress)
    embedder = open_text_embedder(folder, settings.device)

    def embedding(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total, "Embedding passages")

    passages = PassageIndex.open(
        store, embedder, device=settings.device, rebuild=rebuild, progress=embedding
    )
    _seed(store, passages, embedding)
    return passages


def _seed(store: "Store", passages: "PassageIndex", progress: Callable[[int, int], None]) -> None:
    """Add the shipped bank once; noted when it is whole, so an interrupted one is gone on with.

    A user who removes some of it does not get it back, until a new version of the bank is shipped.
    """
    bank = load_shipped_bank()
    digest = hashlib.sha256(repr(bank).encode()).hexdigest()
    if store.note(BANK_NOTE) != digest:
        passages.add(bank, progress=progress)
        store.write_note(BANK_NOTE, digest)
