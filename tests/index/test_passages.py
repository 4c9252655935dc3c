"""Documents in, hits out: what a user of the passage index relies on."""

import sqlite3
import threading
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from toy_embedder import ToyEmbedder

from corpus.chunking import ChunkingSettings
from corpus.types import Document, Section
from index import passages as passages_module
from index.errors import EmbedderMismatchError, StoreError
from index.passages import PassageIndex
from index.store import Store
from index.vectors import VectorIndex

NOTES = [
    Document(
        "a",
        "Boxes",
        "Anchor boxes are placed on a grid. They have several sizes.",
        "a.md",
        "text/markdown",
        {"author": "Ada", "year": 2021, "draft": False},
        (Section(0, "Boxes", 3),),
    ),
    Document("b", "", "Pooling shrinks the feature map. The strongest value is kept.", "b.txt"),
    Document("c", "Trackers", "A tracker follows one target through a video.", "c.txt"),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path):
    with Store(path) as opened:
        yield opened


@pytest.fixture
def index(store):
    with PassageIndex.open(store, ToyEmbedder()) as opened:
        opened.add(NOTES)
        yield opened


def found(index: PassageIndex, query: str, **options) -> list[str]:
    return [hit.document.id for hit in index.search(query, **options)]


def test_documents_are_listed_by_page_and_by_words_without_their_texts(index):
    everything = index.list_documents()
    assert everything.total == 3
    assert [one.id for one in everything.documents] == ["a", "b", "c"]
    boxes = everything.documents[0]
    assert (boxes.title, boxes.source, boxes.pages) == ("Boxes", "a.md", 3)
    assert boxes.characters == len(NOTES[0].text)
    assert sum(one.passages for one in everything.documents) == index.counts()[1]
    assert [one.id for one in index.list_documents("TRACK", 0, 5).documents] == ["c"]
    second = index.list_documents(offset=1, limit=1)
    assert ([one.id for one in second.documents], second.total) == (["b"], 3)
    assert index.list_documents("zebra").total == 0
    assert index.list_documents(offset=3).documents == ()


def test_listing_ten_thousand_long_documents_reads_no_text(store, path):
    """Reading all texts would need ten times the memory that is allowed here."""
    long = "x " * 2_000
    with store.transaction("passages") as connection:
        connection.executemany(
            "INSERT INTO documents (id, title, text, source, media_type, metadata, sections,"
            " digest) VALUES (?, 'Title', ?, 's', 'text/plain', '{}', '[]', '')",
            ((f"many/{number}", long) for number in range(10_000)),
        )
    with PassageIndex.open(store, ToyEmbedder()) as index:
        tracemalloc.start()
        page = index.list_documents(offset=9_990)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (page.total, len(page.documents)) == (10_000, 10)
    assert page.documents[-1].id == "many/9999"
    assert most < 4_000_000 < 10_000 * len(long)


def test_a_document_comes_back_as_it_was(index):
    assert index.documents() == NOTES
    assert index.document("a") == NOTES[0]
    assert index.document("nowhere") is None


def test_hits_are_ordered_and_say_who_found_them(index):
    hits = index.search("anchor boxes on a grid")
    assert hits[0].document == NOTES[0]
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert hits[0].ranks == {"dense": 1, "bm25": 1}
    assert hits[0].scores["bm25"] > 0
    for hit in hits:
        assert hit.document.text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert -1 <= hit.scores["dense"] <= 1
    assert "bm25" not in hits[-1].ranks


def test_the_dense_score_is_the_cosine_with_the_best_view(index):
    embedder = ToyEmbedder()
    query = "The strongest value is kept."
    (hit,) = [hit for hit in index.search(query) if hit.document.id == "b"]
    assert hit.scores["dense"] == pytest.approx(1.0, abs=1e-5)
    whole = float(embedder.embed_query(query) @ embedder.embed_query(NOTES[1].text))
    assert whole < 0.95


def test_a_single_retriever_can_be_asked(index):
    assert found(index, "tracker", retrievers=("bm25",)) == ["c"]
    dense = index.search("tracker video", retrievers=("dense",))
    assert dense[0].document.id == "c"
    assert all(set(hit.ranks) <= {"dense"} and "bm25" not in hit.scores for hit in dense)
    words = index.search("tracker", retrievers=("bm25",))
    assert all(set(hit.ranks) == {"bm25"} and "dense" in hit.scores for hit in words)


@pytest.mark.parametrize("query", ["", "   ", "?!", "\x00", '" OR *'[:1]])
def test_a_query_without_words_finds_nothing(index, query):
    assert index.search(query) == []


@pytest.mark.parametrize(
    "query",
    ['anchor" OR title:x NEAR(', "boxes'; DROP TABLE passages; --", "anchor \ud800 boxes\x00"],
)
def test_odd_text_is_searched_for_as_words(index, query):
    assert found(index, query)[0] == "a"
    assert index.counts()[0] == 3


