"""How long a search of the question bank takes, beside its floor: embedding the question.

`python -m eval.benchmarks.search` prints one line of JSON. Figures of a busy machine say little:
the ratio to the floor, taken in the same seconds, says more than the milliseconds.
"""

import json
import os
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from assistant.settings import Settings
from assistant.weights import resolve_embedder
from corpus.also_asked import load_shipped_bank
from eval.datasets.bank_questions import read_bank_questions
from index.passages import PassageIndex
from index.store import Store
from index.text_embedders import open_text_embedder


@click.command()
@click.option("--questions", default=200, show_default=True, help="How many searches to time.")
def main(questions: int) -> None:
    """Time whole searches and their floor over the bank, question by question."""
    settings = Settings.load()
    started = time.perf_counter()
    embedder = open_text_embedder(
        resolve_embedder(settings.embedder, settings.weights_directory), settings.device
    )
    embedder.embed_query("warm up")
    opened = time.perf_counter() - started
    texts = [question.text for question in read_bank_questions("dev").questions]
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(Path(folder) / "store.sqlite") as store,
        PassageIndex.open(store, embedder, device=settings.device) as index,
    ):
        started = time.perf_counter()
        index.add(load_shipped_bank())
        added = time.perf_counter() - started
        index.search(texts[0], distinct=True)
        floor, whole = [], []
        for place in range(questions):
            text = texts[place % len(texts)]
            started = time.perf_counter()
            embedder.embed_query(text)
            floor.append(time.perf_counter() - started)
            started = time.perf_counter()
            index.search(text, k=5, distinct=True)
            whole.append(time.perf_counter() - started)
        documents, passages, vectors = index.counts()
    figures = {
        "embedder": str(embedder.identity),
        "engine": type(embedder).__name__,
        "open_embedder_s": round(opened, 2),
        "documents": documents,
        "passages": passages,
        "vectors": vectors,
        "add_bank_s": round(added, 2),
        "embed_ms": _quantiles(floor),
        "search_ms": _quantiles(whole),
        "search_over_embed": round(float(np.median(whole) / np.median(floor)), 2),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }
    click.echo(json.dumps(figures, indent=1))


def _quantiles(seconds: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(seconds, [50, 95])
    return {"p50": round(1000 * float(p50), 2), "p95": round(1000 * float(p95), 2)}


if __name__ == "__main__":
    main()
