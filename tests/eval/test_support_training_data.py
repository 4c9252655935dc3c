import random
from pathlib import Path

import pytest

from eval.support import corruptions
from eval.support.bank_reading import written_pairs
from eval.support.cloze import cloze_pairs, cloze_question
from eval.support.corruptions import Donors, claim, collect_donors, corrupt_question
from eval.support.evidence import choose_evidence
from eval.support.pairs import IGNORED, absent_pair, foreign_pairs, squad_pairs, wice_pairs
from eval.support.paraphrases import Paraphrase, question_is_faithful, rewording_is_faithful
from eval.support.questions_to_claims import to_claim
from eval.support.sources import (
    bank_question_part,
    read_bank_claims,
    read_bank_questions,
    read_bank_unanswered,
    read_squad,
    read_wice_dev,
    read_wice_train,
    split_sentences,
    squad_part,
    wice_part,
)
from eval.support.squad_reading import squad_reading_pairs

QUESTIONS = Path(__file__).parents[2] / "eval" / "questions"
DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(
    not (DATA / "squad2").is_dir() or not (DATA / "wice").is_dir(),
    reason="../shared/data holds no squad2 and wice",
)
SENTENCES = (
    "Robert Hill founded the firm in 1962 with 30 workers.",
    "Anna Keller led the larger branch in Vienna before 1975.",
    "The machines were slow, and most orders were rejected.",
)
DONORS = collect_donors(("In 1988 the rival Peter Novak opened a works in Prague.", *SENTENCES))


@pytest.mark.parametrize("change", [change for change, _ in corruptions.CORRUPTIONS])
def test_a_corruption_marks_what_it_changed_and_nothing_that_stays(change):
    generator = random.Random(0)
    found = 0
    for sentence in SENTENCES:
        for _ in range(5):
            wrong = change(claim(sentence), DONORS, generator)
            if wrong is None:
                continue
            found += 1
            assert wrong.text != sentence
            assert len(wrong.words) == len(wrong.unsupported)
            assert not wrong.supported
            new = [w for w, m in zip(wrong.words, wrong.unsupported, strict=True) if m]
            kept = [w for w, m in zip(wrong.words, wrong.unsupported, strict=True) if not m]
            assert len(new) < len(wrong.words)
            if change not in (corruptions.join, corruptions.negate):
                assert set(kept) <= set(claim(sentence).words) | {"workers", "1975", "rejected"}
    assert found


def test_a_synonym_leaves_the_claim_supported():
    changed = corruptions.reword(claim("It was built quickly."), DONORS, random.Random(0))
    assert changed is not None
    assert changed.supported
    assert changed.text != "It was built quickly."


def test_a_claim_without_a_hold_is_left_alone():
    empty = Donors((), (), (), ())
    assert corruptions.swap_number(claim("No figure here."), empty, random.Random(0)) is None
    assert corruptions.swap_name(claim("No name here."), empty, random.Random(0)) is None


def test_a_changed_question_still_begins_as_a_question():
    generator = random.Random(3)
    for _ in range(20):
        changed = corrupt_question("When did Robert Hill found the firm?", DONORS, generator)
        if changed is not None:
            assert changed.words[0] == "When"
            assert any(changed.unsupported)


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("Who led the troops?", "Roger", "Roger led the troops."),
        ("In what year was Ada born?", "1815", "In 1815 was Ada born."),
        ("How many ships sailed?", "seven", "Seven ships sailed."),
        ("The bridge was built by whom?", "Lopez", "The bridge was built by Lopez."),
    ],
)
def test_question_and_answer_become_a_statement(question, answer, statement):
    made = to_claim(question, answer, supported=True)
    assert made is not None
    assert made.text == statement
    assert made.supported


def test_a_statement_needs_a_question_word():
    assert to_claim("Name the captain.", "Roger", supported=True) is None


def test_sentences_are_not_cut_at_abbreviations():
    assert split_sentences("Dr. Hill met J. Smith. They spoke.") == [
        "Dr. Hill met J. Smith.",
        "They spoke.",
    ]


def test_unfaithful_rewordings_are_recognised():
    sentence = "The plant opened in 1962 and employs Anna Keller."
    good = Paraphrase("t", 0, "Opened in 1962, the plant has Anna Keller on staff.", "", "")
    other_year = Paraphrase("t", 0, "Opened in 1963, the plant has Anna Keller on staff.", "", "")
    no_name = Paraphrase("t", 0, "Opened in 1962, the plant has a woman on staff there.", "", "")
    assert rewording_is_faithful(sentence, good)
    assert not rewording_is_faithful(sentence, other_year)
    assert not rewording_is_faithful(sentence, no_name)
    assert question_is_faithful(sentence, Paraphrase("t", 0, "", "When did it open?", "1962"))
    assert not question_is_faithful(sentence, Paraphrase("t", 0, "", "When did it open?", "1970"))


