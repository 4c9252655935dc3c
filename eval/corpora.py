"""Opens the assistant over a data set's documents, in an index of their own."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.types import Document

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.settings import Settings
    from index.passages import PassageIndex
    from index.store import Store

Progress = Callable[[int, int, str], None]

# What decides how documents are cut and embedded: another version of it needs another index.
_RECIPE = (
    "corpus/chunking.py",
    "corpus/sentences.py",
    "index/views.py",
    "index/passage_store.py",
    "index/schema.py",
    "index/text_embedders.py",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """The assistant that is measured, and its index for searches with one retriever alone."""

    assistant: "Assistant"
    passages: "PassageIndex"


@contextmanager
def bench_over(
    settings: "Settings",
    documents: Sequence[Document] | None,
    name: str,
    progress: Progress | None = None,
) -> Iterator[Bench]:
    """The assistant over `documents` alone, or over the user's corpus where they are None.

    The index of a data set is kept in the home below `eval`, so that the next run need not embed
    again; it is made anew when the documents, the embedder or the way of cutting change.

    Raises what `Assistant.open` raises.
    """
    from assistant.assistant import Assistant
    from assistant.corpus_index import open_passages, open_store

    if documents is None:
        store = open_store(settings)
        try:
            passages = open_passages(settings, store, progress)
        except BaseException:
            store.close()
            raise
    else:
        store, passages = _data_set_index(settings, documents, name, progress)
    with Assistant(settings, store, passages) as assistant:
        yield Bench(assistant, passages)


def _data_set_index(
    settings: "Settings", documents: Sequence[Document], name: str, progress: Progress | None
) -> "tuple[Store, PassageIndex]":
    from assistant.weights import resolve_embedder
    from index.passages import PassageIndex
    from index.store import Store
    from index.text_embedders import open_text_embedder

    def embedding(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total, f"Embedding {name}")

    model = resolve_embedder(settings.embedder, settings.weights_directory, progress=progress)
    embedder = open_text_embedder(model, settings.device)
    folder = settings.home / "eval" / f"{name}-{_key(documents, embedder.identity.revision)}"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder / "store.sqlite")
    try:
        passages = PassageIndex.open(store, embedder, device=settings.device)
        passages.add(documents, progress=embedding)
    except BaseException:
        store.close()
        raise
    return store, passages


def _key(documents: Sequence[Document], embedder: str) -> str:
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(embedder.encode())
    for document in documents:
        digest.update(repr((document.id, document.title, document.text)).encode())
        digest.update(repr(sorted(document.metadata.items())).encode())
    for file in _RECIPE:
        path = root / file
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()[:12]
