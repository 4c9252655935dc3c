"""What a user should improve is told from whatever a run has asked."""

from corpus.types import Document
from eval.datasets.chat_feedback import Opinion, last_opinions
from eval.improve import never_retrieved, refused_questions

DOCUMENTS = [Document(name, name.title(), "Text.", "here") for name in ("cat", "dog", "owl")]


def found(*names):
    return {"id": "r", "rankings": {"ours": [[name, 0, 5] for name in names]}}


def answered(name, **more):
    return {"id": "a", "answerable": None, "hits": [{"document_id": name}], "nearest": []} | more


def test_a_document_is_missed_that_neither_a_search_nor_an_answer_found():
    missed = never_retrieved(DOCUMENTS, [found("cat")], [answered("dog")], 4)
    assert [one.id for one in missed] == ["owl"]


def test_only_the_passages_that_an_answer_is_made_of_count():
    missed = never_retrieved(DOCUMENTS, [found("cat", "dog")], [], 1)
    assert [one.id for one in missed] == ["dog", "owl"]


def test_where_nothing_was_searched_nothing_was_missed():
    assert never_retrieved(DOCUMENTS, [], [], 4) == []
    failed = {"id": "a", "error": "x"}
    assert never_retrieved(DOCUMENTS, [failed], [failed], 4) == []


def test_refused_questions_come_from_the_judge_and_from_whole_answers_each_once():
    judged = [
        {"id": "q1", "answerable": True, "refused": True, "score": 0.3, "nearest": ["Cat"]},
        {"id": "q2", "answerable": True, "refused": True, "score": 0.1, "nearest": []},
        {"id": "q3", "answerable": False, "refused": True, "score": 0.0, "nearest": []},
        {"id": "q4", "answerable": True, "refused": False, "score": 0.9, "nearest": []},
    ]
    whole = [
        answered("cat", id="q1", abstained=True),
        answered("cat", id="q5", abstained=True, nearest=["Owl"]),
        answered("cat", id="q6", abstained=False),
    ]
    told = refused_questions(judged, whole, {"q1": "One?", "q2": "Two?", "q5": "Five?"})
    assert [(one["question"], one["score"]) for one in told] == [
        ("Five?", None),
        ("Two?", 0.1),
        ("One?", 0.3),
    ]


def test_a_dislike_that_was_taken_back_is_none():
    said = [
        Opinion("dislike", "Why?", "So.", ""),
        Opinion("dislike", "How?", "Thus.", "wrong"),
        Opinion("like", "Why? ", "Because.", ""),
    ]
    assert [(one.question.strip(), one.verdict) for one in last_opinions(said)] == [
        ("How?", "dislike"),
        ("Why?", "like"),
    ]