def test_a_question_of_100_000_characters_is_answered(index):
    hits = index.search("anchor boxes grid " + "word " * 20_000)
    assert {hit.document.id: hit.ranks.get("bm25") for hit in hits}["a"] == 1


def test_adding_the_same_again_embeds_nothing(store):
    embedder = ToyEmbedder()
    index = PassageIndex.open(store, embedder)
    assert index.add(NOTES).added == ("a", "b", "c")
    before = embedder.embedded, store.generation("passages")
    assert index.add(NOTES).unchanged == ("a", "b", "c")
    assert (embedder.embedded, store.generation("passages")) == before


def test_a_changed_document_replaces_the_old_one(index):
    changed = replace(NOTES[0], text="Quantization stores weights in eight bits.")
    report = index.add([changed, NOTES[1]])
    assert (report.added, report.replaced, report.unchanged) == ((), ("a",), ("b",))
    assert index.document("a") == changed
    assert found(index, "quantization weights", retrievers=("bm25",)) == ["a"]
    assert found(index, "anchor grid", retrievers=("bm25",)) == []
    assert index.counts() == (3, 3, len(index._vectors))


def test_metadata_alone_is_a_change_too(index):
    changed = replace(NOTES[1], metadata={"page": 4})
    assert index.add([changed]).replaced == ("b",)
    assert index.document("b") == changed


def test_of_documents_with_one_id_the_last_counts(store):
    index = PassageIndex.open(store, ToyEmbedder())
    assert index.add([NOTES[1], replace(NOTES[1], text="Something else.")]).added == ("b",)
    assert [document.text for document in index.documents()] == ["Something else."]


def test_a_removed_document_is_found_no_more(index):
    assert index.remove(["a", "nowhere", "a"]) == ("a",)
    assert "a" not in found(index, "anchor boxes grid")
    assert index.counts()[0] == 2
    assert index.remove(["nowhere"]) == ()
    assert index.remove(["b", "c"]) == ("b", "c")
    assert index.search("pooling") == []
    assert index.counts() == (0, 0, 0)


def test_blank_documents_are_kept_without_passages(store):
    index = PassageIndex.open(store, ToyEmbedder())
    index.add([Document("blank", "", " \n", "blank.txt")])
    assert index.counts() == (1, 0, 0)
    assert index.search("anything") == []


def test_questions_a_document_is_known_to_answer_find_it(store):
    index = PassageIndex.open(store, ToyEmbedder())
    index.add(
        [
            *NOTES,
            Document(
                "d",
                "",
                "Teachers train students.",
                "d",
                metadata={"also_asked": "How is a heavy net squeezed?\n\nWhat is compression?"},
            ),
        ]
    )
    hit = index.search("How is a heavy net squeezed?")[0]
    assert (hit.document.id, hit.passage.text) == ("d", "Teachers train students.")
    assert hit.scores["dense"] == pytest.approx(1.0, abs=1e-5)
    assert found(index, "compression", retrievers=("bm25",)) == ["d"]


def test_progress_counts_passages_up_to_all_of_them(store, monkeypatch):
    monkeypatch.setattr(passages_module, "_TEXTS_PER_COMMIT", 20)
    index = PassageIndex.open(store, ToyEmbedder(), ChunkingSettings(100))
    seen: list[tuple[int, int]] = []
    documents = [
        Document(str(n), "", "One sentence that is rather long, it goes on and on. " * 9, "x")
        for n in range(6)
    ]
    index.add(documents, lambda done, total: seen.append((done, total)))
    total = index.counts()[1]
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)
    assert len(seen) > 3
    assert store.generation("passages") > 1


def test_distinct_leaves_out_what_was_said_before(store):
    text = "Pooling shrinks the map. It keeps the strongest value of each region."
    index = PassageIndex.open(store, ToyEmbedder())
    index.add(
        [
            Document("one", "", text, "1"),
            Document("two", "", text.replace("each", "every"), "2"),
            Document("three", "", "Pooling layers have no weights. They are cheap.", "3"),
        ]
    )
    assert sorted(found(index, "pooling map")) == ["one", "three", "two"]
    assert len(found(index, "pooling map strongest value", distinct=True)) == 2
    assert "three" in found(index, "pooling map strongest value", distinct=True)


def test_another_embedder_or_chunker_is_refused_and_rebuild_is_named(store):
    PassageIndex.open(store, ToyEmbedder()).add(NOTES)
    for embedder, settings in [
        (ToyEmbedder("other"), ChunkingSettings()),
        (ToyEmbedder(dimension=32), ChunkingSettings()),
        (ToyEmbedder(), ChunkingSettings(400)),
    ]:
        with pytest.raises(EmbedderMismatchError) as caught:
            PassageIndex.open(store, embedder, settings)
        assert "assistant index rebuild" in caught.value.hint


