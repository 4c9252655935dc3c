"""A run measures every system on a data set of its own, and counts what fails."""

import pytest

from assistant.settings import Settings
from corpus.types import Document
from eval.datasets.types import EvalQuestion, GoldSpan, QuestionSet
from eval.refusal_stage import refusal_results, refused_table
from eval.result import read_result
from eval.run import Plan, run_questions
from index.passages import PassageIndex

ANIMALS = {
    "cat": "Cats purr when they are content. They sleep most of the day.",
    "dog": "Dogs bark at strangers. A dog wags its tail when it is glad.",
    "owl": "Owls hunt at night. Their heads turn almost all the way round.",
    "bee": "Bees dance to tell where flowers are. A hive has one queen.",
}
DOCUMENTS = tuple(Document(name, name.title(), text, "animals") for name, text in ANIMALS.items())
QUESTIONS = (
    EvalQuestion("q-cat", "Which animal purrs?", answerable=True, relevant={"cat": 1}),
    EvalQuestion("q-dog", "Who barks at strangers?", answerable=True, relevant={"dog": 1}),
    EvalQuestion("q-owl", "Who hunts at night?", answerable=True, relevant={"owl": 1}),
    EvalQuestion("q-tax", "When is my tax return due?", "far", answerable=False),
)
SEARCH_ONLY = Plan(answers=0, baseline_answers=0)


def counted(result):
    stage = result["counts"]["stages"]["retrieval"]
    return stage["asked"], stage["failed"]


@pytest.fixture
def settings(own_home, weights):
    return Settings(home=own_home, weights=weights)


@pytest.fixture
def animals():
    return QuestionSet("animals", "all", QUESTIONS, DOCUMENTS)


def test_every_system_is_measured_on_the_same_questions(settings, animals, tmp_path):
    finished = run_questions(settings, animals, SEARCH_ONLY, tmp_path, tuning=animals)
    result = read_result(tmp_path / "animals-all.json")
    retrieval = result["tables"]["retrieval"]["values"]
    assert set(retrieval) == {"ours", "dense", "bm25", "rrf", "langchain"}
    for of_system in retrieval.values():
        assert of_system["success@5"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 3}
    refusal = result["tables"]["refusal"]["values"]
    assert refusal["top score"]["refusal recall"]["n"] == 4
    assert counted(result) == (3, 0)
    assert result["counts"]["stages"]["retrieval"]["seconds"] > 0
    assert result["made_by"]["corpus"]["documents"] == 4
    assert result["made_by"]["models"]["embedder"]
    assert {one["id"] for one in result["improve"]["never_retrieved"]} == set()
    assert finished.resumed == 0


def test_spans_are_scored_beside_what_the_way_of_cutting_allows(settings, tmp_path):
    gold = len("Cats purr when they are content.")
    question = EvalQuestion("q", "Which animal purrs?", spans=(GoldSpan("cat", 0, gold),))
    spans = QuestionSet("spans", "all", (question,), DOCUMENTS)
    found = run_questions(settings, spans, SEARCH_ONLY, tmp_path).result
    retrieval = found["tables"]["retrieval"]["values"]
    # Each short document is one passage, in both ways of cutting.
    omega = pytest.approx(gold / len(ANIMALS["cat"]), abs=1e-5)
    for of_system in retrieval.values():
        assert of_system["precision omega"]["value"] == omega
        assert of_system["token recall@5"]["value"] == 1
        assert of_system["token precision@5"]["value"] <= of_system["precision omega"]["value"]


def test_a_data_set_stays_out_of_the_users_corpus(settings, animals, tmp_path):
    run_questions(settings, animals, SEARCH_ONLY, tmp_path)
    assert not settings.index_directory.exists()
    assert any((settings.home / "eval").iterdir())


def test_a_question_that_fails_is_counted_and_scores_nothing(
    settings, animals, tmp_path, monkeypatch
):
    search = PassageIndex.search

    def broken_for_dogs(self, query, *rest, **options):
        if "barks" in query:
            raise RuntimeError("the index is broken for dogs")
        return search(self, query, *rest, **options)

    monkeypatch.setattr(PassageIndex, "search", broken_for_dogs)
    result = run_questions(settings, animals, SEARCH_ONLY, tmp_path).result
    assert counted(result) == (3, 1)
    assert result["scores"]["retrieval"]["ours"]["success@5"]["q-dog"] == 0
    assert result["tables"]["retrieval"]["values"]["ours"]["success@5"]["n"] == 3
    assert result["scores"]["refusal"]["ours"]["right verdict"]["q-dog"] == 0


def test_an_interrupted_run_asks_only_what_is_left(settings, animals, tmp_path, monkeypatch):
    search = PassageIndex.search
    asked = []

    def stopped_at_owls(self, query, *rest, **options):
        if "hunts" in query:
            raise KeyboardInterrupt
        asked.append(query)
        return search(self, query, *rest, **options)

    monkeypatch.setattr(PassageIndex, "search", stopped_at_owls)
    with pytest.raises(KeyboardInterrupt):
        run_questions(settings, animals, SEARCH_ONLY, tmp_path)
    monkeypatch.setattr(PassageIndex, "search", search)
    assert asked
    finished = run_questions(settings, animals, SEARCH_ONLY, tmp_path)
    assert finished.resumed == 2
    assert counted(finished.result) == (3, 0)


def test_a_failed_verdict_counts_against_us_whatever_the_truth():
    records = [
        {"id": "a", "answerable": True, "kind": "", "error": "x"},
        {"id": "b", "answerable": False, "kind": "", "error": "x"},
        {"id": "c", "answerable": True, "score": 0.9, "refused": False, "top_score": 0.5},
        {"id": "d", "answerable": False, "score": 0.1, "refused": True, "top_score": 0.1},
    ]
    results = refusal_results(records, [])
    assert results["ours"]["correct"] == {"a": 0.0, "b": 0.0, "c": 1.0, "d": 1.0}
    assert "correct" not in results["top score"]


def test_refusals_are_told_by_kind_with_intervals():
    records = [
        {"id": "a", "kind": "plain", "answerable": True, "refused": False, "top_score": 0.1},
        {"id": "b", "kind": "plain", "answerable": True, "error": "x"},
        {"id": "c", "kind": "far", "answerable": False, "refused": True, "top_score": 0.9},
        {"id": "d", "kind": "far", "answerable": False, "error": "x"},
    ]
    answers = [{"id": "a", "kind": "plain", "answerable": True, "abstained": True}]
    table = refused_table(records, 0.5, answers)
    assert table["metrics"] == {"plain refused": "lower", "far refused": "higher"}
    shares = {
        system: {metric: figure["value"] for metric, figure in of_system.items()}
        for system, of_system in table["values"].items()
    }
    assert shares == {
        "ours": {"plain refused": 0.5, "far refused": 0.5},
        "top score": {"plain refused": 1.0, "far refused": 0.0},
        "answers": {"plain refused": 1.0},
    }
    assert table["values"]["ours"]["plain refused"]["high"] == 1


def test_what_our_judge_adds_to_the_top_score_has_an_interval():
    records = [
        {
            "id": str(number),
            "kind": "",
            "answerable": number % 2 == 0,
            "refused": number % 2 == 1,
            "score": float(number % 2 == 0),
            "top_score": 0.5,
        }
        for number in range(20)
    ]
    gain = refusal_results(records, [])["ours"]["metrics"]["AUROC above top score"]
    assert (gain.value, gain.low, gain.high) == (0.5, 0.5, 0.5)
