"""Readers give what the files hold, and name the line that is wrong."""

import json

import pytest

from assistant.serving.feedback import FeedbackStore
from corpus.types import Document
from eval.datasets.bank_questions import read_bank_questions
from eval.datasets.beir import read_beir
from eval.datasets.chat_feedback import questions_from_opinions, read_opinions
from eval.datasets.chunking_evaluation import read_chunking_evaluation
from eval.datasets.clapnq import read_clapnq
from eval.datasets.labelled_images import read_labelled_images
from eval.datasets.own_questions import read_own_questions, write_own_questions
from eval.datasets.squad2 import read_squad2
from eval.datasets.types import DataSetError
from eval.datasets.wice import read_wice

CORPUS = (Document("notes/cats.md", "Cats", "Cats purr.", "cats.md"),)


class TestBank:
    @pytest.mark.parametrize("part", ["dev", "validation", "test"])
    def test_every_question_points_to_documents_of_the_bank(self, part):
        questions = read_bank_questions(part)
        ids = {document.id for document in questions.documents}
        for question in questions.questions:
            assert bool(question.relevant) == question.answerable
            assert set(question.relevant) <= ids

    def test_a_follow_up_has_its_conversation(self):
        followups = [q for q in read_bank_questions("test").questions if q.kind == "followup"]
        assert followups
        assert all(question.history[-1].role == "assistant" for question in followups)


class TestBeir:
    @pytest.fixture
    def folder(self, tmp_path):
        rows = [
            {"_id": "d1", "title": "Cats", "text": "Cats purr."},
            {"_id": "d2", "text": "Dogs bark."},
        ]
        (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
        queries = [{"_id": "q1", "text": "who purrs?"}, {"_id": "q2", "text": "not judged"}]
        (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
        (tmp_path / "qrels").mkdir()
        qrels = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n"
        (tmp_path / "qrels" / "test.tsv").write_text(qrels)
        return tmp_path

    def test_judged_questions_and_the_whole_corpus(self, folder):
        found = read_beir(folder)
        assert [document.id for document in found.documents] == ["d1", "d2"]
        assert [question.id for question in found.questions] == ["q1"]
        assert found.questions[0].relevant == {"d1": 2, "d2": 0}

    def test_a_bad_line_is_named(self, folder):
        with (folder / "corpus.jsonl").open("a") as file:
            file.write("\n{broken")
        with pytest.raises(DataSetError, match=r"corpus\.jsonl, line 3"):
            read_beir(folder)

    def test_a_bad_grade_is_named(self, folder):
        with (folder / "qrels" / "test.tsv").open("a") as file:
            file.write("q1\td1\tvery\n")
        with pytest.raises(DataSetError, match="line 4"):
            read_beir(folder)

    def test_a_missing_file_is_said(self, tmp_path):
        with pytest.raises(DataSetError, match="There is no BEIR corpus"):
            read_beir(tmp_path)


class TestOutsideData:
    def test_squad2_spans_hold_the_answers(self, outside_data):
        found = read_squad2(outside_data)
        texts = {document.id: document.text for document in found.documents}
        answerable = [question for question in found.questions if question.answerable]
        assert answerable
        assert len(answerable) < len(found.questions)
        for question in answerable:
            span = question.spans[0]
            assert texts[span.document_id][span.start : span.end] in question.key_facts[0]

    def test_squad2_parts_share_no_question(self, outside_data):
        ids = [
            {question.id for question in read_squad2(outside_data, part).questions}
            for part in ("report", "calibrate", "train")
        ]
        assert not ids[0] & ids[1]
        assert not ids[0] & ids[2]
        assert set.union(*ids) == {q.id for q in read_squad2(outside_data, "all").questions}

    def test_clapnq_gold_sentences_are_in_the_passage(self, outside_data):
        found = read_clapnq(outside_data, "all")
        assert len(found.questions) == 300
        answerable = [question for question in found.questions if question.answerable]
        assert len(answerable) == 150
        assert all(question.spans and question.references for question in answerable)

    def test_chunking_evaluation_has_all_its_spans(self, outside_data):
        found = read_chunking_evaluation(outside_data)
        assert len(found.questions) == 472
        assert sum(len(question.spans) for question in found.questions) == 790

    def test_wice_counts_partly_supported_as_not_supported(self, outside_data):
        claims = read_wice(outside_data, "all")
        assert len(claims) == 349
        assert sum(claim.supported for claim in claims) == 115


class TestOwnQuestions:
    def test_csv(self, tmp_path):
        file = tmp_path / "mine.csv"
        file.write_text(
            "question,documents,key_facts,answerable\n"
            'Do cats purr?,Cats,"purr|hum; cats",\n'
            "What is the meaning of life?,,,no\n",
            encoding="utf-8-sig",
        )
        first, second = read_own_questions(file, CORPUS).questions
        assert first.relevant == {"notes/cats.md": 1}
        assert first.key_facts == (("purr", "hum"), ("cats",))
        assert first.answerable is True
        assert (second.answerable, second.kind) == (False, "unanswerable")

    def test_what_is_written_is_read_again(self, tmp_path):
        file = tmp_path / "mine.jsonl"
        file.write_text(
            json.dumps({"id": "a", "question": "Do cats purr?", "answer": "They do."}) + "\n"
            '{"question": "Why?"}\n'
        )
        questions = read_own_questions(file, CORPUS).questions
        assert [question.answerable for question in questions] == [True, None]
        copy = tmp_path / "copy.jsonl"
        assert write_own_questions(copy, questions) == 2
        assert read_own_questions(copy, CORPUS).questions == questions

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ('{"question": ""}', "line 1: the question is empty"),
            ('{"question": "a", "anser": "b"}', "'anser' is not known"),
            ('{"question": "a", "documents": ["dogs"]}', "no document 'dogs'"),
            ('{"question": "a", "answerable": "perhaps"}', "yes or no"),
            ("[1]", "a JSON object is expected"),
            ("", "holds no question"),
        ],
    )
    def test_what_is_wrong_is_said_with_its_line(self, tmp_path, line, message):
        file = tmp_path / "mine.jsonl"
        file.write_text(line)
        with pytest.raises(DataSetError, match=message):
            read_own_questions(file, CORPUS)

    def test_an_id_given_twice_is_refused(self, tmp_path):
        file = tmp_path / "mine.jsonl"
        file.write_text('{"id": "a", "question": "x"}\n{"id": "a", "question": "y"}\n')
        with pytest.raises(DataSetError, match="'a' is given to several"):
            read_own_questions(file, CORPUS)


