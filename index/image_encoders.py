"""Pictures and words in one space of unit vectors."""

import hashlib
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import DeviceError, EmbedderError
from index.identity import EmbedderIdentity, weights_digest
from index.image_calibration import Background, Calibration

if TYPE_CHECKING:
    from PIL import Image

Device = Literal["auto", "cpu", "cuda"]
Vectors = NDArray[np.float32]

DEFAULT_CLIP = "ViT-B-32/laion2b_s34b_b79k"

# CLIP's cosines of unrelated pairs, widely set: they differ from model to model, so the query's
# own background decides. Text: mean and deviation off the diagonal of the table that OpenAI
# published for ViT-B/32 (0.16, 0.03).
_CLIP_CALIBRATION = Calibration(
    image=Background(mean=0.5, spread=0.1, drift=0.3),
    text=Background(mean=0.16, spread=0.03, drift=0.1),
)
_BATCH = 32

_logger = logging.getLogger(__name__)


class ImageTextEncoder(Protocol):
    """What the image index needs of a model. Implementations are safe to share by threads."""

    @property
    def identity(self) -> EmbedderIdentity:
        """Which weights make the vectors; its name says honestly what the model is."""

    @property
    def preparation(self) -> str:
        """How pictures are prepared. Vectors of another preparation must not mix with these."""

    @property
    def calibration(self) -> Calibration:
        """How to read the model's similarities."""

    def embed_images(self, images: "Sequence[Image.Image]") -> Vectors:
        """Unit vectors of RGB pictures of any size, float32 (n, d)."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of descriptions, float32 (n, d)."""


