"""A process that is killed while it adds documents leaves only whole documents behind."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from toy_embedder import ToyEmbedder

from corpus.types import Document
from index.passages import PassageIndex
from index.store import Store

DOCUMENTS = 400
SENTENCES = 6

ADDING = textwrap.dedent("""
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from test_crash import documents
    from toy_embedder import ToyEmbedder
    from index import passages
    from index.passages import PassageIndex
    from index.store import Store
    passages._TEXTS_PER_COMMIT = 8
    passages._CHECKPOINT_AFTER = 1
    first, last = int(sys.argv[3]), int(sys.argv[4])
    with Store(Path(sys.argv[1])) as store, PassageIndex.open(store, ToyEmbedder()) as index:
        print("ready", flush=True)
        for start in range(first, last, 20):
            index.add(documents()[start:min(start + 20, last)])
            print(start, flush=True)
""")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


def documents() -> list[Document]:
    return [
        Document(
            f"d{n}",
            f"Note {n}",
            " ".join(
                f"Sentence {line} of note{n} tells about topic{n}." for line in range(SENTENCES)
            ),
            "notes",
        )
        for n in range(DOCUMENTS)
    ]


def start(path: Path, first: int = 0, last: int = DOCUMENTS) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", ADDING, path, Path(__file__).parent, str(first), str(last)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def check_whole(path: Path) -> int:
    """Every stored document is complete and found; returns how many there are."""
    by_id = {document.id: document for document in documents()}
    with Store(path) as store, PassageIndex.open(store, ToyEmbedder()) as index:
        store.check_integrity()
        stored = index.documents()
        assert all(document == by_id[document.id] for document in stored)
        _, passages, vectors = index.counts()
        assert passages == len(stored)
        assert vectors == len(stored) * (1 + SENTENCES)
        assert index._vectors.ids == set(index._rows.vector_table().numbers.tolist())
        for document in stored[:: max(1, len(stored) // 20)]:
            hit = index.search(document.text.split(". ")[0])[0]
            assert hit.document == document
            assert hit.ranks == {"dense": 1, "bm25": 1}
        return len(stored)


@pytest.mark.parametrize("milliseconds", [0, 20, 90, 250, 600])
def test_after_a_kill_there_are_only_whole_documents_and_adding_goes_on(tmp_path, milliseconds):
    path = tmp_path / "store.sqlite"
    process = start(path)
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate()
    kept = check_whole(path)
    # What was reported as added is there.
    assert kept >= 20 * len(output.split())
    with Store(path) as store, PassageIndex.open(store, ToyEmbedder()) as index:
        report = index.add(documents()[: kept + 10])
        assert len(report.unchanged) == kept
        assert not report.replaced
    assert check_whole(path) == min(kept + 10, DOCUMENTS)


def test_two_processes_may_add_at_the_same_time(tmp_path):
    path = tmp_path / "store.sqlite"
    both = [start(path, 0, 100), start(path, 100, 200)]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    assert check_whole(path) == 200
