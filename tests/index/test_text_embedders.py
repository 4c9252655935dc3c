"""Embedders give unit vectors, the same from either engine over the same weights."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from index.errors import DeviceError, EmbedderError
from index.identity import EmbedderIdentity, weights_digest
from index.onnx_export import EXPORT_NAME, is_current
from index.text_embedders import (
    OnnxTextEmbedder,
    SentenceTransformersEmbedder,
    cuda_driver_present,
    normalise,
    open_text_embedder,
    resolve_model_folder,
)

TEXTS = [
    "Anchor boxes are pre-defined bounding boxes of different scales and aspect ratios.",
    "a",
    "",
    "Größe, naïve café, 図形認識 and emoji 🙂.",
    "A long text that is cut off by the model. " * 120,
]


def weights_folder() -> Path:
    home = os.environ.get("CV_ASSISTANT_HOME") or platformdirs.user_data_dir("cv-assistant")
    weights = Path(os.environ.get("CV_ASSISTANT_WEIGHTS") or Path(home) / "weights")
    return weights / "all-MiniLM-L6-v2"


@pytest.fixture(scope="module")
def folder() -> Path:
    found = weights_folder()
    if not (found / "model.safetensors").exists():
        pytest.skip(f"no weights in {found}; fetch them with `assistant weights pull`")
    return found


@pytest.fixture(scope="module")
def embedder(folder) -> OnnxTextEmbedder:
    return OnnxTextEmbedder(folder)


def test_normalised_rows_have_length_one_and_zero_stays_zero():
    rows = normalise(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert rows.dtype == np.float32
    assert np.allclose(rows, [[0.6, 0.8], [0.0, 0.0]])


def test_identity_is_the_weights_not_the_folder_name():
    assert EmbedderIdentity("a", "r", 8) == EmbedderIdentity("b", "r", 8)
    assert EmbedderIdentity("a", "r", 8) != EmbedderIdentity("a", "s", 8)


def test_one_changed_byte_is_another_model(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    before = weights_digest(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"weighty")
    assert weights_digest(tmp_path) != before
    (tmp_path / "model-00002.safetensors").write_bytes(b"more")
    assert len(weights_digest(tmp_path)) == 64


@pytest.mark.parametrize("name", ["missing", "missing/deeper/still"])
def test_a_missing_folder_is_an_error_that_names_the_command(tmp_path, name):
    with pytest.raises(EmbedderError) as caught:
        open_text_embedder(tmp_path / name, "cpu")
    assert "assistant weights pull" in caught.value.hint


def test_a_folder_without_weights_is_an_error(tmp_path):
    with pytest.raises(EmbedderError):
        OnnxTextEmbedder(tmp_path)
    with pytest.raises(EmbedderError, match="No model weights"):
        weights_digest(tmp_path)


def test_a_name_that_is_no_hub_name_is_not_asked_of_the_hub():
    with pytest.raises(EmbedderError, match="no model folder"):
        resolve_model_folder("just-a-word")


@pytest.mark.skipif(cuda_driver_present(), reason="this machine has a GPU")
def test_cuda_by_name_without_a_gpu_is_an_error(tmp_path):
    with pytest.raises(DeviceError):
        open_text_embedder(tmp_path, "cuda")


@pytest.mark.slow
def test_both_engines_agree_on_vectors_and_identity(embedder, folder):
    other = SentenceTransformersEmbedder(folder, "cpu")
    assert embedder.identity == other.identity
    assert embedder.identity.dimension == 384
    seen: list[tuple[int, int]] = []
    vectors = embedder.embed_passages(TEXTS, lambda *step: seen.append(step))
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.abs(vectors - other.embed_passages(TEXTS)).max() < 1e-5
    assert np.abs(embedder.embed_query(TEXTS[0]) - other.embed_query(TEXTS[0])).max() < 1e-5
    assert seen[-1] == (5, 5)


@pytest.mark.slow
def test_a_vector_does_not_depend_on_what_it_is_embedded_with(embedder):
    together = embedder.embed_passages(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.abs(embedder.embed_query(text) - vector).max() < 1e-5
    assert embedder.embed_passages([]).shape == (0, 384)


@pytest.mark.slow
def test_meaning_is_nearer_than_words(embedder):
    query, near, far = embedder.embed_passages(
        ["How do I shrink a neural network?", "Model compression", "How do I knit a jumper?"]
    )
    assert query @ near > query @ far


@pytest.mark.slow
def test_the_fast_engine_does_not_import_torch(embedder, folder):
    script = (
        "import sys, index; from index.text_embedders import open_text_embedder;"
        "assert 'onnxruntime' not in sys.modules and 'faiss' not in sys.modules;"
        f"open_text_embedder({str(folder)!r}, 'cpu').embed_query('a');"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.slow
def test_a_truncated_export_is_not_taken_for_a_finished_one(embedder, folder, tmp_path):
    content = (folder / EXPORT_NAME).read_bytes()
    (tmp_path / EXPORT_NAME).write_bytes(content)
    assert is_current(tmp_path / EXPORT_NAME, embedder.identity.revision)
    (tmp_path / EXPORT_NAME).write_bytes(content[: 1 << 20])
    assert not is_current(tmp_path / EXPORT_NAME, embedder.identity.revision)


@pytest.mark.slow
def test_an_export_of_other_weights_is_made_again(embedder, folder, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(folder, copy)
    export = copy / EXPORT_NAME
    digest = embedder.identity.revision.encode()
    content = export.read_bytes()
    assert content.count(digest) == 1
    export.write_bytes(content.replace(digest, b"0" * 64))
    again = OnnxTextEmbedder(copy)
    assert again.identity == embedder.identity
    assert np.abs(again.embed_query("a box") - embedder.embed_query("a box")).max() < 1e-5
    assert sorted(path.name for path in copy.glob("*export*")) == [EXPORT_NAME]


@pytest.mark.slow
def test_a_model_of_another_kind_goes_through_sentence_transformers(folder, tmp_path):
    copy = tmp_path / "cls-pooling"
    shutil.copytree(folder, copy)
    pooling = copy / "1_Pooling" / "config.json"
    modes = json.loads(pooling.read_text()) | {
        "pooling_mode_mean_tokens": False,
        "pooling_mode_cls_token": True,
    }
    pooling.write_text(json.dumps(modes))
    with pytest.raises(EmbedderError):
        OnnxTextEmbedder(copy)
    assert isinstance(open_text_embedder(copy, "cpu"), SentenceTransformersEmbedder)
