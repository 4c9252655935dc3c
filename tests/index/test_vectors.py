"""The vector index agrees with plain numpy, and a bad checkpoint is never used."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import vectors as vectors_module
from index.errors import DeviceError
from index.identity import EmbedderIdentity
from index.text_embedders import normalise
from index.vectors import VectorIndex, gpu_count

DIMENSION = 16
IDENTITY = EmbedderIdentity("toy", "r1", DIMENSION)


def unit_vectors(count: int, seed: int = 0, dimension: int = DIMENSION):
    return normalise(np.random.default_rng(seed).normal(size=(count, dimension)))


def filled(count: int = 50) -> VectorIndex:
    index = VectorIndex(DIMENSION, "cpu")
    index.add(np.arange(100, 100 + count), unit_vectors(count))
    return index


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 30), max_size=10)), max_size=8),
    k=st.integers(1, 40),
)
def test_after_any_adds_and_removals_search_is_exact(steps, k):
    pool = unit_vectors(31)
    index, held = VectorIndex(DIMENSION, "cpu"), set()
    for adding, chosen in steps:
        if adding:
            new = np.array(sorted(chosen - held), np.int64)
            index.add(new, pool[new])
            held |= chosen
        else:
            assert index.remove(np.array(sorted(chosen), np.int64)) == len(held & chosen)
            held -= chosen
    query = unit_vectors(1, seed=9)[0]
    ids, scores = index.search(query, k)
    expected = sorted(held, key=lambda number: -float(pool[number] @ query))[:k]
    assert ids.tolist() == expected
    assert np.allclose(scores, pool[expected] @ query if expected else [], atol=1e-6)
    assert index.ids == held


def test_an_id_cannot_be_added_twice():
    index = filled(3)
    with pytest.raises(ValueError, match="twice"):
        index.add(np.array([100]), unit_vectors(1))
    assert len(index) == 3


def test_a_large_index_is_partitioned_and_still_finds_and_removes(monkeypatch):
    monkeypatch.setattr(vectors_module, "FLAT_LIMIT", 500)
    centres = unit_vectors(20, seed=1) * 3
    rng = np.random.default_rng(2)
    pool = normalise(centres[rng.integers(0, 20, 3000)] + rng.normal(size=(3000, DIMENSION)))
    index = VectorIndex(DIMENSION, "cpu")
    for start in range(0, 3000, 400):
        numbers = np.arange(start, min(start + 400, 3000))
        index.add(numbers, pool[numbers])
    index.remove(np.arange(0, 3000, 3))
    kept = np.array([n for n in range(3000) if n % 3])
    found = 0
    for query in pool[:100]:
        ids, scores = index.search(query, 10)
        assert not np.any(ids % 3 == 0)
        assert np.allclose(scores, pool[ids] @ query, atol=1e-5)
        best = kept[np.argsort(-(pool[kept] @ query))[:10]]
        found += len(set(ids.tolist()) & set(best.tolist()))
    assert found >= 950


def test_a_partitioned_checkpoint_comes_back_whole(monkeypatch, tmp_path):
    monkeypatch.setattr(vectors_module, "FLAT_LIMIT", 100)
    index = filled(400)
    assert index.write_checkpoint(tmp_path / "v.faiss", 1, IDENTITY)
    loaded = VectorIndex.read_checkpoint(tmp_path / "v.faiss", 1, IDENTITY, "cpu")
    assert loaded is not None
    assert loaded.ids == index.ids
    loaded.remove(np.array([100, 101]))
    loaded.add(np.array([7]), unit_vectors(1, seed=5))
    assert loaded.search(unit_vectors(1, seed=5)[0], 1)[0].tolist() == [7]
    assert 100 not in loaded.search(unit_vectors(400)[0], 50)[0]


def test_a_checkpoint_comes_back_the_same(tmp_path):
    index = filled()
    assert index.write_checkpoint(tmp_path / "v.faiss", 7, IDENTITY)
    loaded = VectorIndex.read_checkpoint(tmp_path / "v.faiss", 7, IDENTITY, "cpu")
    assert loaded is not None
    query = unit_vectors(1, seed=3)[0]
    for mine, theirs in zip(index.search(query, 9), loaded.search(query, 9), strict=True):
        assert np.array_equal(mine, theirs)
    assert not list(tmp_path.glob(".*"))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [truncate, flip, empty, Path.unlink])
@pytest.mark.parametrize("name", ["v.faiss", "v.json"])
def test_a_harmed_checkpoint_is_not_used(tmp_path, harm, name):
    filled().write_checkpoint(tmp_path / "v.faiss", 7, IDENTITY)
    harm(tmp_path / name)
    loaded = VectorIndex.read_checkpoint(tmp_path / "v.faiss", 7, IDENTITY, "cpu")
    # A flipped bit in white space of the manifest changes nothing.
    assert loaded is None or loaded.ids == filled().ids
    assert loaded is None or (harm is flip and name == "v.json")


def test_a_checkpoint_of_another_state_or_model_is_not_used(tmp_path):
    path = tmp_path / "v.faiss"
    filled().write_checkpoint(path, 7, IDENTITY)
    others = [
        (8, IDENTITY),
        (7, EmbedderIdentity("toy", "r2", DIMENSION)),
        (7, EmbedderIdentity("toy", "r1", DIMENSION + 1)),
    ]
    assert all(VectorIndex.read_checkpoint(path, *other, "cpu") is None for other in others)
    manifest = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(manifest | {"count": 49}))
    assert VectorIndex.read_checkpoint(path, 7, IDENTITY, "cpu") is None


def test_a_checkpoint_that_cannot_be_written_is_logged_and_harmless(tmp_path, caplog):
    index = filled()
    assert not index.write_checkpoint(tmp_path / "missing" / "v.faiss", 7, IDENTITY)
    assert "could not be written" in caplog.text
    assert len(index.search(unit_vectors(1)[0], 5)[0]) == 5


@pytest.mark.skipif(gpu_count() > 0, reason="this machine has a GPU")
def test_cuda_by_name_without_a_gpu_is_an_error_and_auto_is_not():
    with pytest.raises(DeviceError, match="no GPU"):
        VectorIndex(DIMENSION, "cuda")
    assert VectorIndex(DIMENSION, "auto").device == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(gpu_count() == 0, reason="needs a GPU that FAISS sees")
def test_the_gpu_finds_what_the_cpu_finds():
    cpu, gpu = VectorIndex(DIMENSION, "cpu"), VectorIndex(DIMENSION, "cuda")
    for index in (cpu, gpu):
        index.add(np.arange(500), unit_vectors(500))
        index.remove(np.arange(0, 500, 2))
    for query in unit_vectors(20, seed=4):
        assert np.array_equal(cpu.search(query, 10)[0], gpu.search(query, 10)[0])


def test_searches_and_changes_from_many_threads_do_not_mix():
    index, pool = filled(200), unit_vectors(200)
    failures: list[BaseException] = []

    def search() -> None:
        try:
            for number in range(100):
                ids, scores = index.search(pool[number], 5)
                assert np.allclose(scores, (pool @ pool[number])[ids % 1000 - 100], atol=1e-5)
        except BaseException as error:
            failures.append(error)

    def change() -> None:
        try:
            for _ in range(50):
                index.add(np.arange(1100, 1200), pool[:100])
                index.remove(np.arange(1100, 1200))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=target) for target in (search, search, change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
