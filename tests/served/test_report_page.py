"""The evaluation page in a real browser: worst cases first, drill-down, nothing from elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest

from eval.datasets.types import EvalQuestion, QuestionSet
from eval.record_log import RecordLog
from eval.report.page import write_report
from eval.result import write_result
from eval.summary import summarise

pytestmark = pytest.mark.browser

HOSTILE = "<img src=http://elsewhere.example/x onerror='window.attacked = 1'>"
MADE_BY = {"date": "2026-01-01", "version": "1", "command": "assistant eval run", "models": {}}
QUESTIONS = (
    EvalQuestion("q-good", "Do cats purr?", "answerable", answerable=True),
    EvalQuestion("q-part", "Why do dogs bark?", "answerable", answerable=True),
    EvalQuestion("q-tax", "When is my tax due?", "far", answerable=False),
    EvalQuestion("q-failed", "Who broke the index?", "answerable", answerable=True),
)


def answer(question: EvalQuestion, quality: float) -> dict[str, Any]:
    sentence = f"An answer to {question.id}. {HOSTILE}"
    return {
        "stage": "answers",
        "id": question.id,
        "question": question.text,
        "kind": question.kind,
        "answerable": question.answerable,
        "history": [],
        "text": sentence,
        "draft": f"The draft for {question.id}.",
        "abstained": False,
        "facts": [{"phrases": ["purr", "hum"], "stated": True}],
        "sentences": [
            {
                "text": sentence,
                "support": quality,
                "supported": quality > 0.5,
                "citations": [
                    {"document_id": "cats", "start": 0, "end": 9, "read_as": "Cats purr softly."}
                ],
            }
        ],
        "hits": [
            {
                "document_id": "cats",
                "title": "About cats",
                "start": 0,
                "end": 17,
                "text": "Cats purr softly.",
                "score": 0.5,
            }
        ],
        "timings": {"total": 1.5, "first_token": 0.5, "after_last_token": 0.1},
        "tokens_per_second": 20.0,
        "peak_memory_bytes": 1,
        "figures": {"answered": 1.0, "key facts": quality, "citation recall": quality},
    }


def verdict(question: EvalQuestion, score: float) -> dict[str, Any]:
    return {
        "stage": "refusal",
        "id": question.id,
        "question": question.text,
        "kind": question.kind,
        "answerable": question.answerable,
        "score": score,
        "refused": score < 0.5,
        "top_score": score,
    }


@pytest.fixture
def page_file(tmp_path):
    good, part, tax, failed = QUESTIONS
    with RecordLog(tmp_path / "records" / "bank.jsonl", "x") as done:
        for question, score in ((good, 0.9), (part, 0.8), (tax, 0.7)):
            done.append(verdict(question, score))
        for question, quality in ((good, 1.0), (part, 0.4), (tax, 0.0)):
            done.append(answer(question, quality))
        broken = {"stage": "answers", "id": failed.id, "question": failed.text}
        done.append(broken | {"kind": "answerable", "answerable": True, "error": "OSError: gone"})
        asked = QuestionSet("bank", "test", QUESTIONS, None)
        result = summarise("bank", asked, QUESTIONS, done, MADE_BY)
    write_result(result | {"records": "records/bank.jsonl"}, tmp_path / "bank.json")
    return write_report([tmp_path / "bank.json"], tmp_path / "page.html")


@pytest.fixture
def visit(browser: Any, page_file) -> Iterator[Any]:
    contexts = []
    requested: list[str] = []
    complaints: list[str] = []

    def opened(width: int = 1280, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(page_file.as_uri())
        return page

    yield opened
    assert {url for url in requested if not url.startswith(page_file.as_uri())} == set()
    assert complaints == []
    for context in contexts:
        context.close()


def test_the_worst_case_comes_first_and_what_failed_before_all(visit):
    page = visit()
    asked = page.locator("details.case .asked").all_inner_texts()
    assert asked == [
        "Who broke the index?",
        "When is my tax due?",
        "Why do dogs bark?",
        "Do cats purr?",
    ]
    outcomes = page.locator("details.case .outcome").all_inner_texts()
    assert outcomes[:2] == ["failed", "wrongly answered"]


def test_a_case_opens_on_the_answer_its_citations_and_its_passages(visit):
    page = visit()
    case = page.locator("details.case", has_text="Why do dogs bark?")
    cited = case.locator(".cited").first
    assert not cited.is_visible()
    case.locator("summary").first.click()
    assert "Cats purr softly." in cited.inner_text()
    assert case.locator(".stated").inner_text() == "purr / hum"
    passage = case.locator(".passage")
    assert not passage.is_visible()
    case.get_by_text("1 passages").click()
    assert "About cats" in passage.inner_text()
    assert page.evaluate("window.attacked") is None


def test_cases_are_found_by_words_and_by_outcome(visit):
    page = visit()
    cases = page.locator("details.case:visible")
    page.get_by_label("Search questions").fill("dogs BARK")
    assert cases.count() == 1
    page.get_by_label("Search questions").fill("")
    page.get_by_label("Outcome").select_option("failed")
    assert cases.locator(".asked").all_inner_texts() == ["Who broke the index?"]


def test_figures_have_their_intervals_and_plots(visit):
    page = visit()
    table = page.locator("table", has_text="AUROC").first
    assert "n = 3" in table.inner_text()
    for caption in ("Risk by coverage", "Reliability", "Confidence"):
        figure = page.locator("figure", has_text=caption)
        assert figure.locator("svg.plot").bounding_box()["height"] > 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(visit, scheme):
    page = visit(width=390, scheme=scheme)
    page.locator("details.case summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    colours = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    ink, paper = page.locator("body").evaluate(colours)
    assert (scheme == "dark") == (sum_of(ink) > sum_of(paper))


def sum_of(colour: str) -> int:
    return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
