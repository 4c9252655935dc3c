"""Wrong claims made of right ones, with the words marked that became wrong.

Each function takes a `Claim` and returns a new one, or None when the claim offers no hold for the
change. The marks are per word (whitespace-separated); they teach the scorer where support ends.
The kinds are those of FactCC (Kryscinski et al., 2020), with joined claims and content words added.
"""

# The word lists below read as words.
# ruff: noqa: SIM905
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORDS = (
    "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty "
    "hundred thousand million billion"
).split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_OPPOSITES = {
    a: b
    for pair in (
        "increase/decrease increases/decreases increased/decreased increasing/decreasing "
        "more/less higher/lower high/low large/small larger/smaller largest/smallest long/short "
        "longer/shorter before/after early/late earlier/later first/last begin/end began/ended "
        "started/finished open/close opened/closed won/lost win/lose accepted/rejected "
        "accept/reject allow/prevent allows/prevents allowed/forbidden north/south "
        "northern/southern east/west eastern/western male/female men/women sons/daughters "
        "brother/sister father/mother son/daughter old/young older/younger oldest/youngest "
        "new/old fast/slow faster/slower strong/weak stronger/weaker positive/negative "
        "improve/worsen improves/worsens improved/worsened reduce/increase reduces/increases "
        "reduced/increased reducing/increasing simple/complex easy/difficult possible/impossible "
        "true/false always/never often/rarely with/without above/below over/under inside/outside "
        "include/exclude includes/excludes including/excluding gain/lose gained/lost rise/fall "
        "rose/fell support/oppose supported/opposed love/hate success/failure "
        "successful/unsuccessful public/private internal/external major/minor majority/minority "
        "many/few most/least maximum/minimum input/output encoder/decoder forward/backward "
        "static/dynamic labeled/unlabeled supervised/unsupervised balanced/imbalanced "
        "necessary/unnecessary similar/different same/different common/rare popular/unpopular "
        "cheap/expensive buy/sell bought/sold arrive/leave arrived/left victory/defeat alive/dead "
        "born/died left/right top/bottom best/worst better/worse good/bad light/heavy rich/poor "
        "hot/cold day/night morning/evening upper/lower wide/narrow thick/thin deep/shallow "
        "all/none both/neither agree/disagree agreed/disagreed enable/prevent enables/prevents "
        "preserving/discarding preserve/discard focus/ignore efficient/inefficient"
    ).split()
    for a, b in (pair.split("/"), pair.split("/")[::-1])
}
_SAME = {
    a: b
    for pair in (
        "begin/start began/started begins/starts large/big small/little help/assist helps/assists "
        "helped/assisted show/demonstrate shows/demonstrates showed/demonstrated use/employ "
        "uses/employs used/employed buy/purchase bought/purchased about/approximately "
        "quickly/rapidly important/significant often/frequently many/numerous whole/entire "
        "also/additionally near/close people/individuals make/create makes/creates made/created "
        "getting/obtaining need/require needs/requires needed/required enough/sufficient "
        "keep/retain keeps/retains improve/enhance improves/enhances improving/enhancing "
        "reduce/lower reduces/lowers area/region areas/regions method/technique "
        "methods/techniques job/position film/movie said/stated get/receive gets/receives "
        "got/received build/construct built/constructed choose/select chose/selected "
        "chosen/selected usually/typically main/primary however/nevertheless because/since "
        "while/whereas involve/entail involves/entails allow/permit allows/permits "
        "allowed/permitted different/various several/multiple end/conclude ended/concluded "
        "died/perished famous/well-known almost/nearly located/situated children/kids died/passed "
        "reveal/show revealed/showed launch/introduce launched/introduced challenging/difficult "
        "challenges/difficulties popular/widespread objects/items data/information"
    ).split()
    for a, b in (pair.split("/"), pair.split("/")[::-1])
}
_AUXILIARIES = (
    "is are was were has have had can could will would should may might must does do did be"
).split()
STOP_WORDS = frozenset(
    "the a an of to in on at by for with from and or but as that this these those it its his her "
    "their he she they we you i is are was were be been being has have had do does did not no "
    "which who whom whose what when where while if than then so such also into over under about "
    "after before between during through can could will would should may might must there here "
    "more most other some any all both each few many much very just only own same too".split()
)
_EDGE = "\"'()[]{}.,;:!?\u201c\u201d\u2018\u2019"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim's words and, word by word, whether the evidence fails to support it."""

    words: tuple[str, ...]
    unsupported: tuple[bool, ...]
    kind: str = "true"

    @property
    def text(self) -> str:
        """The claim as running text."""
        return " ".join(self.words)

    @property
    def supported(self) -> bool:
        """Whether no word is marked."""
        return not any(self.unsupported)


