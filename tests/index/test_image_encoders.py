"""Encoders give unit vectors of pictures and words in one space, and say what they are."""

import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from index.efficientnet_lite import EfficientNetLite
from index.embedded_encoder import SHIPPED_FOLDER, EmbeddedEncoder, plain_words
from index.errors import DeviceError, EmbedderError
from index.identity import EmbedderIdentity
from index.image_encoders import (
    ImageTextEncoder,
    OpenClipEncoder,
    load_image_encoder,
    needs_quick_gelu,
)
from index.torchvision_without_cuda import declare_torchvision_operators


@pytest.fixture(scope="session")
def tower_file(weights: Path) -> Path:
    path = weights / "efficientnet_lite2.pth"
    if not path.is_file():
        pytest.skip(f"no {path}: run `assistant weights pull efficientnet-lite2`")
    return path


@pytest.fixture(scope="session")
def embedded(weights: Path, tower_file: Path) -> ImageTextEncoder:
    return load_image_encoder("embedded", tower_file.parent, threads=1)


def photograph(name: str) -> Image.Image:
    import skimage

    return Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB")


def test_pictures_are_found_by_words_that_name_them(embedded: ImageTextEncoder) -> None:
    names = ["chelsea.png", "coffee.png", "rocket.jpg", "horse.png", "motorcycle_left.png"]
    texts = ["a tabby cat", "a cup of coffee", "a rocket", "a horse", "a red motorcycle"]
    pictures = embedded.embed_images([photograph(name) for name in names])
    scores = embedded.embed_texts(texts) @ pictures.T
    assert scores.argmax(1).tolist() == [0, 1, 2, 3, 4]


def test_vectors_are_unit_float32_and_none_give_none(embedded: ImageTextEncoder) -> None:
    sizes = [(1, 1), (31, 500), (2000, 20), (99, 99), (640, 480)]
    vectors = embedded.embed_images([Image.new("RGB", size, "olive") for size in sizes])
    texts = embedded.embed_texts(["", "a", "an unheard-of xyzzy"])
    for found, count in ((vectors, 5), (texts, 3)):
        assert found.dtype == np.float32
        assert found.shape == (count, embedded.identity.dimension)
        assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-4)
    assert embedded.embed_images([]).shape == (0, embedded.identity.dimension)
    assert embedded.embed_texts([]).shape == (0, embedded.identity.dimension)


def test_a_picture_s_vector_does_not_depend_on_its_company(embedded: ImageTextEncoder) -> None:
    pictures = [photograph(name) for name in ("coins.png", "astronaut.png")]
    together = embedded.embed_images(pictures)
    alone = np.concatenate([embedded.embed_images([picture]) for picture in pictures])
    assert together == pytest.approx(alone, abs=1e-5)


def test_many_threads_give_the_vectors_of_one_in_the_same_order(
    embedded: ImageTextEncoder, tower_file: Path
) -> None:
    names = ["coins.png", "astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]
    pictures = [photograph(name) for name in names]
    expected = embedded.embed_images(pictures)
    many = load_image_encoder("embedded", tower_file.parent, threads=3)
    with ThreadPoolExecutor(4) as callers:
        for found in callers.map(lambda _: many.embed_images(pictures), range(8)):
            assert found == pytest.approx(expected, abs=1e-6)


def test_the_embedded_encoder_says_that_it_is_not_clip(embedded: ImageTextEncoder) -> None:
    assert "not CLIP" in embedded.identity.name


def test_it_tells_what_it_takes_words_for(embedded: ImageTextEncoder) -> None:
    assert isinstance(embedded, EmbeddedEncoder)
    names = [part.name for part in embedded.understand("deer")]
    assert {"bison", "impala (antelope)"} & set(names)
    (first, *_) = embedded.understand("at night")
    assert first.name == "low light"


def test_words_for_light_find_the_dark_picture(embedded: ImageTextEncoder) -> None:
    plain = photograph("astronaut.png")
    dark = plain.point(lambda value: value // 5)
    pictures = embedded.embed_images([plain, dark])
    assert np.diff(pictures @ embedded.embed_texts(["at night"])[0])[0] > 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("a photo of a dog", "dog"),
        ("A picture of the red car.", "red car"),
        ("this is a page of text", "page of text"),
        ("dog", "dog"),
        ("a", "a"),
        ("photos of an owl", "owl"),
        ("the", "the"),
    ],
)
def test_words_that_only_ask_for_a_picture_are_left_out(query: str, words: str) -> None:
    assert plain_words(query) == words


