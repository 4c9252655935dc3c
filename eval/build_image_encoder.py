"""Make the files of the embedded image-text encoder (index/embedded_encoder).

    python -m eval.build_image_encoder --wordnet /usr/share/wordnet --weights WEIGHTS_FOLDER

Parts: EfficientNet-Lite2 (Apache-2.0) and all-MiniLM-L6-v2 (Apache-2.0) from the weights folder,
WordNet 3.0 (Debian `wordnet-base`), timm's list of ImageNet-21k synsets, open_clip's names of the
1000 ImageNet classes, and photographs that scikit-image and scikit-learn carry, for the mean of
the features only. No picture with a label is used, and nothing is trained by gradient: the same
parts give the same files. Takes some minutes, nearly all of it to embed 40,000 short texts.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from eval.image_background import measure_backgrounds, measure_surroundings
from eval.wordnet import NounHierarchy
from index.efficientnet_lite import EfficientNetLite, read_weights
from index.embedded_encoder import (
    NAME,
    SETTINGS_NAME,
    SHIPPED_FOLDER,
    TEMPLATE,
    TENSORS_NAME,
    EmbeddedEncoder,
)

Array = NDArray[np.float32]
Embed = Callable[[list[str]], Array]

DIMENSION = 384
SHARPNESS = (9.0, 20.0)
# How fast a class loses its share of a foreign noun with the distance to their common ancestor,
# and how much the likeness of the two glosses counts.
_HIERARCHY_WEIGHT, _GLOSS_WEIGHT = 1.5, 8.0
# Nouns whose nearest ancestor in ImageNet holds more than this share of the classes ("artifact",
# "organism") say nothing about how a thing looks.
_WIDEST_MEANING = 0.22
_LARGEST_MIXTURE = 64
_SMALLEST_SHARE = 2e-3
_EVERYDAY_NOUNS = (
    "dog cat bird horse fish insect flower tree fruit bread pizza cup bottle chair table lamp "
    "car truck bus train bicycle airplane boat bridge house church tower road beach mountain "
    "river book clock computer telephone camera guitar piano ball shoe hat dress umbrella bag "
    "knife spoon bed window door person baby crowd snow fire moon street kitchen garden"
)
_UNMEASURED: dict[str, Any] = {
    "image": {"mean": 0.0, "spread": 0.1, "drift": 0.1},
    "text": {"mean": 0.0, "spread": 0.1, "drift": 0.1},
    "near": 4.0,
    "related": 2.0,
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names, and for each its mixture of the 1000 ImageNet classes, float32 (n, 1000)."""

    terms: tuple[str, ...]
    mixtures: Array


def build_vocabulary(
    nouns: NounHierarchy, classes: list[str], class_names: list[str], known: set[str], embed: Embed
) -> Vocabulary:
    """Names of ImageNet's 21,000 synsets and all that lies above its 1000 classes.

    A noun above classes is their even mixture ("bird": 59 birds). Any other noun ("deer") borrows
    from the classes with which it shares an ancestor, the closer and the more alike in their
    glosses the more.
    """
    above = [nouns.ancestors(synset) for synset in classes]
    nodes = sorted(set().union(*above))
    place = {node: index for index, node in enumerate(nodes)}
    member = np.zeros((len(classes), len(nodes)), np.float32)
    for row, ancestors in enumerate(above):
        member[row, [place[node] for node in ancestors]] = 1
    counts = member.sum(0)
    information = -np.log(counts / len(classes))

    synsets = sorted((known | set(nodes)) & set(nouns.synsets))
    glosses = embed(
        [f"{', '.join(nouns.synsets[s].names)}: {nouns.synsets[s].gloss}" for s in synsets]
    )
    row_of = {synset: row for row, synset in enumerate(synsets)}
    class_glosses = glosses[[row_of[synset] for synset in classes]]

    mixtures: dict[str, list[tuple[float, Array]]] = defaultdict(list)
    for synset, gloss in zip(synsets, glosses, strict=True):
        shared = [place[node] for node in nouns.ancestors(synset) if node in place]
        if not shared:
            continue
        closest = (member[:, shared] * information[shared]).max(1)
        if closest.max() < -np.log(_WIDEST_MEANING):
            continue
        if synset in place:
            mixture = member[:, place[synset]] / counts[place[synset]]
        else:
            logits = _HIERARCHY_WEIGHT * closest + _GLOSS_WEIGHT * (class_glosses @ gloss)
            mixture = np.exp(logits - logits.max())
            mixture /= mixture.sum()
        for name in nouns.synsets[synset].names:
            weight = nouns.commonness(name, synset) * (2 if synset in place else 1)
            mixtures[name].append((weight, mixture))
    own_names = {name for node in nodes for name in nouns.synsets[node].names}
    for row, name in enumerate(class_names):
        mixtures[name.lower()].append((3.0, np.eye(len(classes), dtype=np.float32)[row]))
        own_names.add(name.lower())

    # Rare names of several words ("lesser yellow trefoil") repeat what their parts say.
    terms = sorted(t for t in mixtures if t in own_names or t in nouns.attested or " " not in t)
    merged = [
        sum(weight * mixture for weight, mixture in mixtures[term])
        / sum(weight for weight, _ in mixtures[term])
        for term in terms
    ]
    return Vocabulary(tuple(terms), np.array(merged, np.float32))