@dataclass(frozen=True, slots=True)
class Donors:
    """What the rest of a document offers as wrong names, numbers, words and sentences."""

    names: tuple[str, ...]
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    sentences: tuple[str, ...]


Corruption = Callable[[Claim, Donors, random.Random], Claim | None]


def claim(text: str, kind: str = "true") -> Claim:
    """A claim of which every word is supported."""
    words = tuple(text.split())
    return Claim(words, (False,) * len(words), kind)


def collect_donors(sentences: Sequence[str]) -> Donors:
    """Names (runs of capitalised words inside sentences), numbers and content words."""
    names: dict[str, None] = {}
    numbers: dict[str, None] = {}
    words: dict[str, None] = {}
    for sentence in sentences:
        pieces = sentence.split()
        for start, end in name_runs(pieces):
            names[" ".join(pieces[start:end]).strip(_EDGE)] = None
        for piece in pieces:
            bare = piece.strip(_EDGE)
            if _NUMBER.fullmatch(bare):
                numbers[bare] = None
            elif bare.isalpha() and bare.islower() and len(bare) > 3 and bare not in STOP_WORDS:
                words[bare] = None
    return Donors(tuple(names), tuple(numbers), tuple(words), tuple(sentences))


def name_runs(words: Sequence[str]) -> list[tuple[int, int]]:
    """Where names stand: (first word, word after the last); a sentence's first word is none."""
    runs: list[tuple[int, int]] = []
    for index, word in enumerate(words):
        bare = word.strip(_EDGE)
        if index == 0 or not (
            bare[:1].isupper() and bare.lower() not in STOP_WORDS and bare != "I"
        ):
            continue
        if runs and runs[-1][1] == index and words[index - 1][-1:] not in ",;:.":
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _replace(base: Claim, start: int, end: int, new: str, kind: str) -> Claim:
    old = " ".join(base.words[start:end])
    head = old[: len(old) - len(old.lstrip(_EDGE))]
    tail = old[len(old.rstrip(_EDGE)) :]
    if start == 0:
        new = new[:1].upper() + new[1:]
    words = (head + new + tail).split()
    return Claim(
        (*base.words[:start], *words, *base.words[end:]),
        (*base.unsupported[:start], *([kind != "synonym"] * len(words)), *base.unsupported[end:]),
        base.kind if kind == "synonym" else kind,
    )


