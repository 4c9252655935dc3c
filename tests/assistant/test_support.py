import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answering.pair_model import DEFAULT_FOLDER, MAX_FIRST_WORDS, PairModel
from assistant.answering.support import ModelSupportScorer
from assistant.errors import ModelError
from corpus.question_bank import load_question_bank

BANK_CLAIMS = Path(__file__).parents[2] / "eval" / "support" / "bank_claims.jsonl"
EVIDENCE = (
    "The bridge was opened in 1932 by the engineer Maria Lopez. It carries 4,000 cars a day. "
    "The river below it freezes in winter."
)


@pytest.fixture(scope="module")
def scorer():
    return ModelSupportScorer(PairModel(threads=1))


def test_quoted_sentence_is_supported(scorer):
    [probability] = scorer.score([("The river below it freezes in winter.", EVIDENCE)])
    assert probability > scorer.threshold


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("The bridge was opened in 1932.", "The bridge was opened in 1952."),
        (
            "The engineer Maria Lopez opened the bridge.",
            "The engineer Anna Keller opened the bridge.",
        ),
        ("The river freezes in winter.", "The river does not freeze in winter."),
        ("The bridge carries 4,000 cars a day.", "The bridge carries 9,000 cars a day."),
        (
            "The bridge was opened in 1932.",
            "The bridge was opened in 1932, and its towers are painted green.",
        ),
    ],
    ids=["year", "name", "negation", "number", "joined"],
)
def test_changed_claim_is_less_supported_than_the_right_one(scorer, right, wrong):
    above, below = scorer.score([(right, EVIDENCE), (wrong, EVIDENCE)])
    assert above > scorer.threshold > below


def test_true_claim_that_the_evidence_does_not_hold_is_unsupported(scorer):
    [probability] = scorer.score([("Paris is the capital of France.", EVIDENCE)])
    assert probability < scorer.threshold / 2


def test_handmade_bank_claims_are_told_apart(scorer):
    answers = {n: document.text for n, document in enumerate(load_question_bank(), start=1)}
    rows = [json.loads(line) for line in BANK_CLAIMS.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["part"] == "report"]
    scores = scorer.score([(row["claim"], answers[row["answer"]]) for row in rows])
    right = {True: [], False: []}
    for row, score in zip(rows, scores, strict=True):
        right[row["supported"]].append((score >= scorer.threshold) == row["supported"])
    rates = [sum(found) / len(found) for found in right.values()]
    assert sum(rates) / 2 >= 0.75


def test_a_score_does_not_depend_on_its_neighbours_in_the_call(scorer):
    pair = ("The bridge was opened in 1932.", EVIDENCE)
    other = ("It rains.", "Rain is likely. " * 80)
    assert scorer.score([pair, other])[0] == scorer.score([other, pair])[1]


def test_support_at_the_end_of_long_evidence_is_found(scorer):
    filler = "The council met on Tuesday and talked about the budget of the town. " * 60
    [probability] = scorer.score([("The bridge carries 4,000 cars a day.", filler + EVIDENCE)])
    assert probability > 0.5


def test_every_word_of_a_claim_gets_a_mark(scorer):
    claim = "The bridge was opened in 1952 by Maria Lopez."
    assert len(scorer.unsupported_words(claim, EVIDENCE)) == len(claim.split())
    assert scorer.unsupported_words("Penguins hunt krill.", EVIDENCE) != [False] * 3


def test_the_wrong_word_is_the_least_supported_one():
    claim = "The bridge was opened in 1952 by Maria Lopez."
    marks = PairModel(threads=1).read(claim, EVIDENCE).unsupported
    assert claim.split()[marks.index(max(marks))] == "1952"


def test_nothing_to_score_gives_nothing(scorer):
    assert scorer.score([]) == []
    assert scorer.score([("", EVIDENCE), ("A claim.", " ")]) == [0.0, 0.0]


@settings(max_examples=15, deadline=None)
@given(claim=st.text(max_size=300), evidence=st.text(max_size=600))
def test_any_text_gets_a_probability(scorer, claim, evidence):
    [probability] = scorer.score([(claim, evidence)])
    assert 0 <= probability <= 1


def test_claims_of_any_length_are_read():
    model = PairModel(threads=1)
    reading = model.read("word " * 500, EVIDENCE)
    assert len(reading.unsupported) == MAX_FIRST_WORDS


def test_missing_model_is_named(tmp_path):
    with pytest.raises(ModelError, match=tmp_path.name) as raised:
        PairModel(tmp_path)
    assert raised.value.hint


def test_damaged_model_is_a_clear_error(tmp_path):
    for file in DEFAULT_FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelError):
        PairModel(tmp_path)