def sparse(mixtures: Array) -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.float16]]:
    """Rows as bounds (n + 1,), columns and shares; small shares are left out, the rest sum to 1."""
    bounds, columns, shares = [0], [], []
    for row in mixtures:
        kept = np.argsort(-row)[:_LARGEST_MIXTURE]
        kept = np.sort(kept[row[kept] >= min(_SMALLEST_SHARE, row.max())])
        columns.append(kept)
        shares.append(row[kept] / row[kept].sum())
        bounds.append(bounds[-1] + len(kept))
    return (
        np.array(bounds, np.int32),
        np.concatenate(columns).astype(np.int16),
        np.concatenate(shares).astype(np.float16),
    )


def build(weights: Path, wordnet: Path, target: Path) -> dict[str, int]:
    """Build the encoder's files into `target`; return the size of each in bytes."""
    from index.torchvision_without_cuda import declare_torchvision_operators

    declare_torchvision_operators()
    from open_clip import IMAGENET_CLASSNAMES
    from safetensors.numpy import save_file

    from index.text_embedders import OnnxTextEmbedder

    embedder = OnnxTextEmbedder(weights / "all-MiniLM-L6-v2")
    embed: Embed = lambda texts: embedder.embed_passages(texts, _progress)  # noqa: E731
    tower_file = weights / "efficientnet_lite2.pth"
    tower = EfficientNetLite(tower_file)
    lists = files("timm.data") / "_info"
    classes = (lists / "imagenet_synsets.txt").read_text().split()
    known = set((lists / "imagenet22k_synsets.txt").read_text().split())
    names = list(IMAGENET_CLASSNAMES)
    vocabulary = build_vocabulary(NounHierarchy(wordnet), classes, names, known, embed)

    rows = read_weights(tower_file)["_fc.weight"]
    rows = rows - rows.mean(0)
    _, _, directions = np.linalg.svd(rows, full_matrices=False)
    projection = np.ascontiguousarray(directions[:DIMENSION].T).astype(np.float16)
    class_vectors = rows @ projection.astype(np.float32)

    surroundings = measure_surroundings(tower, projection)
    terms = list(vocabulary.terms)
    conditions = {name: len(classes) + row for row, name in enumerate(surroundings.conditions)}
    lengths = np.linalg.norm(class_vectors, axis=1).mean()
    class_vectors = np.concatenate([class_vectors, surroundings.directions * lengths])
    mixtures = np.pad(vocabulary.mixtures, ((0, 0), (0, len(conditions))))
    for name, words in surroundings.conditions.items():
        fresh = [word for word in words if word not in terms]
        row = np.zeros(class_vectors.shape[0], np.float32)
        row[conditions[name]] = 1
        mixtures[[terms.index(word) for word in words if word in terms]] = row
        mixtures = np.concatenate([mixtures, np.tile(row, (len(fresh), 1))])
        terms += fresh

    term_vectors = embed([TEMPLATE.format(term) for term in terms])
    text_mean = term_vectors.mean(0)
    centred = term_vectors - text_mean
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    bounds, columns, shares = sparse(mixtures)
    target.mkdir(parents=True, exist_ok=True)
    tensors = {
        "feature_mean": surroundings.feature_mean,
        "projection": projection,
        "class_vectors": class_vectors.astype(np.float16),
        "text_mean": text_mean.astype(np.float32),
        # Only the direction of a row counts, so each takes the whole range of a byte.
        "term_vectors": np.round(127 * centred / np.abs(centred).max(1, keepdims=True)).astype(
            np.int8
        ),
        "mixture_bounds": bounds,
        "mixture_classes": columns,
        "mixture_shares": shares,
    }
    save_file(tensors, target / TENSORS_NAME)
    settings = {
        "name": NAME,
        "tower_sha256": tower.digest,
        "text_embedder_sha256": embedder.identity.revision,
        "sharpness": SHARPNESS,
        "calibration": _UNMEASURED,
        "terms": len(terms),
        "class_names": names + list(conditions),
    }
    _write_settings(target, settings)
    encoder = EmbeddedEncoder(tower_file, embedder, folder=target)
    image, text = measure_backgrounds(encoder, _EVERYDAY_NOUNS.split())
    calibration = _UNMEASURED | {"image": asdict(image), "text": asdict(text)}
    _write_settings(target, settings | {"calibration": calibration})
    return {path.name: path.stat().st_size for path in sorted(target.iterdir())}


def _write_settings(target: Path, settings: dict[str, Any]) -> None:
    (target / SETTINGS_NAME).write_text(json.dumps(settings, indent=1) + "\n", "utf-8")


def _progress(done: int, total: int) -> None:
    if done == total or done % 2000 == 0:
        click.echo(f"\r{done} of {total} texts embedded", nl=done == total, err=True)


@click.command()
@click.option("--weights", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--wordnet", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--target", type=click.Path(path_type=Path), default=SHIPPED_FOLDER)
def main(weights: Path, wordnet: Path, target: Path) -> None:
    """Build the embedded encoder's files from WEIGHTS (a folder) and WORDNET into TARGET."""
    for name, size in build(weights, wordnet, target).items():
        click.echo(f"{name}: {size:,} bytes")


if __name__ == "__main__":
    main()