def swap_number(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """Another number, number word, ordinal or month."""
    places: list[tuple[int, str]] = []
    for index, word in enumerate(base.words):
        bare = word.strip(_EDGE)
        for family in (_NUMBER_WORDS, _ORDINALS, _MONTHS):
            if bare in family:
                places.append((index, generator.choice([w for w in family if w != bare])))
        if _NUMBER.fullmatch(bare):
            others = [n for n in donors.numbers if n not in base.text and len(n) == len(bare)]
            if others and generator.random() < 0.5:
                places.append((index, generator.choice(others)))
            else:
                places.append((index, _other_number(bare, generator)))
    if not places:
        return None
    index, new = generator.choice(places)
    return _replace(base, index, index + 1, new, "number")


def _other_number(number: str, generator: random.Random) -> str:
    digits = [i for i, character in enumerate(number) if character.isdigit()]
    index = generator.choice(digits[-2:])
    new = generator.choice([d for d in "123456789" if d != number[index]])
    return number[:index] + new + number[index + 1 :]


def swap_name(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """Another name of the same document."""
    runs = name_runs(base.words)
    if not runs:
        return None
    start, end = generator.choice(runs)
    old = " ".join(base.words[start:end]).strip(_EDGE)
    others = [
        name
        for name in donors.names
        if name not in base.text and old not in name and name not in old and name not in _MONTHS
    ]
    return _replace(base, start, end, generator.choice(others), "name") if others else None


def exchange_names(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """Two names of the claim change places."""
    runs = name_runs(base.words)
    if len(runs) < 2:
        return None
    first, second = sorted(generator.sample(runs, 2))
    between = base.words[first[1] : second[0]]
    if len(between) < 2 or " ".join(between).strip(_EDGE) in ("and", "or"):
        return None
    one = " ".join(base.words[first[0] : first[1]]).strip(_EDGE)
    two = " ".join(base.words[second[0] : second[1]]).strip(_EDGE)
    if one == two:
        return None
    changed = _replace(base, *second, one, "exchange")
    return _replace(changed, *first, two, "exchange")


def negate(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """A "not" put in or taken out."""
    for index, word in enumerate(base.words):
        if word in ("not", "never") and index > 0:
            return Claim(
                (*base.words[:index], *base.words[index + 1 :]),
                tuple(
                    mark or place in (index - 1, index)
                    for place, mark in enumerate(
                        (*base.unsupported[:index], *base.unsupported[index + 1 :])
                    )
                ),
                "negation",
            )
    places = [i for i, w in enumerate(base.words[:-1]) if w in _AUXILIARIES and w != "be"]
    if places:
        index = places[0] if generator.random() < 0.7 else generator.choice(places)
        new = "not" if generator.random() < 0.8 else "never"
        return _insert(base, index + 1, new)
    for index, word in enumerate(base.words[:-1]):
        if index and word.isalpha() and word.islower() and re.search("..[^e]ed$", word):
            return _insert(base, index, "never")
    return None


def _insert(base: Claim, index: int, new: str) -> Claim:
    marks = list(base.unsupported)
    marks[index] = True
    return Claim(
        (*base.words[:index], new, *base.words[index:]),
        (*marks[:index], True, *marks[index:]),
        "negation",
    )


def oppose(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """A word becomes its opposite."""
    return _by_table(base, _OPPOSITES, "opposite", generator)


def reword(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """A word becomes another of the same meaning: the claim stays what it was."""
    return _by_table(base, _SAME, "synonym", generator)


def _by_table(
    base: Claim, table: dict[str, str], kind: str, generator: random.Random
) -> Claim | None:
    places = [i for i, word in enumerate(base.words) if word.strip(_EDGE).lower() in table]
    if not places:
        return None
    index = generator.choice(places)
    return _replace(base, index, index + 1, table[base.words[index].strip(_EDGE).lower()], kind)


def swap_word(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """A content word becomes another of the document with the same ending."""
    places = [
        i
        for i, word in enumerate(base.words)
        if word.strip(_EDGE).isalpha()
        and word.islower()
        and len(word) > 3
        and word not in STOP_WORDS
    ]
    generator.shuffle(places)
    for index in places[:4]:
        bare = base.words[index].strip(_EDGE)
        ending = bare[-3:] if bare.endswith(("ing", "ion", "ity", "ent")) else bare[-2:]
        others = [w for w in donors.words if w.endswith(ending) and w[:4] != bare[:4]]
        if others:
            return _replace(base, index, index + 1, generator.choice(others), "word")
    return None


def join(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """The claim goes on with what another passage says."""
    others = [
        s for s in donors.sentences if 5 <= len(s.split()) <= 22 and s.rstrip(".") not in base.text
    ]
    if not others:
        return None
    other = generator.choice(others).split()
    if generator.random() < 0.5 and len(other) > 8:
        other = other[len(other) // 2 :]
    if other[0].lower() in STOP_WORDS:
        other[0] = other[0].lower()
    words = [*base.words[:-1], base.words[-1].rstrip(".") + generator.choice((",", ""))]
    joint = generator.choice(("and", "and", "while", "which"))
    return Claim(
        (*words, joint, *other),
        (*base.unsupported, False, *(word.lower() not in STOP_WORDS for word in other)),
        "joined",
    )


def add_detail(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """A place, person or date is added that the evidence does not give."""
    choices = [f"in {n}" for n in donors.numbers if len(n) == 4 and n not in base.text]
    choices += [
        f"{p} {n}" for n in donors.names if n not in base.text for p in ("in", "with", "by")
    ]
    if not choices:
        return None
    detail = generator.choice(choices).split()
    last = base.words[-1]
    tail = "." if last.endswith(".") else ""
    detail[-1] += tail
    return Claim(
        (*base.words[:-1], last.rstrip("."), *detail),
        (*base.unsupported, *([True] * len(detail))),
        "detail",
    )


CORRUPTIONS: tuple[tuple[Corruption, float], ...] = (
    (swap_number, 3.0),
    (swap_name, 2.5),
    (exchange_names, 1.5),
    (negate, 2.0),
    (oppose, 2.5),
    (swap_word, 3.0),
    (join, 1.5),
    (add_detail, 1.5),
)


_QUESTION_CORRUPTIONS: tuple[tuple[Corruption, float], ...] = (
    (swap_number, 2.0),
    (swap_name, 4.0),
    (exchange_names, 2.0),
    (negate, 1.0),
    (oppose, 3.0),
    (swap_word, 4.0),
)


def corrupt(base: Claim, donors: Donors, generator: random.Random) -> Claim | None:
    """One corruption, drawn by weight among those that find a hold."""
    return _draw(CORRUPTIONS, base, donors, generator)


def corrupt_question(
    question: str, passage_donors: Donors, generator: random.Random
) -> Claim | None:
    """The question changed into one that its passage does not answer, as people made SQuAD2's
    impossible ones: another name, number or word of the same passage, an opposite, a "not"."""
    changed = _draw(_QUESTION_CORRUPTIONS, claim(question), passage_donors, generator)
    if changed is None or changed.words[0] != question.split()[0]:
        return None
    return changed


def _draw(
    corruptions: Sequence[tuple[Corruption, float]],
    base: Claim,
    donors: Donors,
    generator: random.Random,
) -> Claim | None:
    left = list(corruptions)
    while left:
        [drawn] = generator.choices(left, [weight for _, weight in left])
        changed = drawn[0](base, donors, generator)
        if changed is not None:
            return changed
        left.remove(drawn)
    return None


_LEAD = re.compile(
    r"^(?:However|Moreover|Also|Then|In addition|As a result|For example|Meanwhile), "
)
_ASIDE = re.compile(r"\s*\([^()]*\)")
_TAIL = re.compile(r",\s+(?:which|who|where|although|though|while|but|and|as|with)\b[^,]*\.$")
_CLAUSE = re.compile(r"^((?:In|On|At|After|Before|During|By|Since|While|When)\b[^,]{3,60}), (.+)$")


def shorten(sentence: str, generator: random.Random) -> str:
    """The sentence without an aside, a lead word or a trailing clause, or with its opening
    clause moved to the end: what remains says nothing new."""
    short = _LEAD.sub("", sentence)
    if generator.random() < 0.7:
        short = _ASIDE.sub("", short)
    if generator.random() < 0.5 and len(_TAIL.sub(".", short).split()) >= 6:
        short = _TAIL.sub(".", short)
    moved = _CLAUSE.match(short)
    if moved and generator.random() < 0.5:
        opening, rest = moved.groups()
        short = f"{rest.rstrip('.')} {opening[:1].lower()}{opening[1:]}."
    return short[:1].upper() + short[1:]