def test_evidence_holds_the_sentence_that_the_claim_needs():
    filler = [f"The town council met again on day {n} and spoke of taxes." for n in range(60)]
    sentences = [*filler[:30], "Keller won the chess title in Vienna.", *filler[30:]]
    assert "Keller won" in choose_evidence("Keller took the title in Vienna.", sentences, words=40)


def test_words_that_absent_evidence_shares_are_not_marked():
    pair = absent_pair(("Hill", "sold", "ships."), "Hill lived here.")
    assert pair.unsupported == (IGNORED, 1, 1)
    assert pair.label == 0


def test_a_cloze_question_asks_for_what_it_does_not_say():
    for seed in range(40):
        found = cloze_question(SENTENCES[seed % 2], random.Random(seed))
        if found is not None:
            question, answer = found
            assert answer in SENTENCES[seed % 2]
            assert answer not in question
            assert question.endswith("?")


def test_cloze_questions_come_with_the_span_of_their_answer_and_with_texts_that_lack_it():
    texts = {"wice/one": SENTENCES * 2, "pubmed/0": SENTENCES}
    pairs = list(cloze_pairs(texts, random.Random(0), per_text=4))
    assert {pair.label for pair in pairs} == {0, 1}
    for pair in pairs:
        assert (pair.span is not None) == (pair.label == 1)
        if pair.span is not None:
            assert pair.second[slice(*pair.span)] not in " ".join(pair.first)
    assert list(cloze_pairs({"pubmed/0": SENTENCES}, random.Random(0), per_text=4)) == []


def test_foreign_claims_come_from_another_text():
    other = ("Penguins hunt krill below the ice.", "Their chicks wait on the shore for weeks.")
    texts = {"one": SENTENCES, "two": other}
    pairs = list(foreign_pairs(texts, random.Random(0), count=12))
    assert len(pairs) == 12
    for pair in pairs:
        assert pair.label == 0
        assert " ".join(pair.first) not in pair.second


def test_written_questions_are_read_with_what_retrieval_brings():
    answers = {number: f"Answer {number}." for number in range(1, 12)}
    ranked = {"Is it?": tuple(range(1, 11)), "Is it not?": tuple(range(11, 1, -1))}
    pairs = list(written_pairs({1: ["Is it?"]}, {2: ["Is it not?"]}, answers, ranked))
    held = [pair.second for pair in pairs if pair.label == 1]
    empty = [pair.second for pair in pairs if pair.first == ("Is", "it", "not?")]
    assert held == ["Answer 1."]
    assert empty == ["Answer 11.", "Answer 10.", "Answer 9.", "Answer 8."]


def test_no_training_question_is_one_that_is_reported_or_calibrates():
    kept_out = {
        asked.question.lower()
        for name in ("dev.jsonl", "validation.jsonl", "test.jsonl")
        for asked in read_bank_questions(QUESTIONS / name)
        if bank_question_part(asked) != "train"
    }
    for name in ("answerable_training.txt", "unanswerable_training.txt", "far_training.txt"):
        written = read_bank_unanswered(QUESTIONS / name)
        assert name.startswith("far") or set(written) == set(range(1, 51))
        assert not kept_out & {q.lower() for asked in written.values() for q in asked}


def test_bank_claims_come_in_two_balanced_halves_over_different_answers():
    rows = read_bank_claims()
    halves = {part: [r for r in rows if r.part == part] for part in ("calibrate", "report")}
    assert len(rows) >= 120
    assert len(halves["calibrate"]) == len(halves["report"])
    assert not {r.answer for r in halves["calibrate"]} & {r.answer for r in halves["report"]}
    for half in halves.values():
        assert {r.kind for r in half} == {"paraphrase", "swapped", "negation", "joined", "absent"}


@needs_data
def test_no_article_of_the_report_is_in_the_training_pairs():
    squad = read_squad(DATA)
    reported = {
        text
        for text, article in zip(squad.paragraphs, squad.articles, strict=True)
        if squad_part(article) != "train"
    }
    pairs = [
        *squad_pairs(squad, random.Random(0)),
        *squad_reading_pairs(squad, random.Random(0)),
    ]
    assert pairs
    assert not any(pair.second in reported for pair in pairs)


@needs_data
def test_wice_claims_are_split_by_article():
    titles = {part: set() for part in ("calibrate", "report")}
    for item in read_wice_dev(DATA):
        titles[wice_part(item)].add(item.title)
    assert not titles["calibrate"] & titles["report"]
    assert not {item.title for item in read_wice_train(DATA)} & titles["report"]


@needs_data
def test_wice_claims_without_their_unsupported_words_count_as_supported():
    pairs = list(wice_pairs(read_wice_train(DATA)[:20], random.Random(0)))
    cut = [pair for pair in pairs if pair.kind == "wice-cut"]
    whole = [pair for pair in pairs if pair.kind == "wice"]
    assert cut
    assert all(pair.label == 1 and not any(pair.unsupported) for pair in cut)
    assert all(pair.label == 0 and any(pair.unsupported) for pair in whole)
