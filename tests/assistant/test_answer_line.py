"""The line in front of the model: order, bound, time limit, leaving early."""

import asyncio
import threading

import pytest
from fake_assistant import FakeAssistant

from assistant.answering.types import Done, Retrieved
from assistant.errors import AnswerTimeoutError, BusyError, QuestionError
from assistant.serving.answer_line import AnswerLine, Waiting
from assistant.serving.metrics import Metrics


def line_of(
    fake: FakeAssistant, *, waiting_limit: int = 4, seconds: float = 30.0, at_once: int = 1
):
    def stream(question, history, cancel, sampling):
        return fake.stream(question, history, cancel=cancel)

    return AnswerLine(
        stream, Metrics(), waiting_limit=waiting_limit, answer_seconds=seconds, at_once=at_once
    )


async def all_of(line: AnswerLine, question: str, events: list) -> None:
    async for event in line.events(question):
        events.append(event)


async def until(condition) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("It did not happen in ten seconds.")


def test_questions_are_answered_in_the_order_of_their_arrival() -> None:
    async def run() -> list[str]:
        fake = FakeAssistant()
        line = line_of(fake)
        await asyncio.gather(*(line.answer(f"question {n}") for n in range(5)))
        return [question for question, _ in fake.asked]

    assert asyncio.run(run()) == [f"question {n}" for n in range(5)]


def test_those_who_wait_see_their_place_get_nearer() -> None:
    async def run() -> list[int]:
        hold = threading.Event()
        line = line_of(FakeAssistant(hold=hold))
        events: list = []
        others = [asyncio.create_task(line.answer(f"before {n}")) for n in range(2)]
        await until(lambda: line.served + line.waiting == 2)
        third = asyncio.create_task(all_of(line, "third", events))
        await until(lambda: events)
        hold.set()
        await asyncio.gather(third, *others)
        assert isinstance(events[-1], Done)
        return [event.position for event in events if isinstance(event, Waiting)]

    assert asyncio.run(run()) == [2, 1]


def test_who_comes_when_the_line_is_full_is_refused_and_the_others_are_answered() -> None:
    async def run() -> None:
        hold = threading.Event()
        line = line_of(FakeAssistant(hold=hold), waiting_limit=2)
        inside = [asyncio.create_task(line.answer(f"inside {n}")) for n in range(3)]
        await until(lambda: line.waiting == 2)
        with pytest.raises(BusyError) as refused:
            await line.answer("one too many")
        assert refused.value.retryable
        hold.set()
        assert len(await asyncio.gather(*inside)) == 3
        assert (line.served, line.waiting) == (0, 0)

    asyncio.run(run())


def test_an_answer_that_takes_too_long_ends_with_its_own_error() -> None:
    async def run() -> None:
        hold = threading.Event()
        line = line_of(FakeAssistant(hold=hold), seconds=0.05)
        with pytest.raises(AnswerTimeoutError):
            await line.answer("endless")
        hold.set()
        await until(lambda: line.served == 0)

    asyncio.run(run())


def test_leaving_early_stops_the_assistant_and_frees_the_place() -> None:
    async def run() -> None:
        fake = FakeAssistant(pause=0.01)
        line = line_of(fake)
        events = line.events("left alone")
        assert isinstance(await anext(events), Retrieved)
        await events.aclose()
        await until(lambda: line.served == 0)
        assert fake.closed_early == 1

    asyncio.run(run())


def test_leaving_while_waiting_asks_nothing_and_lets_the_next_one_come() -> None:
    async def run() -> None:
        hold = threading.Event()
        fake = FakeAssistant(hold=hold)
        line = line_of(fake)
        first = asyncio.create_task(line.answer("first"))
        await until(lambda: line.served == 1)
        leaving = asyncio.create_task(line.answer("leaving"))
        last = asyncio.create_task(line.answer("last"))
        await until(lambda: line.waiting == 2)
        leaving.cancel()
        hold.set()
        await asyncio.gather(first, last)
        assert [question for question, _ in fake.asked] == ["first", "last"]

    asyncio.run(run())


def test_a_question_that_is_refused_frees_its_place() -> None:
    async def run() -> None:
        line = line_of(FakeAssistant())
        with pytest.raises(QuestionError):
            await line.answer("  ")
        await until(lambda: line.served == 0)

    asyncio.run(run())
