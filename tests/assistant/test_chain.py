import asyncio
import itertools
import threading

import pytest
from fake_models import FakePassageSearch, QueuedFakeChatModel, toy_embed
from langchain_core.runnables import RunnableLambda

from assistant.answering.abstention import Judgement, SimilarityJudge
from assistant.answering.chain import AnsweringChain, AnsweringSettings
from assistant.answering.grounding import Grounding
from assistant.answering.lexical_support import LexicalSupportScorer
from assistant.answering.prompts import REFUSAL
from assistant.answering.retriever import PassageRetriever
from assistant.answering.selection import SentenceSelection
from assistant.answering.types import Done, Message, Question, Retrieved, Sentence, Token
from assistant.errors import ModelError

ANCHORS = (
    "What are anchor boxes?",
    "Anchor boxes are pre-defined boxes of different scales. "
    "They are matched with ground truth objects in training. "
    "Anchor boxes let detectors find objects of various sizes.",
)
ATTACKS = (
    "What are adversarial attacks, and how do I defend against them?",
    "Adversarial attacks manipulate the input of a model. "
    "Adversarial training defends against attacks.",
)
QUESTION = "What are anchor boxes of detectors?"


def chain_of(*replies, documents=(ANCHORS, ATTACKS), judge=None, **settings):
    model = QueuedFakeChatModel.with_replies(*replies)
    search = FakePassageSearch(*documents)
    chain = AnsweringChain(
        search,
        model,
        grounding=Grounding(LexicalSupportScorer(toy_embed), toy_embed),
        selection=SentenceSelection(toy_embed),
        judge=judge or SimilarityJudge(0.2),
        settings=AnsweringSettings(**settings),
    )
    return chain, model, search


def kinds(events):
    return [key.__name__ for key, _ in itertools.groupby(map(type, events))]


def test_events_come_in_order_and_end_with_the_answer():
    chain, *_ = chain_of("Anchor boxes are pre-defined boxes of different scales.")
    events = list(chain.stream(QUESTION))
    assert kinds(events) == ["Retrieved", "Token", "Sentence", "Done"]
    assert events[0].hits[0].document.id == "doc/1"
    assert events[-1].answer.sentences == tuple(e for e in events if isinstance(e, Sentence))


def test_what_is_said_about_sampling_reaches_the_model():
    chain, model, _ = chain_of("Anchor boxes are pre-defined boxes.")
    list(chain.stream(QUESTION, temperature=0.5, seed=3))
    assert model.options == [{"temperature": 0.5, "seed": 3}]


def test_the_answer_carries_exact_citations_the_model_and_the_seconds_of_each_stage():
    chain, _, search = chain_of("Anchor boxes are pre-defined boxes of different scales.")
    answer = chain.invoke(Question(QUESTION))
    texts = {document.id: document.text for document in search.documents}
    assert answer.model == "queued-fake"
    assert not answer.abstained
    assert answer.citations
    for citation in answer.citations:
        assert texts[citation.document_id][citation.start : citation.end] == citation.quote
        assert f"[{citation.number}]" in answer.text
    stages = {"queue", "contextualise", "search", "judge", "first_token", "generate", "ground"}
    assert stages <= answer.timings.keys()
    assert all(seconds >= 0 for seconds in answer.timings.values())


def test_what_the_draft_left_out_is_added():
    chain, *_ = chain_of("Anchor boxes are pre-defined boxes of different scales.")
    answer = chain.invoke("Explain anchor boxes, boxes of detectors.")
    assert "various sizes [1]" in answer.text


def test_a_checked_sentence_is_out_before_the_second_is_written():
    chain, model, _ = chain_of(
        "Anchor boxes are pre-defined boxes of different scales. "
        "They are matched with ground truth objects in training, and so on and so on."
    )
    for event in chain.stream(QUESTION):
        if isinstance(event, Sentence):
            break
    assert len(model.written) < 13


def test_an_unsupported_draft_is_replaced_by_quotations():
    chain, *_ = chain_of("Bananas are rich in potassium.")
    answer = chain.invoke(QUESTION)
    assert "Bananas" not in answer.text
    assert answer.withheld == 1
    assert "1 sentence of the draft left out" in answer.text
    assert all(sentence.supported for sentence in answer.sentences)
    assert answer.sentences


def test_an_unsupported_sentence_is_marked_where_that_is_wanted():
    chain, *_ = chain_of("Bananas are rich in potassium.", unsupported="mark")
    answer = chain.invoke(QUESTION)
    assert "potassium [not found in the corpus]" in answer.text
    assert not answer.sentences[0].supported


def test_a_draft_that_is_no_more_than_a_refusal_is_replaced_by_quotations():
    chain, *_ = chain_of(REFUSAL)
    answer = chain.invoke(QUESTION)
    assert not answer.abstained
    assert answer.citations