def test_rebuild_makes_everything_anew_from_what_is_stored(store):
    PassageIndex.open(store, ToyEmbedder()).add(NOTES)
    seen: list[tuple[int, int]] = []
    other = ToyEmbedder("other", 32)
    with PassageIndex.open(
        store, other, rebuild=True, progress=lambda *step: seen.append(step)
    ) as index:
        assert index.documents() == NOTES
        assert found(index, "anchor boxes grid")[0] == "a"
    assert seen[-1] == (3, 3)
    with PassageIndex.open(store, other) as index:
        assert found(index, "anchor boxes grid")[0] == "a"


def test_a_rebuild_by_someone_else_is_noticed(index, path):
    with Store(path) as other_store:
        PassageIndex.open(other_store, ToyEmbedder("other"), rebuild=True)
    with pytest.raises(EmbedderMismatchError):
        index.search("anchor boxes")
    with pytest.raises(EmbedderMismatchError):
        index.add([Document("d", "", "Late.", "d")])


def test_what_another_process_changes_is_seen_at_the_next_search(index, path):
    with Store(path) as other_store, PassageIndex.open(other_store, ToyEmbedder()) as other:
        other.remove(["a"])
        other.add([Document("d", "", "Quantization stores weights in eight bits.", "d")])
    assert found(index, "quantization bits")[0] == "d"
    assert "a" not in found(index, "anchor boxes grid")
    assert index._vectors.ids == set(index._rows.vector_table().numbers.tolist())


def checkpoint_files(path):
    return sorted(path.parent.glob("*.faiss")) + sorted(path.parent.glob("*.json"))


def test_closing_leaves_a_checkpoint_that_the_next_opening_uses(store, path, monkeypatch):
    with PassageIndex.open(store, ToyEmbedder()) as index:
        index.add(NOTES)
        expected = index.search("anchor boxes")
    assert len(checkpoint_files(path)) == 2
    added = []
    plain_add = VectorIndex.add
    monkeypatch.setattr(
        VectorIndex,
        "add",
        lambda self, ids, vectors: (added.append(len(ids)), plain_add(self, ids, vectors)),
    )
    with PassageIndex.open(store, ToyEmbedder()) as index:
        assert sum(added) == 0
        assert index.search("anchor boxes") == expected


@pytest.mark.parametrize("harm", ["truncated", "flipped", "deleted", "stale"])
def test_a_bad_checkpoint_changes_no_result(store, path, harm):
    with PassageIndex.open(store, ToyEmbedder()) as index:
        index.add(NOTES[:2])
    file = checkpoint_files(path)[0]
    content = file.read_bytes()
    with PassageIndex.open(store, ToyEmbedder()) as index:
        index.add(NOTES)
        expected = index.search("tracker of boxes")
    if harm == "truncated":
        file.write_bytes(file.read_bytes()[:100])
    elif harm == "flipped":
        newer = bytearray(file.read_bytes())
        newer[-100] ^= 255
        file.write_bytes(bytes(newer))
    elif harm == "deleted":
        file.unlink()
    else:
        file.write_bytes(content)
    with PassageIndex.open(store, ToyEmbedder()) as index:
        assert index.search("tracker of boxes") == expected


def test_a_checkpoint_that_cannot_be_written_is_only_logged(store, path, monkeypatch, caplog):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.vectors._replace", full)
    with PassageIndex.open(store, ToyEmbedder()) as index:
        index.add(NOTES)
    assert "No space left" in caplog.text
    with PassageIndex.open(store, ToyEmbedder()) as index:
        assert found(index, "anchor boxes")[0] == "a"


def test_a_full_disk_keeps_what_was_committed(store, monkeypatch):
    monkeypatch.setattr(passages_module, "_TEXTS_PER_COMMIT", 1)
    index = PassageIndex.open(store, ToyEmbedder())
    index.add(NOTES)
    with store.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    more = [Document(f"m{n}", "", f"Extra sentence {n}. " * 40, "m") for n in range(40)]
    with pytest.raises(StoreError, match="full"):
        index.add(more)
    kept = index.counts()[0]
    assert 3 <= kept < 43
    assert found(index, "anchor boxes grid")[0] == "a"
    with store.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    report = index.add(more)
    assert len(report.unchanged) == kept - 3
    assert index.counts()[0] == 43


def test_a_stored_document_that_was_harmed_is_an_error(index, path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE documents SET metadata = '{' WHERE id = 'a'")
    with pytest.raises(StoreError, match="damaged"):
        index.document("a")


def test_searches_while_documents_come_and_go(index):
    failures: list[BaseException] = []

    def search() -> None:
        try:
            for _ in range(60):
                hits = index.search("pooling map strongest value")
                assert hits[0].document.id == "b"
                for hit in hits:
                    assert hit.document.text[hit.passage.start : hit.passage.end] == (
                        hit.passage.text
                    )
        except BaseException as error:
            failures.append(error)

    def change() -> None:
        try:
            for turn in range(15):
                index.add([replace(NOTES[0], text=f"Anchor boxes, version {turn}.")])
                index.remove(["c"])
                index.add([NOTES[2]])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=target) for target in (search, search, search, change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert index.counts()[0] == 3
    assert np.array_equal(sorted(index._vectors.ids), index._rows.vector_table().numbers)
