import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answering.queue import AdmissionQueue
from assistant.errors import BusyError


def test_callers_are_served_in_the_order_in_which_they_came():
    queue = AdmissionQueue(limit=8)
    first = queue.join()
    served = []

    def serve(ticket, name):
        with ticket:
            ticket.wait()
            served.append(name)

    waiting = [(queue.join(), name) for name in range(6)]
    threads = [threading.Thread(target=serve, args=pair) for pair in reversed(waiting)]
    for thread in threads:
        thread.start()
    assert queue.waiting == 6
    first.leave()
    for thread in threads:
        thread.join(10)
    assert served == [0, 1, 2, 3, 4, 5]
    assert not queue.busy


def test_position_counts_those_who_are_before():
    queue = AdmissionQueue(limit=3)
    tickets = [queue.join() for _ in range(3)]
    assert [ticket.position for ticket in tickets] == [0, 1, 2]
    tickets[1].leave()
    assert [ticket.position for ticket in tickets] == [0, None, 1]


@settings(deadline=None)
@given(limit=st.integers(0, 5))
def test_one_more_than_the_limit_is_turned_away(limit):
    queue = AdmissionQueue(limit)
    tickets = [queue.join() for _ in range(limit + 1)]
    with pytest.raises(BusyError) as turned_away:
        queue.join()
    assert turned_away.value.retryable
    tickets[0].leave()
    assert queue.join().position == limit


def test_waiting_too_long_ends_the_wait_and_frees_the_place():
    queue = AdmissionQueue(limit=1)
    queue.join()
    late = queue.join()
    with pytest.raises(BusyError):
        late.wait(timeout=0.01)
    assert late.position is None
    assert queue.waiting == 0


def test_a_caller_who_gives_up_while_waiting_is_let_go():
    queue = AdmissionQueue(limit=1)
    queue.join()
    ticket = queue.join()
    cancel = threading.Event()
    threading.Timer(0.05, cancel.set).start()
    assert ticket.wait(timeout=30, cancel=cancel) is False
    assert queue.waiting == 0


def test_a_caller_who_gave_up_before_the_turn_came_is_not_served():
    queue = AdmissionQueue(limit=1)
    ticket = queue.join()
    cancel = threading.Event()
    cancel.set()
    assert ticket.wait(cancel=cancel) is False
    assert not queue.busy


def test_leaving_twice_lets_only_one_in():
    queue = AdmissionQueue(limit=2)
    first, second, third = (queue.join() for _ in range(3))
    first.leave()
    first.leave()
    assert (second.position, third.position) == (0, 1)
