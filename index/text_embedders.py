"""Texts to unit vectors, by ONNX Runtime or by sentence-transformers."""

import ctypes
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import DeviceError, EmbedderError
from index.identity import EmbedderIdentity, weights_digest
from index.onnx_export import EXPORT_NAME, export_onnx, exported_digest, open_session

Device = Literal["auto", "cpu", "cuda"]
Progress = Callable[[int, int], None]
Vectors = NDArray[np.float32]

# Long batches gain nothing on a CPU: padding and cache misses cost more than calls do.
_ONNX_BATCH = 4
_TORCH_BATCH = 32

_logger = logging.getLogger(__name__)


class TextEmbedder(Protocol):
    """What the index needs of an embedding model. Implementations are safe to share by threads."""

    @property
    def identity(self) -> EmbedderIdentity:
        """Which weights make the vectors."""

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors of n >= 0 texts to be found, float32 (n, d).

        `progress(done, total)` is called meanwhile and counts texts.
        """

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, float32 (d,)."""


class OnnxTextEmbedder:
    """A sentence-transformers folder of the MiniLM kind (BERT, mean pooling), without torch.

    Runs float32 weights, so its vectors agree with those of sentence-transformers to 1e-5 and
    carry the same identity. Dynamic int8 answers a query in a third of the time, but moves
    vectors (cosine 0.91 to 0.99 with float32) and makes them depend on their batch.

    Needs the folder's exported model and makes it when it is missing or stale, which imports
    torch. Raises EmbedderError when the folder holds no such model.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        folder = Path(folder)
        self._max_tokens = _supported_length(folder)
        digest = weights_digest(folder)
        path = folder / EXPORT_NAME
        self._session = None
        if path.exists():
            try:
                session = open_session(path, threads)
            except EmbedderError as error:
                _logger.warning("%s; exporting it again", error)
            else:
                self._session = session if exported_digest(session) == digest else None
        if self._session is None:
            self._session = open_session(export_onnx(folder), threads)
        self._tokenizer = _open_tokenizer(folder, self._max_tokens)
        self._identity = EmbedderIdentity(
            folder.name, digest, int(self._session.get_outputs()[0].shape[-1])
        )

    @property
    def identity(self) -> EmbedderIdentity:
        """Which weights make the vectors."""
        return self._identity

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors, float32 (n, d). Text past the model's token limit is not seen."""
        vectors = np.zeros((len(texts), self._identity.dimension), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(list(texts))
        # Neighbours in length share a batch, so little of it is padding.
        order = sorted(range(len(texts)), key=lambda index: len(encodings[index].ids))
        for start in range(0, len(order), _ONNX_BATCH):
            batch = order[start : start + _ONNX_BATCH]
            vectors[batch] = self._embed([encodings[index].ids for index in batch])
            if progress is not None:
                progress(min(start + _ONNX_BATCH, len(order)), len(order))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, float32 (d,)."""
        return self._embed([self._tokenizer.encode(text).ids])[0]

    def _embed(self, token_ids: Sequence[Sequence[int]]) -> Vectors:
        length = max(len(ids) for ids in token_ids)
        ids = np.zeros((len(token_ids), length), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(token_ids):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        assert self._session is not None
        states = np.asarray(self._session.run(None, feed)[0])
        weights = mask[:, :, None].astype(np.float32)
        # The sum over tokens is the mean up to a factor that normalising takes away.
        return normalise((states * weights).sum(axis=1))


class SentenceTransformersEmbedder:
    """Any sentence-transformers model, by folder or by hub name, on the CPU or on CUDA.

    Uses the prompts that the model declares for queries and documents. Imports torch (seconds).
    Raises EmbedderError when the model cannot be had, DeviceError for `cuda` without a GPU.
    """

    def __init__(self, model: Path | str, device: Device = "auto") -> None:
        from index.torchvision_without_cuda import declare_torchvision_operators

        declare_torchvision_operators()
        import torch
        from sentence_transformers import SentenceTransformer

        if device == "cuda" and not torch.cuda.is_available():
            raise _no_cuda()
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        folder = resolve_model_folder(model)
        digest = weights_digest(folder)
        try:
            self._model = SentenceTransformer(str(folder), device=device)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise EmbedderError(f"The embedding model {model} cannot be loaded: {error}") from error
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise EmbedderError(f"The embedding model {model} does not say its dimension.")
        self._identity = EmbedderIdentity(Path(model).name, digest, dimension)

    @property
    def identity(self) -> EmbedderIdentity:
        """Which weights make the vectors."""
        return self._identity

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors, float32 (n, d). Text past the model's token limit is not seen."""
        vectors = np.zeros((len(texts), self._identity.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        step = _TORCH_BATCH * 8
        for start in range(0, len(order), step):
            batch = order[start : start + step]
            vectors[batch] = self._model.encode_document(
                [texts[index] for index in batch],
                batch_size=_TORCH_BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            if progress is not None:
                progress(min(start + step, len(order)), len(order))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question, float32 (d,)."""
        vector = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, dtype=np.float32)


def open_text_embedder(model: Path | str, device: Device = "auto") -> TextEmbedder:
    """The engine that suits a model and this machine; the vectors are the same either way.

    On the CPU a MiniLM-like folder runs in ONNX Runtime; CUDA and other models go through
    sentence-transformers. `auto` takes CUDA where there is a GPU.

    Raises EmbedderError when the model cannot be loaded, DeviceError for `cuda` without a GPU.
    """
    if device == "cuda" and not cuda_driver_present():
        raise _no_cuda()
    if device == "cuda" or (device == "auto" and cuda_driver_present()):
        return SentenceTransformersEmbedder(model, device)
    folder = resolve_model_folder(model)
    try:
        _supported_length(folder)
    except EmbedderError:
        return SentenceTransformersEmbedder(folder, "cpu")
    try:
        return OnnxTextEmbedder(folder)
    except EmbedderError as error:
        _logger.warning("%s Running the same weights through torch, which starts slower.", error)
        return SentenceTransformersEmbedder(folder, "cpu")


def normalise(vectors: NDArray[Any]) -> Vectors:
    """Rows scaled to length 1, float32. A row of zeros stays zeros."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)


def cuda_driver_present() -> bool:
    """Whether the CUDA driver reports a device. Asks the driver itself, so torch stays out."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return False
    except (OSError, AttributeError):
        return False
    return count.value > 0


def resolve_model_folder(model: Path | str) -> Path:
    """The local folder of a model given by folder or by hub name (downloaded when missing).

    Raises EmbedderError when there is no such folder and the hub does not have it either.
    """
    folder = Path(model)
    if folder.is_dir():
        return folder
    if isinstance(model, Path) or folder.is_absolute() or str(model).count("/") != 1:
        raise EmbedderError(
            f"There is no model folder {model}.",
            hint="Fetch the default model with `assistant weights pull`, or name a folder or a "
            "hub model such as `sentence-transformers/all-MiniLM-L6-v2`.",
        )
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    ignored = ["onnx/*", "openvino/*", "*.h5", "*.ot", "*.msgpack", "*.tflite"]
    try:
        return Path(snapshot_download(str(model), ignore_patterns=ignored))
    except (HfHubHTTPError, LocalEntryNotFoundError, httpx.HTTPError, OSError, ValueError) as error:
        raise EmbedderError(
            f"The model {model} cannot be fetched from the hub: {error}",
            hint="Check the name and the network, or name a local folder.",
        ) from error


def _no_cuda() -> DeviceError:
    return DeviceError(
        "Device `cuda` was asked for, and there is no usable CUDA device.",
        hint="Use device `auto` or `cpu`.",
    )


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EmbedderError(
            f"{path} is missing, so its folder is no sentence-transformers model.",
            hint="Fetch the default model with `assistant weights pull`.",
        ) from None
    except (OSError, ValueError) as error:
        raise EmbedderError(f"{path} cannot be read: {error}") from error


def _supported_length(folder: Path) -> int:
    """The token limit of a model that OnnxTextEmbedder can run; EmbedderError for any other."""
    modules = [module["type"].rpartition(".")[2] for module in _read_json(folder / "modules.json")]
    pooling = _read_json(folder / "1_Pooling" / "config.json")
    settings_path = folder / "config_sentence_transformers.json"
    settings = _read_json(settings_path) if settings_path.exists() else {}
    modes = [mode for mode, wanted in pooling.items() if mode.startswith("pooling_mode") and wanted]
    if (
        modules != ["Transformer", "Pooling", "Normalize"]
        or modes != ["pooling_mode_mean_tokens"]
        or _read_json(folder / "config.json").get("model_type") != "bert"
        or any((settings.get("prompts") or {}).values())
        or not (folder / "tokenizer.json").exists()
    ):
        raise EmbedderError(f"{folder} is not a BERT model with mean pooling and no prompts.")
    return int(_read_json(folder / "sentence_bert_config.json")["max_seq_length"])


def _open_tokenizer(folder: Path, max_tokens: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises plain Exception
        raise EmbedderError(f"The tokenizer in {folder} cannot be loaded: {error}") from error
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer
