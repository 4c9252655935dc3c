"""The training of the pair model, on a handful of pairs and the real MiniLM."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from eval.support.distil import with_opinions
from eval.support.encoder import build_encoder, encode_all
from eval.support.export import export, load_exported
from eval.support.pairs import Pair
from eval.support.recipe import Recipe
from eval.support.train import train

pytestmark = pytest.mark.slow

PASSAGE = "Pooling shrinks a feature map, and the network needs less memory."
RIGHT = ("Pooling", "shrinks", "a", "feature", "map.")
WRONG = ("Pooling", "doubles", "a", "feature", "map.")
PAIRS = (
    Pair("support", RIGHT, PASSAGE, 1, "right", (0, 0, 0, 0, 0)),
    Pair("support", WRONG, PASSAGE, 0, "wrong", (0, 1, 0, 0, 0)),
    Pair("answer", ("What", "shrinks", "a", "map?"), PASSAGE, 1, "asked", (), (0, 7)),
    Pair(
        "answer",
        (
            "What",
            "rusts?",
        ),
        PASSAGE,
        0,
        "asked",
    ),
)
QUICK = Recipe(epochs=20, rate=3e-4, head_rate=2e-3, masked=0.0, average_from=0.9, average_every=1)


def says(model: torch.nn.Module, pair: Pair, folder) -> np.ndarray:
    row = encode_all([[pair]], folder)[pair]
    ids, types = torch.tensor([row.ids]), torch.tensor([row.types])
    with torch.no_grad():
        support, answer, *_ = model(ids, torch.ones_like(ids), types)
    return torch.stack([support, answer]).sigmoid().flatten().numpy()


@pytest.fixture(scope="module")
def folder(weights):
    return weights / "all-MiniLM-L6-v2"


@pytest.fixture(scope="module")
def teacher(folder):
    fresh = build_encoder(folder)
    return train(fresh, [PAIRS], encode_all([PAIRS], folder), folder, QUICK, threads=2)


def test_a_model_learns_which_claims_are_supported_and_which_questions_answered(teacher, folder):
    right, wrong, answered, unanswered = (says(teacher, pair, folder) for pair in PAIRS)
    assert right[0] > 0.7 > 0.3 > wrong[0]
    assert answered[1] > 0.7 > 0.3 > unanswered[1]


def test_a_student_takes_over_what_its_teachers_say_against_the_labels(teacher, folder):
    lies = tuple(replace(pair, label=1 - pair.label, unsupported=(), span=None) for pair in PAIRS)
    encoded = with_opinions(encode_all([lies], folder), [teacher], "cpu")
    recipe = replace(QUICK, taught=1.0)
    student = train(build_encoder(folder), [lies], encoded, folder, recipe, threads=2)
    assert says(student, lies[0], folder)[0] > 0.6 > 0.4 > says(student, lies[1], folder)[0]


def test_what_teachers_were_not_asked_is_learned_from_the_labels(teacher, folder):
    encoded = encode_all([PAIRS], folder)
    rehearsed = with_opinions({pair: encoded[pair] for pair in PAIRS[:2]}, [teacher], "cpu")
    turned = {pair: replace(encoded[pair], answer=1 - pair.label) for pair in PAIRS[2:]}
    recipe = replace(QUICK, taught=1.0)
    refined = train(build_encoder(folder), [PAIRS], rehearsed | turned, folder, recipe, threads=2)
    right, wrong, answered, unanswered = (says(refined, pair, folder) for pair in PAIRS)
    assert right[0] > 0.6 > 0.4 > wrong[0]
    assert answered[1] < 0.4 < 0.6 < unanswered[1]


def test_an_exported_model_goes_on_from_what_its_file_says(teacher, folder, tmp_path):
    export(teacher, tmp_path / "model.onnx")
    loaded = build_encoder(folder).eval()
    load_exported(loaded, tmp_path / "model.onnx")
    for pair in PAIRS:
        assert says(loaded, pair, folder) == pytest.approx(says(teacher, pair, folder), abs=0.05)
