"""The embedded encoder and the gallery reach what they promise, and the measures are right."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from eval.benchmarks.image_quality import (
    LabelledPhotographs,
    load,
    measure,
    measure_readings,
    roc_area,
)
from eval.benchmarks.images import diagrams_found, view_precision
from eval.build_image_encoder import build_vocabulary, sparse
from eval.wordnet import NounHierarchy
from index.image_encoders import ImageTextEncoder, load_image_encoder
from index.images import ImageIndex
from index.store import Store


@pytest.fixture(scope="module")
def encoder(weights: Path) -> ImageTextEncoder:
    if not (weights / "efficientnet_lite2.pth").is_file():
        pytest.skip("no efficientnet_lite2.pth: run `assistant weights pull efficientnet-lite2`")
    return load_image_encoder("embedded", weights)


@pytest.mark.slow
def test_unseen_photographs_are_named_and_found(
    encoder: ImageTextEncoder, outside_data: Path
) -> None:
    photographs = load(encoder, outside_data / "cifar10-400")
    quality = measure(encoder, photographs)
    # The half of each class that no setting was chosen on.
    assert quality.zero_shot >= 0.55
    assert quality.precision >= 0.50
    readings = measure_readings(encoder.calibration, photographs.vectors, photographs, "image")
    assert readings.near > 0.5 > readings.related > 0.2


@pytest.mark.slow
def test_the_gallery_is_found_by_its_views_and_words(
    encoder: ImageTextEncoder, tmp_path: Path
) -> None:
    from corpus.gallery import build_gallery

    records = build_gallery(tmp_path / "gallery")
    with Store(tmp_path / "store.db") as store:
        index = ImageIndex.open(store, encoder, "cpu")
        report = index.add_records(records)
        assert report.skipped == ()
        assert view_precision(index, records) >= 0.95
        share, missed = diagrams_found(index, records, {})
        assert share >= 0.90, missed


def test_the_area_under_the_curve_is_one_for_a_perfect_order_and_half_for_none() -> None:
    truth = np.array([False, False, True, True])
    assert roc_area(np.array([0.1, 0.2, 0.8, 0.9], np.float32), truth) == 1
    assert roc_area(np.array([0.9, 0.8, 0.2, 0.1], np.float32), truth) == 0
    assert roc_area(np.array([0.1, 0.9, 0.2, 0.8], np.float32), truth) == 0.5


class FakeNamedDirections:
    """Texts and pictures are axes; the first picture of the second class is misplaced."""

    def embed_texts(self, texts: list[str]) -> np.ndarray:
        return np.eye(2, 4, dtype=np.float32)[: len(texts)]


def test_quality_counts_what_it_says() -> None:
    vectors = np.repeat(np.eye(2, 4, dtype=np.float32), 10, axis=0)
    vectors[10] = vectors[0]
    photographs = LabelledPhotographs(
        ("a", "b"), vectors, np.repeat([0, 1], 10), np.tile(np.arange(10) >= 5, 2)
    )
    quality = measure(FakeNamedDirections(), photographs)  # type: ignore[arg-type]
    assert quality.zero_shot == 1
    assert quality.zero_shot_all == pytest.approx(19 / 20)
    assert quality.precision_all < 1


DATA_NOUN = """\
  1 licence
00000001 03 n 01 entity 0 000 | everything
00000002 03 n 01 animal 0 001 @ 00000001 n 0000 | it lives
00000003 05 n 02 bird 0 fowl 0 001 @ 00000002 n 0000 | has wings; "a bird"
00000004 05 n 01 robin 0 001 @ 00000003 n 0000 | a red bird
00000005 05 n 01 owl 0 001 @ 00000003 n 0000 | a night bird
00000006 05 n 01 sparrow 0 001 @ 00000003 n 0000 | a small bird
00000007 06 n 01 rock_face 0 001 @ 00000001 n 0000 | stone
00000008 06 n 01 cup 0 001 @ 00000001 n 0000 | to drink from
"""


@pytest.fixture
def nouns(tmp_path: Path) -> NounHierarchy:
    (tmp_path / "data.noun").write_text(DATA_NOUN)
    (tmp_path / "index.noun").write_text(
        "  1 licence\nowl n 1 1 @ 1 0 00000005\nbird n 2 1 @ 2 0 00000007 00000003\n"
    )
    (tmp_path / "cntlist.rev").write_text("owl%1:05:00:: 1 3\nrun%2:01:00:: 1 9\n")
    return NounHierarchy(tmp_path)


def test_wordnet_s_files_are_read(nouns: NounHierarchy) -> None:
    assert nouns.synsets["n00000003"].names == ("bird", "fowl")
    assert nouns.synsets["n00000003"].gloss == "has wings"
    assert nouns.synsets["n00000007"].names == ("rock face",)
    assert nouns.ancestors("n00000004") == {f"n0000000{digit}" for digit in (4, 3, 2, 1)}
    assert nouns.commonness("bird", "n00000003") == 0.5
    assert nouns.attested == {"owl"}


def test_nouns_become_mixtures_of_the_classes_they_hold_or_resemble(nouns: NounHierarchy) -> None:
    def embed(texts: list[str]) -> np.ndarray:
        vectors = [np.roll(np.eye(1, 64, dtype=np.float32)[0], len(text)) for text in texts]
        return np.array(vectors)

    classes = ["n00000004", "n00000005", *[f"n{number:08}" for number in (7, 8)]]
    known = {"n00000003", "n00000006"}
    names = ["American robin", "owl", "rock", "mug"]
    vocabulary = build_vocabulary(nouns, classes, names, known, embed)
    mixture = dict(zip(vocabulary.terms, vocabulary.mixtures, strict=True))
    assert mixture["owl"].argmax() == 1
    assert mixture["american robin"].tolist() == [1, 0, 0, 0]
    assert "entity" not in mixture
    assert vocabulary.mixtures.sum(1) == pytest.approx(1)
    bounds, columns, shares = sparse(vocabulary.mixtures)
    assert len(bounds) == len(vocabulary.terms) + 1
    assert len(columns) == len(shares) == bounds[-1]
    rows = [shares[a:b].sum() for a, b in itertools.pairwise(bounds)]
    assert np.array(rows, np.float32) == pytest.approx(1, abs=1e-2)
