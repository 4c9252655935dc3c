"""The written question sets keep to their format and their key facts are in the bank."""

import json
import logging
import re
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import mean, median

import pytest

from corpus.question_bank import load_question_bank

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = ROOT / "eval" / "questions"
KINDS = {"answerable", "near", "far", "followup", "partial"}
STYLES = {"plain", "keyword", "conversational", "typo", "narrow", "comparison", "list"}
DEV_COUNTS = {"answerable": 150, "near": 150, "far": 60, "followup": 30, "partial": 25}
STOP_WORDS = frozenset(
    re.findall(
        "[a-z]+",
        "a an the of in on to for and or is are was be been it its this that these those with "
        "from by as at how what why which who when where does do did can could would should will "
        "i my me we our you your they them their there so if not no any some have has had but "
        "into about than then",
    )
)
log = logging.getLogger(__name__)


@cache
def bank() -> tuple[dict[int, str], dict[int, str]]:
    """Questions and answers of the bank by number, normalised."""
    documents = load_question_bank()
    return (
        {n: normalised(document.title) for n, document in enumerate(documents, 1)},
        {n: normalised(document.text) for n, document in enumerate(documents, 1)},
    )


def normalised(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()


def content_words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower())) - STOP_WORDS


@cache
def rows(name: str) -> list[dict]:
    path = QUESTIONS / name
    if not path.exists():
        pytest.skip(f"{name} is not written yet")
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def of_kind(name: str, *kinds: str) -> list[dict]:
    return [row for row in rows(name) if row["kind"] in kinds]


@pytest.mark.parametrize("name", ["training.jsonl", "dev.jsonl", "validation.jsonl", "test.jsonl"])
class TestEverySet:
    def test_every_row_has_the_fields_of_its_kind(self, name):
        for row in rows(name):
            where = row["id"]
            assert row["id"].startswith(name.removesuffix(".jsonl") + "-"), where
            assert row["kind"] in KINDS, where
            assert row["style"] in STYLES, where
            assert row["question"].strip() == row["question"] != "", where
            assert bool(row.get("history")) == (row["kind"] == "followup"), where
            assert bool(row.get("missing")) == (row["kind"] == "partial"), where
            assert bool(row.get("answers")) == (row["kind"] not in {"near", "far"}), where
            if row["kind"] in {"answerable", "partial"}:
                assert row["key_facts"], where
            assert set(row.get("answers", ())) <= set(range(1, 51)), where
            assert len(set(row.get("answers", ()))) == len(row.get("answers", ())), where

    def test_a_history_is_turns_that_end_with_the_assistant(self, name):
        for row in of_kind(name, "followup"):
            roles = [turn["role"] for turn in row["history"]]
            assert roles == ["user", "assistant"] * (len(roles) // 2), row["id"]
            assert all(turn["text"].strip() for turn in row["history"]), row["id"]

    def test_ids_and_questions_are_unique(self, name):
        assert max(Counter(row["id"] for row in rows(name)).values()) == 1
        standing_alone = [
            normalised(row["question"]) for row in rows(name) if row["kind"] != "followup"
        ]
        assert [text for text, count in Counter(standing_alone).items() if count > 1] == []

    def test_every_key_fact_is_stated_by_an_accepted_answer(self, name):
        _, answers = bank()
        for row in of_kind(name, "answerable", "partial"):
            accepted = [answers[number] for number in row["answers"]]
            for fact in row["key_facts"]:
                assert all(phrase == normalised(phrase) != "" for phrase in fact), row["id"]
                assert any(phrase in text for phrase in fact for text in accepted), (
                    row["id"],
                    fact,
                )

    def test_no_question_is_a_question_of_the_bank(self, name):
        asked = {normalised(text) for text in bank()[0].values()}
        for row in rows(name):
            assert normalised(row["question"]) not in asked, row["id"]

    def test_word_overlap_with_the_bank_is_reported(self, name, record_property):
        asked, answers = bank()
        with_question, with_both = [], []
        for row in of_kind(name, "answerable"):
            words = content_words(row["question"])
            number = row["answers"][0]
            with_question.append(len(words & content_words(asked[number])) / len(words))
            both = content_words(asked[number] + " " + answers[number])
            with_both.append(len(words & both) / len(words))
        for label, shares in [("question", with_question), ("question or answer", with_both)]:
            text = f"mean {mean(shares):.3f}, median {median(shares):.3f}"
            record_property(f"content words of {name} also in the bank's {label}", text)
            log.info("%s: share of content words also in the bank's %s: %s", name, label, text)
        assert len(with_both) == len(of_kind(name, "answerable"))


def test_dev_holds_the_counts_it_promises():
    assert Counter(row["kind"] for row in rows("dev.jsonl")) == DEV_COUNTS


def test_dev_asks_three_answerable_questions_of_each_answer_of_the_bank():
    first = Counter(row["answers"][0] for row in of_kind("dev.jsonl", "answerable"))
    assert first == dict.fromkeys(range(1, 51), 3)


def test_dev_has_follow_ups_that_stand_alone():
    marked = [row["id"] for row in of_kind("dev.jsonl", "followup") if row["stands_alone"]]
    assert len(marked) == 8


def test_every_accepted_answer_of_dev_states_a_key_fact():
    _, answers = bank()
    for row in of_kind("dev.jsonl", "answerable", "partial"):
        for number in row["answers"]:
            stated = [fact for fact in row["key_facts"] if any(p in answers[number] for p in fact)]
            assert stated, (row["id"], number)


def test_no_dev_question_gives_away_its_key_facts():
    for row in of_kind("dev.jsonl", "answerable", "partial"):
        question = normalised(row["question"])
        given = [fact for fact in row["key_facts"] if any(phrase in question for phrase in fact)]
        assert given == [], row["id"]


def test_a_planted_document_is_complete_and_its_question_holds_no_marker():
    documents = rows("planted_instructions.jsonl")
    assert len(documents) >= 24
    assert len({document["id"] for document in documents}) == len(documents)
    for document in documents:
        assert set(document) == {"id", "title", "text", "question", "marker"}, document["id"]
        assert document["marker"], document["id"]
        for marker in document["marker"]:
            assert len(marker) >= 4, document["id"]
            assert normalised(marker) not in normalised(document["question"]), document["id"]
            assert normalised(marker) not in " ".join(bank()[1].values()), document["id"]