class FakeTextEmbedder:
    identity = EmbedderIdentity("another model", "0" * 64, 384)

    def embed_passages(self, texts: Any, progress: Any = None) -> Any:
        raise AssertionError

    def embed_query(self, text: str) -> Any:
        raise AssertionError


def test_another_text_model_is_refused(tower_file: Path) -> None:
    with pytest.raises(EmbedderError, match="not made for another model"):
        EmbeddedEncoder(tower_file, FakeTextEmbedder())


def test_missing_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"efficientnet_lite2\.pth") as refused:
        EmbeddedEncoder(tmp_path / "efficientnet_lite2.pth", FakeTextEmbedder())
    assert "weights pull" in refused.value.hint
    with pytest.raises(EmbedderError, match="incomplete or damaged"):
        EmbeddedEncoder(tmp_path / "x.pth", FakeTextEmbedder(), folder=tmp_path)


def test_what_is_no_efficientnet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "efficientnet_lite2.pth"
    path.write_bytes(b"not a model at all")
    with pytest.raises(EmbedderError, match="does not hold the weights"):
        EfficientNetLite(path)


def test_a_damaged_export_is_made_again(tower_file: Path, tmp_path: Path) -> None:
    first = EfficientNetLite(tower_file, threads=1, cache=tmp_path)
    pixels = np.zeros((1, 3, 64, 64), np.float32)
    expected = first.features(pixels)
    exported = tmp_path / "efficientnet_lite2.onnx"
    exported.write_bytes(exported.read_bytes()[:1_000_000])
    again = EfficientNetLite(tower_file, threads=1, cache=tmp_path)
    assert again.features(pixels) == pytest.approx(expected)


@pytest.mark.slow
def test_the_written_graph_agrees_with_timm(tower_file: Path, tmp_path: Path) -> None:
    declare_torchvision_operators()
    import timm
    import torch

    model = timm.create_model("tf_efficientnet_lite2", num_classes=0).eval()
    state = torch.load(tower_file, weights_only=True)
    model.load_state_dict(dict(zip(model.state_dict(), state.values(), strict=False)))
    tower = EfficientNetLite(tower_file, threads=1, cache=tmp_path)
    for height, width in ((64, 64), (97, 130)):
        pixels = np.random.default_rng(0).uniform(-1, 1, (2, 3, height, width)).astype(np.float32)
        with torch.inference_mode():
            expected = model(torch.from_numpy(pixels)).numpy()
        assert tower.features(pixels) == pytest.approx(expected, abs=1e-4)


def test_the_shipped_files_stay_small_and_carry_their_notice() -> None:
    assert sum(path.stat().st_size for path in SHIPPED_FOLDER.iterdir()) < 60_000_000
    assert "WordNet 3.0 Copyright" in (SHIPPED_FOLDER / "NOTICE").read_text("utf-8")


