"""An answer shows the diagrams that belong to it, and the gallery behind them stays in order."""

import asyncio
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fake_assistant import FakeAssistant, FakeAssistantWithImages, FakeImages
from pydantic import SecretStr

import corpus.gallery
from assistant.answering.types import Answer, Citation, Sentence
from assistant.errors import WeightsError
from assistant.illustrations import cited_answers, illustrations_of
from assistant.serving.image_opening import ImageOpening
from assistant.serving.service import Service
from assistant.settings import Settings
from assistant.ui.chat import Chat
from assistant.ui.illustrations import illustrations_html
from assistant.ui.rendering import plain_text
from corpus.types import ImageRecord
from index.errors import ImageRefusedError


def answer_citing(*cited: tuple[str, float], abstained: bool = False) -> Answer:
    """One sentence for each (document, support)."""
    sentences = tuple(
        Sentence(
            f"Words [{number}].",
            (Citation(number, document, 0, 5, "Words", support),),
            supported=True,
        )
        for number, (document, support) in enumerate(cited, start=1)
    )
    citations = tuple(one for sentence in sentences for one in sentence.citations)
    return Answer("Words", sentences, citations, (), abstained, "toy model")


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[ImageRecord]:
    """A gallery of diagrams alone, without their files."""
    diagrams = [
        ("detector", "5"),
        ("overlap", "5,23"),
        ("suppression", "5,19"),
        ("anchors", "23"),
        ("occlusion", "19,32"),
    ]
    made = [
        ImageRecord(name, Path(f"{name}.png"), name, metadata={"kind": "diagram", "answers": on})
        for name, on in diagrams
    ]
    monkeypatch.setattr("assistant.illustrations.gallery_records", lambda _: tuple(made))
    return made


@pytest.fixture
def service(own_home: Path) -> Service:
    return Service.of(FakeAssistantWithImages(), Settings(home=own_home))  # type: ignore[arg-type]


def shown(answer: Answer) -> list[str]:
    return [record.id for record in illustrations_of(answer, Path("gallery"))]


@pytest.mark.usefixtures("records")
def test_the_best_cited_answers_diagrams_come_first_and_two_at_most() -> None:
    anchors, occlusion = ("question-bank/23", 0.6), ("question-bank/19", 0.9)
    assert shown(answer_citing(anchors)) == ["anchors"]
    assert shown(answer_citing(occlusion, anchors)) == ["occlusion", "anchors"]
    # Twice with less support each is more support.
    assert shown(answer_citing(occlusion, anchors, anchors)) == ["anchors", "occlusion"]
    assert shown(answer_citing(("question-bank/5", 0.5), ("x", 1.0))) == ["detector", "overlap"]


@pytest.mark.usefixtures("records")
def test_nothing_is_shown_on_a_refusal_or_without_an_answer_of_the_bank() -> None:
    assert shown(answer_citing(("question-bank/23", 0.9), abstained=True)) == []
    assert shown(answer_citing()) == []
    assert shown(answer_citing(("notes/question-bank/23", 0.9), ("question-bank/x", 0.9))) == []
    assert shown(answer_citing(("question-bank/99", 0.9))) == []


def test_no_gallery_means_no_diagram(tmp_path: Path) -> None:
    assert illustrations_of(answer_citing(("question-bank/23", 0.9)), tmp_path) == ()


def test_every_answer_of_the_bank_has_a_diagram_of_its_own(tmp_path: Path) -> None:
    entries = [entry for entry in corpus.gallery._entries() if entry.words["kind"] == "diagram"]
    made = [
        ImageRecord(entry.id, tmp_path / entry.file, entry.words["title"], metadata=entry.words)
        for entry in entries
    ]
    for number in range(1, 51):
        assert corpus.gallery.diagrams_for([number], made, closest=True), number
    assert cited_answers(answer_citing(("question-bank/7", 0.5))) == [7]


def last_turn(service: Service, question: str = "What are anchor boxes?") -> str:
    async def drawn() -> str:
        turns: list[dict[str, Any]] = [{"role": "user", "content": question}]
        *_, (said, _, _) = [step async for step in Chat(service).respond(turns, [])]
        return said[-1]["content"]

    return asyncio.run(drawn())


def test_the_chat_shows_the_diagram_below_the_answer_from_the_picture_route(
    service: Service,
) -> None:
    html = last_turn(service)
    assert html.count("<img") == 1
    assert 'src="/v1/images/image/red/picture"' in html
    assert 'alt="Diagram: red"' in html
    assert html.index("Anchor boxes are predefined") < html.index("<img") < html.index("fake model")
    # The next question's history holds the answer alone.
    assert plain_text(html) == "Anchor boxes are predefined. They sing."


def test_behind_a_key_the_picture_comes_with_the_answer(own_home: Path) -> None:
    settings = Settings(home=own_home, api_key=SecretStr("a key that nobody guesses"))
    service = Service.of(FakeAssistantWithImages(), settings)  # type: ignore[arg-type]
    html = last_turn(service)
    assert 'src="data:image/jpeg;base64,' in html
    assert "/v1/images" not in html


def test_titles_and_credits_are_escaped(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = '"><script>alert(1)</script>\n\n# x'
    record = ImageRecord(f"image/{hostile}", Path("x"), hostile, hostile, hostile)
    monkeypatch.setattr(FakeAssistantWithImages, "illustrations", lambda *_: (record,))
    html = illustrations_html(service, answer_citing())
    assert "<script" not in html
    assert "\n\n" not in html
    assert html.count('"') % 2 == 0


@pytest.mark.parametrize("keyed", [False, True])
def test_a_diagram_that_cannot_be_had_leaves_the_answer(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, keyed: bool
) -> None:
    def gone(*_: object) -> Any:
        raise ImageRefusedError("It is gone.", reason="missing")

    monkeypatch.setattr(FakeImages, "picture", gone)
    if not keyed:
        monkeypatch.setattr(FakeAssistantWithImages, "illustrations", gone)
    settings = Settings(home=own_home, api_key=SecretStr("k" * 20) if keyed else None)
    service = Service.of(FakeAssistantWithImages(), settings)  # type: ignore[arg-type]
    html = last_turn(service)
    assert "Anchor boxes are predefined" in html
    assert "<img" not in html


def test_without_images_an_answer_has_no_diagram(own_home: Path) -> None:
    service = Service.of(FakeAssistant(), Settings(home=own_home))  # type: ignore[arg-type]
    assert "<img" not in last_turn(service)


class ToySlowImages(FakeAssistantWithImages):
    """Opens its images for as long as nobody stops it."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.seen = Event(), 0

    def open_images(self, progress: Any = None) -> FakeImages:
        while True:
            self.seen += 1
            progress(self.seen, 1_000_000, "Drawing")
            self.began.set()


def test_opening_images_in_the_background_ends_with_the_server() -> None:
    slow = ToySlowImages()
    opening = ImageOpening(slow)  # type: ignore[arg-type]
    opening.start()
    assert slow.began.wait(30)
    opening.stop()
    assert not opening.is_alive()


def test_images_that_cannot_be_opened_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    class NoWeights(FakeAssistantWithImages):
        def open_images(self, progress: Any = None) -> FakeImages:
            raise WeightsError("The weights are not here.", hint="Pull them.")

    opening = ImageOpening(NoWeights())  # type: ignore[arg-type]
    opening.start()
    opening.join(30)
    assert "The weights are not here" in caplog.text
