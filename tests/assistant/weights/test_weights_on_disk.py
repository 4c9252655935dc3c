"""Weights that lie on this machine."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import WeightsError
from assistant.weights import (
    CATALOGUE,
    DEFAULTS,
    HubSource,
    PackageSource,
    Weights,
    entry_of,
    locate,
    pull,
    resolve_embedder,
    resolve_model,
    status,
    verify,
)

CONTENT = b"GGUF" + bytes(range(256)) * 8


@pytest.fixture
def weights(make_weights, make_file) -> Weights:
    return make_weights(make_file("toy.gguf", CONTENT))


def flip(path: Path, position: int, *, bit: int = 1) -> None:
    """Change one bit, and leave the size and the time of change as they are."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[position] ^= bit
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_weights_that_are_not_here_are_not_located(weights, tmp_path):
    assert locate(weights, tmp_path) is None
    with pytest.raises(WeightsError, match="not in") as failure:
        verify(weights, tmp_path)
    assert "assistant weights pull toy" in failure.value.hint


def test_files_put_there_by_hand_are_checked_and_used(weights, tmp_path):
    (tmp_path / "toy.gguf").write_bytes(CONTENT)
    assert locate(weights, tmp_path) == tmp_path / "toy.gguf"
    assert pull(weights, tmp_path) == tmp_path / "toy.gguf"


def test_a_folder_with_a_missing_file_is_not_located(make_weights, make_file, tmp_path):
    folder = make_weights(make_file("config.json", b"{}"), make_file("model.safetensors", b"t"))
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "config.json").write_bytes(b"{}")
    assert locate(folder, tmp_path) is None
    (tmp_path / "toy" / "model.safetensors").write_bytes(b"t")
    assert locate(folder, tmp_path) == tmp_path / "toy"


@given(position=st.integers(0, len(CONTENT) - 1), bit=st.sampled_from([1 << n for n in range(8)]))
def test_verify_finds_any_flipped_bit_and_deletes_the_file(position, bit, tmp_path_factory):
    import hashlib

    from assistant.weights import WeightsFile

    directory = tmp_path_factory.mktemp("weights")
    file = WeightsFile("toy.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    weights = Weights("toy", "language-model", "Apache-2.0", "Toy.", (file,), ())
    (directory / "toy.gguf").write_bytes(CONTENT)
    assert verify(weights, directory) == directory / "toy.gguf"
    flip(directory / "toy.gguf", position, bit=bit)
    with pytest.raises(WeightsError, match="not the publisher's file"):
        verify(weights, directory)
    assert not (directory / "toy.gguf").exists()


@pytest.mark.parametrize("damage", [CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT), b""])
def test_a_file_that_changed_after_its_check_is_refused_before_use(damage, weights, tmp_path):
    path = tmp_path / "toy.gguf"
    path.write_bytes(CONTENT)
    locate(weights, tmp_path)
    path.write_bytes(damage)
    os.utime(path, ns=(1, 1))
    with pytest.raises(WeightsError, match="has been deleted") as failure:
        locate(weights, tmp_path)
    assert "assistant weights pull toy" in failure.value.hint
    assert locate(weights, tmp_path) is None


def test_a_checked_file_is_not_read_again(weights, tmp_path):
    path = tmp_path / "toy.gguf"
    path.write_bytes(CONTENT)
    locate(weights, tmp_path)
    # Unchanged by size and time: the price of opening at once. `verify` finds it.
    flip(path, 100)
    assert locate(weights, tmp_path) == path


@pytest.mark.parametrize("record", ["", "not JSON", "[]", '{"toy.gguf": 1}'])
def test_a_damaged_record_of_checks_costs_only_another_check(record, weights, tmp_path):
    (tmp_path / "toy.gguf").write_bytes(CONTENT)
    locate(weights, tmp_path)
    (tmp_path / ".verified" / "toy.json").write_text(record, encoding="utf-8")
    assert locate(weights, tmp_path) == tmp_path / "toy.gguf"


def test_the_status_names_every_entry_and_what_is_here(tmp_path):
    rows = {row.name: row for row in status(tmp_path)}
    assert set(rows) == set(CATALOGUE)
    assert not any(row.present for row in rows.values())
    assert {row.name for row in rows.values() if row.is_default} == set(DEFAULTS)


def test_every_entry_of_the_catalogue_can_be_had_and_checked():
    for name, entry in CATALOGUE.items():
        assert entry.name == name
        assert entry.sources, name
        for file in entry.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.size > 0
        for source in entry.sources:
            if isinstance(source, PackageSource):
                assert set(source.members) == {file.path for file in entry.files}
            else:
                assert isinstance(source, HubSource)
                assert len(bytes.fromhex(source.revision)) == 20, "not pinned to a commit"


def test_the_defaults_need_no_hub():
    for name in DEFAULTS:
        assert any(isinstance(source, PackageSource) for source in CATALOGUE[name].sources)


def test_names_are_found_whatever_their_case_and_by_alias():
    assert entry_of("ALL-minilm-l6-V2").name == "all-MiniLM-L6-v2"
    assert entry_of("quality").name == "qwen2.5-1.5b-instruct"
    with pytest.raises(WeightsError, match="no weights named 'nonsense'") as failure:
        entry_of("nonsense")
    assert "assistant weights list" in failure.value.hint


def test_a_language_model_is_found_by_its_path(tmp_path):
    path = tmp_path / "mine.gguf"
    path.write_bytes(CONTENT)
    assert resolve_model(str(path), tmp_path / "weights") == path


def test_a_file_that_is_no_language_model_is_refused(tmp_path):
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(WeightsError, match="not a language model in GGUF format"):
        resolve_model(str(path), tmp_path)


def test_a_catalogue_name_that_is_not_here_says_how_to_get_it(tmp_path):
    for spec in ("default", "quality", "smallest", "qwen2.5-coder-0.5b-instruct"):
        with pytest.raises(WeightsError) as failure:
            resolve_model(spec, tmp_path)
        assert "assistant weights pull" in failure.value.hint
    with pytest.raises(WeightsError, match="all-MiniLM-L6-v2"):
        resolve_embedder("default", tmp_path)


@pytest.mark.parametrize("spec", ["nonsense", "/nowhere/model.gguf", "", "a/b", "default:x"])
def test_a_language_model_that_is_nowhere_is_reported(spec, tmp_path):
    with pytest.raises(WeightsError, match="no language model"):
        resolve_model(spec, tmp_path)


def test_an_embedding_model_is_found_by_its_folder(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    with pytest.raises(WeightsError, match=r"no modules\.json"):
        resolve_embedder(str(folder), tmp_path)
    (folder / "modules.json").write_text("[]", encoding="utf-8")
    assert resolve_embedder(str(folder), tmp_path) == folder


@pytest.mark.parametrize("spec", ["/nowhere/at/all", "a/b/c", "owner/repository:file.gguf", ""])
def test_an_embedding_model_that_is_nowhere_is_reported(spec, tmp_path):
    with pytest.raises(WeightsError, match="no embedding model"):
        resolve_embedder(spec, tmp_path)