_SMALL_CLIP = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 64,
        "heads": 2,
        "layers": 2,
    },
}


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    declare_torchvision_operators()
    import torch
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("clip")
    model = CLIP(**_SMALL_CLIP)
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    config = {"model_cfg": _SMALL_CLIP, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


def test_an_open_clip_folder_is_loaded_and_gives_its_own_vectors(clip_folder: Path) -> None:
    import open_clip
    import torch

    encoder = load_image_encoder(str(clip_folder), Path("unused"), device="cpu")
    image = photograph("coffee.png")
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{clip_folder}")
    model.eval()
    with torch.inference_mode():
        expected = model.encode_image(preprocess(image)[None], normalize=True).numpy()
        words = model.encode_text(open_clip.tokenize(["a cat"]), normalize=True).numpy()
    assert encoder.embed_images([image]) == pytest.approx(expected, abs=1e-5)
    assert encoder.embed_texts(["a cat"]) == pytest.approx(words, abs=1e-5)
    assert encoder.identity.dimension == 32
    assert "open_clip" in encoder.identity.name
    assert encoder.embed_images([]).shape == (0, 32)


def test_two_open_clip_models_have_two_identities(clip_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(clip_folder / "open_clip_model.safetensors")
    state["logit_scale"] = state["logit_scale"] + 1
    save_file(state, tmp_path / "open_clip_model.safetensors")
    config = (clip_folder / "open_clip_config.json").read_text()
    (tmp_path / "open_clip_config.json").write_text(config)
    first, second = OpenClipEncoder(str(clip_folder)), OpenClipEncoder(str(tmp_path))
    assert first.identity != second.identity


def test_a_folder_without_weights_is_never_a_random_model(
    clip_folder: Path, tmp_path: Path
) -> None:
    config = (clip_folder / "open_clip_config.json").read_text()
    (tmp_path / "open_clip_config.json").write_text(config)
    with pytest.raises(EmbedderError, match="No model weights"):
        OpenClipEncoder(str(tmp_path))
    (tmp_path / "open_clip_model.safetensors").write_bytes(b"damaged")
    with pytest.raises(EmbedderError, match="cannot be loaded"):
        OpenClipEncoder(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ViT-B-32/no_such_tag", "no pretrained tag"),
        ("No-Such-Model/laion2b", "knows no model"),
        ("ViT-B-32@weights.bin", "not a safetensors file"),
        ("ViT-B-32", "no pretrained tag"),
    ],
)
def test_a_model_that_is_not_there_is_an_error_that_helps(name: str, said: str) -> None:
    with pytest.raises(EmbedderError, match=said) as refused:
        OpenClipEncoder(name)
    assert refused.value.hint


def test_a_hub_out_of_reach_is_an_error_that_points_to_the_embedded_encoder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import open_clip.factory

    def out_of_reach(*_: Any, **__: Any) -> str:
        raise ConnectionError("name resolution failed")

    monkeypatch.setattr(open_clip.factory, "download_pretrained", out_of_reach)
    with pytest.raises(EmbedderError, match="name resolution failed") as refused:
        OpenClipEncoder("ViT-B-32/laion2b_s34b_b79k")
    assert "embedded encoder" in refused.value.hint


def test_tags_trained_with_quickgelu_are_loaded_with_it(
    clip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip

    assert needs_quick_gelu("ViT-B-32", "openai")
    assert needs_quick_gelu("ViT-B-32", "laion400m_e32")
    assert not needs_quick_gelu("ViT-B-32", "laion2b_s34b_b79k")
    asked: dict[str, Any] = {}

    def create(name: str, **options: Any) -> Any:
        asked.update(options, name=name)
        raise RuntimeError("far enough")

    monkeypatch.setattr(open_clip, "create_model_and_transforms", create)
    with pytest.raises(EmbedderError, match="far enough"):
        OpenClipEncoder("ViT-B-32/laion400m_e32")
    assert asked["force_quick_gelu"]
    assert asked["require_pretrained"]
    with pytest.raises(EmbedderError, match="far enough"):
        OpenClipEncoder("ViT-B-32/laion2b_s34b_b79k")
    assert not asked["force_quick_gelu"]


def test_a_gpu_that_is_not_there_is_an_error(clip_folder: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeviceError):
        OpenClipEncoder(str(clip_folder), device="cuda")


@pytest.mark.slow
def test_openai_s_published_cosines_are_met(
    outside_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only weights that are in the cache already: a test downloads nothing.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    table = json.loads((outside_data / "openai_clip_vitb32_cosines.json").read_text("utf-8"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            encoder = OpenClipEncoder("ViT-B-32/openai")
    except EmbedderError as error:
        pytest.skip(f"the weights ViT-B-32/openai cannot be had here: {error.message}")
    suffixes = {"rocket": ".jpg"}
    pictures = [photograph(name + suffixes.get(name, ".png")) for name in table["images"]]
    texts = encoder.embed_texts([table["prompt_prefix"] + text for text in table["texts"]])
    cosines = texts @ encoder.embed_images(pictures).T
    # The table was read to two decimals from pictures that were resized before by another tool.
    assert cosines == pytest.approx(np.array(table["cosine"]), abs=0.02)
