"""WordNet's nouns as far as pictures need them: names, glosses, and what is a kind of what.

Reads the database files of WordNet 3.0 (Fellbaum 1998), whose offsets ImageNet's synset ids are
made of. Debian carries them as the package `wordnet-base`, in /usr/share/wordnet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Synset:
    """One meaning. `id` is ImageNet's: n and the offset in data.noun. `names` are lower case."""

    id: str
    names: tuple[str, ...]
    gloss: str
    parents: tuple[str, ...]


class NounHierarchy:
    """All nouns of a WordNet folder with `data.noun`, `index.noun` and `cntlist.rev`."""

    def __init__(self, folder: Path) -> None:
        self.synsets = {synset.id: synset for synset in _read_nouns(folder / "data.noun")}
        self._places = dict(_read_places(folder / "index.noun"))
        self.attested = frozenset(_read_attested(folder / "cntlist.rev"))
        """Names that occur as nouns in WordNet's sense-tagged texts."""

    def ancestors(self, synset_id: str) -> frozenset[str]:
        """The synset itself and everything that it is a kind of."""
        found: set[str] = set()
        open_ids = [synset_id]
        while open_ids:
            current = open_ids.pop()
            if current not in found:
                found.add(current)
                open_ids.extend(self.synsets[current].parents)
        return frozenset(found)

    def commonness(self, name: str, synset_id: str) -> float:
        """One over the place of the meaning among those of the name: 1 for the commonest."""
        senses: Sequence[str] = self._places.get(name, ())
        return 1 / (1 + senses.index(synset_id)) if synset_id in senses else 0.3


def _read_nouns(path: Path) -> Iterator[Synset]:
    # The format is wndb(5WN): offset, file, type, count of words in hexadecimal, words with their
    # lexical ids, count of pointers, pointers of four fields each, a bar, the gloss.
    for line in _data_lines(path):
        fields, gloss = line.split(" | ", 1)
        words = fields.split()
        count = int(words[3], 16)
        pointers = words[5 + 2 * count :]
        yield Synset(
            id=f"n{words[0]}",
            names=tuple(words[4 + 2 * index].replace("_", " ").lower() for index in range(count)),
            gloss=gloss.split(";")[0].strip(),
            parents=tuple(
                f"n{pointers[start + 1]}"
                for start in range(0, 4 * int(words[4 + 2 * count]), 4)
                if pointers[start] in ("@", "@i")
            ),
        )


def _read_places(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in _data_lines(path):
        words = line.split()
        senses = words[-int(words[2]) :]
        yield words[0].replace("_", " "), tuple(f"n{offset}" for offset in senses)


def _read_attested(path: Path) -> Iterator[str]:
    for line in path.read_text("latin-1").splitlines():
        name, _, rest = line.split()[0].partition("%")
        if rest.startswith("1:"):
            yield name.replace("_", " ")


def _data_lines(path: Path) -> Iterator[str]:
    # The licence at the head of each file is indented.
    return (line for line in path.read_text("latin-1").splitlines() if not line.startswith(" "))