def test_a_far_question_is_refused_without_asking_the_model():
    chain, model, _ = chain_of()
    events = list(chain.stream("Who won the football match yesterday?"))
    assert kinds(events) == ["Retrieved", "Done"]
    answer = events[-1].answer
    assert answer.abstained
    assert answer.text.startswith(REFUSAL)
    assert answer.nearest_topics
    assert all(topic in answer.text for topic in answer.nearest_topics)
    assert model.prompts == []


class FakeJudge:
    """Answers the first part of every question."""

    def judge(self, found):
        first, *others = found.by_part
        return Judgement("partial", 0.7, answered=(first,), missing=tuple(others))


def test_a_partial_answer_says_what_is_missing():
    chain, model, _ = chain_of(
        "Anchor boxes are pre-defined boxes of different scales.", judge=FakeJudge()
    )
    answer = chain.invoke("What are anchor boxes, and who invented them in which year?")
    assert not answer.abstained
    assert answer.missing == "Who invented anchor boxes in which year?"
    assert answer.text.endswith(f"The corpus does not say: {answer.missing}")
    assert model.prompts[0][1].text.endswith("Question: What are anchor boxes?")


def test_an_empty_corpus_is_a_refusal():
    chain, *_ = chain_of(documents=())
    answer = chain.invoke(QUESTION)
    assert answer.abstained
    assert answer.text == REFUSAL


def test_a_follow_up_is_searched_for_as_a_question_that_stands_alone():
    chain, model, search = chain_of("Adversarial training defends against attacks.")
    history = (Message("user", "What are adversarial attacks?"), Message("assistant", "They ..."))
    events = list(chain.stream(Question("How can I defend against them?", history)))
    assert search.queries == ["How can I defend against adversarial attacks?"]
    assert events[0].question == "How can I defend against adversarial attacks?"
    assert events[0].hits[0].document.id == "doc/2"
    assert "adversarial attacks?" in model.prompts[0][1].text


def test_each_part_of_a_question_gets_its_own_passages():
    chain, _, search = chain_of("Anchor boxes are pre-defined boxes of different scales.")
    answer = chain.invoke("What are anchor boxes? How can adversarial attacks be defended against?")
    assert search.queries == [
        "What are anchor boxes?",
        "How can adversarial attacks be defended against?",
    ]
    assert {citation.document_id for citation in answer.citations} == {"doc/1", "doc/2"}


def test_closing_the_stream_stops_the_model():
    chain, model, _ = chain_of("word " * 50)
    stream = chain.stream(QUESTION)
    assert isinstance(next(stream), Retrieved)
    assert isinstance(next(stream), Token)
    stream.close()
    assert model.stopped_early
    assert len(model.written) < 5


def test_the_cancel_event_stops_the_model_and_ends_the_stream_without_an_answer():
    chain, model, _ = chain_of("word " * 50)
    cancel = threading.Event()
    events = []
    for event in chain.stream(QUESTION, cancel=cancel):
        events.append(event)
        if isinstance(event, Token):
            cancel.set()
    assert not any(isinstance(event, Done) for event in events)
    assert len(model.written) < 5


def test_an_error_of_the_model_reaches_the_caller():
    chain, *_ = chain_of(ModelError("it broke"))
    with pytest.raises(ModelError, match="it broke"):
        chain.invoke(QUESTION)


def test_it_is_composed_like_any_runnable():
    chain, *_ = chain_of(*["Anchor boxes are pre-defined boxes of different scales."] * 3)
    composed = RunnableLambda(str.strip) | chain | RunnableLambda(lambda answer: answer.model)
    assert composed.invoke(f" {QUESTION} ") == "queued-fake"
    assert list(composed.stream(QUESTION)) == ["queued-fake"]
    assert [answer.abstained for answer in chain.batch([QUESTION, "Who won the match?"])] == [
        False,
        True,
    ]


def test_it_answers_and_streams_asynchronously():
    chain, *_ = chain_of(*["Anchor boxes are pre-defined boxes of different scales."] * 2)

    async def run():
        answer = await chain.ainvoke(QUESTION)
        return answer, [event async for event in chain.astream(QUESTION)]

    answer, events = asyncio.run(run())
    assert answer.citations
    assert kinds(events) == ["Retrieved", "Token", "Sentence", "Done"]


def test_ending_an_asynchronous_stream_early_stops_the_model():
    chain, model, _ = chain_of("word " * 50)

    async def run():
        stream = chain.astream(QUESTION)
        async for event in stream:
            if isinstance(event, Token):
                break
        await stream.aclose()

    asyncio.run(run())
    assert len(model.written) < 10


def test_passages_are_found_as_langchain_documents_with_their_spans():
    search = FakePassageSearch(ANCHORS, ATTACKS)
    (document,) = PassageRetriever(index=search, k=1).invoke("anchor boxes")
    assert document.page_content == ANCHORS[1]
    assert document.metadata["document_id"] == "doc/1"
    assert (document.metadata["start"], document.metadata["end"]) == (0, len(ANCHORS[1]))
    assert document.metadata["score"] > 0
