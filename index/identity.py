"""Which model made a vector. Vectors of different models are never compared."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import EmbedderError

_WEIGHTS_PATTERNS = ("model*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """The model behind a set of vectors.

    `revision` is the SHA-256 of its weights, so two engines that run the same weights have the
    same identity. `name` is for people and takes no part in comparisons: the same bytes may lie
    in folders of different names.
    """

    name: str = field(compare=False)
    revision: str
    dimension: int

    def __str__(self) -> str:
        return f"{self.name} ({self.dimension} dimensions, weights {self.revision[:12]})"


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_digest(folder: Path) -> str:
    """SHA-256 of the weights in a model folder.

    One file gives its own digest, several (a model saved in shards) give the digest of theirs.
    Raises EmbedderError when the folder holds no weights or they cannot be read.
    """
    for pattern in _WEIGHTS_PATTERNS:
        if files := sorted(folder.glob(pattern)):
            break
    else:
        raise EmbedderError(
            f"No model weights in {folder}.",
            hint="Fetch them with `assistant weights pull`, or name a folder that holds a model.",
        )
    try:
        digests = [file_digest(file) for file in files]
    except OSError as error:
        raise EmbedderError(f"The weights in {folder} cannot be read: {error}.") from error
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()
