"""A copy of a BERT embedder's weights that ONNX Runtime can run.

Importing torch and transformers takes seconds, ONNX Runtime a tenth of one; a program that
answers one question and ends feels that. The export is made once, at set-up, from the
publisher's own weights, and carries their SHA-256, so that it is made anew when they change.
"""

import json
import logging
import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import EmbedderError
from index.identity import weights_digest

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

EXPORT_NAME = "exported.onnx"
INPUT_NAMES = ("input_ids", "attention_mask", "token_type_ids")
TOLERANCE = 1e-4
_DIGEST_KEY = "weights_sha256"
_OPSET = 18

_logger = logging.getLogger(__name__)


def open_session(path: Path, threads: int) -> "InferenceSession":
    """An ONNX Runtime session on the CPU. `threads` 0 means as many as there are cores.

    Raises EmbedderError when the file is missing, truncated or not an ONNX model.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as states

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning threads burn the core that the language model needs right after the search.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (states.Fail, states.InvalidProtobuf, states.NoSuchFile, states.InvalidGraph) as error:
        raise EmbedderError(f"{path} is no model that ONNX Runtime can load: {error}") from error


def exported_digest(session: "InferenceSession") -> str | None:
    """The SHA-256 of the weights that a session's model was exported from, if it says so."""
    return session.get_modelmeta().custom_metadata_map.get(_DIGEST_KEY)


def is_current(path: Path, digest: str) -> bool:
    """Whether `path` is an export of the weights whose SHA-256 is `digest`."""
    try:
        return path.exists() and exported_digest(open_session(path, threads=1)) == digest
    except EmbedderError:
        return False


def export_onnx(folder: Path) -> Path:
    """Export the BERT model in `folder` to float32 ONNX beside its weights; return the file.

    An up-to-date export is left alone. The new file is written under a temporary name, compared
    with the torch model on ragged input, and moved in place, so an interrupted export leaves
    nothing that looks finished. Imports torch and transformers (seconds) only when it has to
    export.

    Raises EmbedderError when the folder holds no usable model, cannot be written, or when the
    exported model disagrees with the original.
    """
    folder = Path(folder)
    digest = weights_digest(folder)
    target = folder / EXPORT_NAME
    if is_current(target, digest):
        return target
    _logger.info("Exporting %s for ONNX Runtime (once)", folder)
    try:
        descriptor, staged = tempfile.mkstemp(prefix=".exported-", suffix=".onnx", dir=folder)
    except OSError as error:
        raise EmbedderError(
            f"{folder} cannot be written, so its model cannot be exported: {error}."
        ) from error
    os.close(descriptor)
    try:
        _export(folder, Path(staged), digest)
        Path(staged).chmod(0o644)
        with Path(staged).open("rb") as file:
            os.fsync(file.fileno())
        Path(staged).replace(target)
    except OSError as error:
        raise EmbedderError(
            f"The model in {folder} cannot be exported: {error}.",
            hint="The export needs as much free space as the weights.",
        ) from error
    finally:
        Path(staged).unlink(missing_ok=True)
    return target


def _export(folder: Path, target: Path, digest: str) -> None:
    from index.torchvision_without_cuda import declare_torchvision_operators

    declare_torchvision_operators()
    import numpy as np
    import onnx
    import torch
    from transformers import AutoModel

    try:
        model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    except (OSError, ValueError, RuntimeError, json.JSONDecodeError) as error:
        raise EmbedderError(f"The model in {folder} cannot be loaded: {error}") from error
    generator = torch.Generator().manual_seed(0)
    # Two lengths in one batch: with nothing masked the tracer would leave the mask out.
    ids = torch.randint(1, model.config.vocab_size, (2, 7), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    inputs = (ids, mask, torch.zeros_like(ids))
    batch = torch.export.Dim("batch")
    length = torch.export.Dim("length", max=model.config.max_position_embeddings)
    with warnings.catch_warnings():
        # The exporter warns of its own deprecated parts, nothing that a user could change.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            (),
            kwargs=dict(zip(INPUT_NAMES, inputs, strict=True)),
            input_names=list(INPUT_NAMES),
            output_names=["last_hidden_state"],
            dynamic_shapes={name: {0: batch, 1: length} for name in INPUT_NAMES},
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise EmbedderError(f"torch exported nothing from {folder}.")
    exported = program.model_proto
    onnx.helper.set_model_props(exported, {_DIGEST_KEY: digest})
    onnx.save_model(exported, target)

    session = open_session(target, threads=0)
    longer = torch.randint(1, model.config.vocab_size, (3, 19), generator=generator)
    longer_mask = torch.ones_like(longer)
    longer_mask[0, 4:] = 0
    for check in (inputs, (longer, longer_mask, torch.zeros_like(longer))):
        with torch.inference_mode():
            expected = model(**dict(zip(INPUT_NAMES, check, strict=True))).last_hidden_state
        feed = {name: tensor.numpy() for name, tensor in zip(INPUT_NAMES, check, strict=True)}
        actual = np.asarray(session.run(None, feed)[0])
        kept = check[1].numpy().astype(bool)
        difference = float(np.abs(expected.numpy() - actual)[kept].max())
        if not difference <= TOLERANCE:
            raise EmbedderError(
                f"The exported model differs from the one in {folder} by {difference:.1e}.",
                hint="Use the torch engine: device `cpu` with SentenceTransformersEmbedder.",
            )