class OpenClipEncoder:
    """Any CLIP that open_clip knows or can load.

    `model` is one of

    - `NAME/TAG`: a pretrained model by name, fetched from the model hub when it is not in the
      cache (`ViT-B-32/laion2b_s34b_b79k`);
    - a folder with `open_clip_config.json` and weights, as open_clip saves them;
    - `NAME@FILE`: a model by name with weights from a safetensors file.

    A pretrained tag that was trained with QuickGELU is loaded with it whatever the name says:
    `laion400m_e32` without it loses 2.7 points of ImageNet accuracy in silence. Weights that are
    missing are an error, never a randomly initialised model.

    Raises EmbedderError when the model cannot be had, DeviceError when `cuda` is not there.
    """

    def __init__(self, model: str, device: Device = "auto") -> None:
        from index.torchvision_without_cuda import declare_torchvision_operators

        declare_torchvision_operators()
        import torch

        if device == "cuda" and not torch.cuda.is_available():
            raise DeviceError(
                "Device `cuda` was asked for, and torch sees no GPU.",
                hint="Use device `auto`, or install torch with CUDA on a machine with a GPU.",
            )
        on_gpu = device != "cpu" and torch.cuda.is_available()
        self._device = "cuda" if on_gpu else "cpu"
        try:
            self._model, self._preprocess, self._tokenizer = _load(model, self._device)
        except EmbedderError:
            raise
        except Exception as error:  # open_clip, the hub client and torch each raise their own
            raise EmbedderError(
                f"The image model {model} cannot be loaded: {_first_line(error)}",
                hint="A model by name needs the model hub or its cache; a folder needs "
                "open_clip_config.json and open_clip_model.safetensors. Without either, use the "
                "embedded encoder.",
            ) from error
        self._model.eval()
        with torch.inference_mode():
            probe = self._model.encode_text(self._tokenizer(["a photo"]).to(self._device))
        self._identity = EmbedderIdentity(
            f"open_clip {Path(model).name if Path(model).is_dir() else model}",
            _state_digest(model, self._model),
            int(probe.shape[-1]),
        )

    @property
    def identity(self) -> EmbedderIdentity:
        """Which weights make the vectors."""
        return self._identity

    @property
    def preparation(self) -> str:
        """The model's own preprocessing, in words."""
        return "open_clip: " + " ".join(str(self._preprocess).split())

    @property
    def calibration(self) -> Calibration:
        """Wide priors: each query's own background decides."""
        return _CLIP_CALIBRATION

    def embed_images(self, images: "Sequence[Image.Image]") -> Vectors:
        """Unit vectors of RGB pictures, float32 (n, d)."""
        import torch

        rows = [np.empty((0, self._identity.dimension), np.float32)]
        for start in range(0, len(images), _BATCH):
            pixels = torch.stack([self._preprocess(im) for im in images[start : start + _BATCH]])
            with torch.inference_mode():
                vectors = self._model.encode_image(pixels.to(self._device), normalize=True)
            rows.append(vectors.float().cpu().numpy())
        return np.concatenate(rows)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of descriptions, float32 (n, d)."""
        import torch

        rows = [np.empty((0, self._identity.dimension), np.float32)]
        for start in range(0, len(texts), _BATCH):
            tokens = self._tokenizer(list(texts[start : start + _BATCH])).to(self._device)
            with torch.inference_mode():
                vectors = self._model.encode_text(tokens, normalize=True)
            rows.append(vectors.float().cpu().numpy())
        return np.concatenate(rows)


def needs_quick_gelu(name: str, tag: str) -> bool:
    """Whether the weights of a pretrained tag were trained with QuickGELU."""
    import open_clip

    return bool((open_clip.get_pretrained_cfg(name, tag) or {}).get("quick_gelu", False))


def _load(model: str, device: str) -> tuple[Any, Any, Any]:
    import open_clip

    name, pretrained, quick_gelu = _resolve(model)
    with warnings.catch_warnings():
        # Anything that open_clip only warns about (a GELU mismatch) would spoil the vectors.
        warnings.filterwarnings("error", message="QuickGELU mismatch")
        loaded, _, preprocess = open_clip.create_model_and_transforms(
            name,
            pretrained=pretrained,
            device=device,
            force_quick_gelu=quick_gelu,
            require_pretrained=True,
        )
    return loaded, preprocess, open_clip.get_tokenizer(name)


def _resolve(model: str) -> tuple[str, str | None, bool]:
    """What open_clip is told: name, pretrained tag or file, whether QuickGELU is forced."""
    import open_clip

    if Path(model).is_dir():
        weights_digest_of_folder(Path(model))
        return f"local-dir:{model}", None, False
    name, at, file = model.partition("@")
    if at:
        if not file.endswith(".safetensors") or not Path(file).is_file():
            raise EmbedderError(
                f"{file} is not a safetensors file.",
                hint="Name the model and its weights: ViT-B-32@open_clip_model.safetensors.",
            )
        return name, file, False
    name, _, tag = model.partition("/")
    if name not in open_clip.list_models():
        raise EmbedderError(
            f"open_clip knows no model {name!r}, and there is no such folder.",
            hint=f"Use NAME/TAG, for example {DEFAULT_CLIP}, or a folder.",
        )
    if tag not in open_clip.list_pretrained_tags_by_model(name):
        known = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
        raise EmbedderError(f"{name} has no pretrained tag {tag!r}.", hint=f"It has: {known}.")
    return name, tag, needs_quick_gelu(name, tag)


def weights_digest_of_folder(folder: Path) -> str:
    """SHA-256 of the weights in an open_clip folder. EmbedderError when there are none."""
    for file in (folder / "open_clip_model.safetensors", folder / "model.safetensors"):
        if file.is_file():
            return hashlib.sha256(file.read_bytes()).hexdigest()
    return weights_digest(folder)


def _state_digest(model: str, loaded: Any) -> str:
    if Path(model).is_dir():
        return weights_digest_of_folder(Path(model))
    # Models by name come from a cache whose layout is the hub's; their tensors tell them apart.
    digest = hashlib.sha256()
    for name, tensor in sorted(loaded.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def load_image_encoder(
    name: str, weights: Path, device: Device = "auto", threads: int = 0
) -> ImageTextEncoder:
    """The encoder of a name: `embedded`, or any model that `OpenClipEncoder` can load.

    `weights` is the folder that holds `efficientnet_lite2.pth` and `all-MiniLM-L6-v2` for the
    embedded encoder, and is not looked at for others. `threads` 0 leaves the choice to each; the
    embedded encoder runs on the CPU whatever the device.

    Raises EmbedderError when the model or a part of it cannot be had, DeviceError for a device
    that is not there.
    """
    if name != "embedded":
        return OpenClipEncoder(name, device)
    from index.embedded_encoder import EmbeddedEncoder
    from index.text_embedders import OnnxTextEmbedder

    embedder = OnnxTextEmbedder(weights / "all-MiniLM-L6-v2", threads)
    return EmbeddedEncoder(weights / "efficientnet_lite2.pth", embedder, threads)