class TestFeedback:
    def test_likes_become_references_and_the_last_opinion_counts(self, tmp_path):
        store = FeedbackStore(tmp_path)
        store.add("dislike", "Do cats purr?", "No.")
        store.add("like", "Do cats purr?", "They do.")
        store.add("dislike", "Why?", "Because.", "not helpful")
        questions = questions_from_opinions(read_opinions(tmp_path))
        assert [(one.kind, one.references) for one in questions] == [
            ("liked", ("They do.",)),
            ("disliked", ()),
        ]

    def test_without_feedback_there_are_no_questions(self, tmp_path):
        assert read_opinions(tmp_path) == []

    def test_a_damaged_file_is_said(self, tmp_path):
        (tmp_path / "feedback.sqlite").write_text("no database at all, this is text")
        with pytest.raises(DataSetError, match="cannot be read"):
            read_opinions(tmp_path)


def test_labelled_images_are_named_by_their_folders(tmp_path):
    for name in ("cat/1.jpg", "cat/2.PNG", "cat/notes.txt", "dog/1.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    images = read_labelled_images(tmp_path)
    assert [(image.label, image.path.name) for image in images] == [
        ("cat", "1.jpg"),
        ("cat", "2.PNG"),
        ("dog", "1.webp"),
    ]
    assert len(read_labelled_images(tmp_path, per_label=1)) == 2
    with pytest.raises(DataSetError, match="two labels"):
        read_labelled_images(tmp_path / "cat")
