from pathlib import Path

import pytest

from assistant import Answer, Assistant, Message, Settings
from assistant.answering.types import Done, Retrieved, Sentence, Token
from assistant.errors import EmbedderMismatchError, QuestionError, WeightsError


@pytest.fixture
def own_assistant(bank_home, bank_assistant, tmp_path, weights):
    """An assistant whose corpus a test may change."""
    with Assistant.open(home=tmp_path / "own", weights=weights) as assistant:
        yield assistant


def test_the_bank_is_the_corpus_of_a_fresh_home(bank_assistant):
    ids = [document.id for document in bank_assistant.documents()]
    assert ids == [f"question-bank/{number}" for number in range(1, 51)]


def test_search_finds_exact_spans(bank_assistant):
    hits = bank_assistant.search("predefined boxes of different shapes", k=3)
    assert hits[0].document.id == "question-bank/23"
    for hit in hits:
        assert hit.document.text[hit.passage.start : hit.passage.end] == hit.passage.text


@pytest.mark.parametrize("question", ["", "   \n", "x" * 100_000])
def test_a_question_that_cannot_be_asked_is_refused_before_anything_runs(bank_assistant, question):
    with pytest.raises(QuestionError):
        bank_assistant.stream(question)
    with pytest.raises(QuestionError):
        bank_assistant.search(question)


def test_files_are_added_replaced_and_removed(own_assistant, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "wombat.md").write_text("# Wombats\n\nWombats produce cube-shaped droppings.\n")
    (notes / "broken.txt").write_bytes(b"\xff\xfe\x00\x01\x02binary")
    report = own_assistant.add(notes)
    assert [Path(document_id).name for document_id in report.added] == ["wombat.md"]
    assert [Path(file.path).name for file in report.refused] == ["broken.txt"]
    assert own_assistant.search("shape of wombat droppings", k=1)[0].document.title == "Wombats"

    assert own_assistant.add(notes).unchanged == report.added
    (notes / "wombat.md").write_text("# Wombats\n\nWombats dig burrows.\n")
    assert own_assistant.add([notes / "wombat.md"]).replaced == report.added
    assert "cube" not in own_assistant.document(report.added[0]).text

    assert own_assistant.remove([notes]) == report.added
    assert own_assistant.document(report.added[0]) is None
    assert own_assistant.remove(["no such document"]) == ()


def test_what_was_added_is_there_after_reopening(tmp_path, weights):
    settings = Settings(home=tmp_path / "own", weights=weights)
    note = tmp_path / "note.txt"
    note.write_text("The quokka lives on Rottnest Island.")
    with Assistant.open(settings) as assistant:
        assistant.add(note)
        assistant.remove("question-bank/7")
    with Assistant.open(settings) as assistant:
        assert assistant.search("Where do quokkas live?", k=1)[0].document.source == str(note)
        assert assistant.document("question-bank/7") is None, "what a user removes stays removed"


def test_missing_weights_are_an_error_that_says_how_to_get_them(tmp_path):
    with pytest.raises(WeightsError, match="assistant weights pull"):
        Assistant.open(home=tmp_path, weights=tmp_path / "none")


@pytest.mark.slow
def test_another_embedder_is_refused_until_the_index_is_rebuilt(tmp_path, weights):
    from assistant.assistant import rebuild_index

    home = tmp_path / "own"
    Assistant.open(home=home, weights=weights).close()
    other = make_other_embedder(weights / "all-MiniLM-L6-v2", tmp_path / "other-embedder")
    settings = Settings(home=home, weights=weights, embedder=str(other))
    with pytest.raises(EmbedderMismatchError, match="assistant index rebuild"):
        Assistant.open(settings)
    assert rebuild_index(settings) == 50
    with Assistant.open(settings) as assistant:
        assert assistant.search("anchor boxes", k=1)


def make_other_embedder(folder: Path, target: Path) -> Path:
    """The same model with one layer's weights changed: real, loadable, and another model."""
    import shutil

    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.onnx", "*.json.lock"))
    tensors = load_file(target / "model.safetensors")
    tensors["encoder.layer.5.output.dense.bias"] += 0.05
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    return target


@pytest.mark.slow
def test_an_answer_cites_the_words_that_support_it(bank_assistant):
    answer = bank_assistant.ask("Why do detectors use predefined boxes of different shapes?")
    assert isinstance(answer, Answer)
    assert not answer.abstained
    assert "question-bank/23" in {citation.document_id for citation in answer.citations}
    for citation in answer.citations:
        document = bank_assistant.document(citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote
        assert f"[{citation.number}]" in answer.text


@pytest.mark.slow
def test_events_come_in_order_passages_first_and_the_answer_last(bank_assistant):
    events = list(bank_assistant.stream("What is dropout good for against noisy data?"))
    kinds = [type(event) for event in events]
    assert kinds[0] is Retrieved
    assert kinds[-1] is Done
    assert Token in kinds
    assert Sentence in kinds
    spoken = " ".join(event.text for event in events if isinstance(event, Sentence))
    assert spoken == events[-1].answer.text


@pytest.mark.slow
def test_a_follow_up_is_understood_from_the_conversation(bank_assistant):
    history = [
        Message("user", "What are adversarial attacks?"),
        Message("assistant", "Adversarial attacks manipulate input data to mislead a model."),
    ]
    events = bank_assistant.stream("How can I defend against them?", history)
    retrieved = next(events)
    events.close()
    assert retrieved.hits[0].document.id == "question-bank/42"


@pytest.mark.slow
def test_a_far_off_question_is_refused_without_a_citation(bank_assistant):
    answer = bank_assistant.ask("How long should I boil an egg?")
    assert answer.abstained
    assert not answer.citations


def test_the_retriever_is_a_langchain_retriever(bank_assistant):
    documents = bank_assistant.retriever.invoke("What is the U-Net?")
    assert documents[0].metadata["document_id"] in {"question-bank/38", "question-bank/37"}


@pytest.mark.slow
def test_images_are_found_by_words_and_by_example_in_the_default_gallery(bank_assistant):
    images = bank_assistant.images
    assert len(images) >= 150
    found = images.search(text="an astronaut", k=3)
    assert any("stronaut" in hit.image.title for hit in found)
    photo = next(image for image in images.images() if image.metadata.get("kind") == "photo")
    nearest = images.search(example=photo.path, k=1)[0]
    assert nearest.image.id == photo.id
    assert nearest.score == pytest.approx(1.0, abs=1e-3)
    assert all(image.licence and image.credit for image in images.images())
