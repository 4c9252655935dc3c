"""What the server counts and times, for Prometheus."""

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from assistant.answering.types import Answer

if TYPE_CHECKING:
    from assistant.serving.answer_line import AnswerLine

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The measures of one server, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Counter(
            "cv_assistant_requests",
            "HTTP requests.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "cv_assistant_request_seconds",
            "Seconds from a request to the end of its response.",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._answers = Counter(
            "cv_assistant_answers",
            "Questions by what became of them.",
            ["outcome"],
            registry=self._registry,
        )
        self._stage_seconds = Histogram(
            "cv_assistant_stage_seconds",
            "Seconds of an answer by stage.",
            ["stage"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._first_token_seconds = Histogram(
            "cv_assistant_first_token_seconds",
            "Seconds from the turn of a question to the first token.",
            buckets=SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter(
            "cv_assistant_tokens", "Tokens that the model wrote.", registry=self._registry
        )

    def watch(self, line: "AnswerLine") -> None:
        """Report the length of the line in front of the model."""
        depth = Gauge(
            "cv_assistant_queue_depth",
            "Questions that wait for the model.",
            registry=self._registry,
        )
        depth.set_function(lambda: line.waiting)
        served = Gauge(
            "cv_assistant_answers_in_progress",
            "Questions that are being answered.",
            registry=self._registry,
        )
        served.set_function(lambda: line.served)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one HTTP request; `route` is the route's pattern, never the path itself."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def count_token(self) -> None:
        """Count one token."""
        self._tokens.inc()

    def observe_first_token(self, seconds: float) -> None:
        """Record the seconds to the first token."""
        self._first_token_seconds.observe(seconds)

    def count_answer(self, answer: Answer) -> None:
        """Count a finished answer and the seconds of its stages."""
        self._answers.labels("refused" if answer.abstained else "answered").inc()
        for stage, seconds in answer.timings.items():
            self._stage_seconds.labels(stage).observe(seconds)

    def count_failure(self, outcome: str) -> None:
        """Count a question without an answer: a problem's code, or `cancelled`."""
        self._answers.labels(outcome).inc()

    def text(self) -> bytes:
        """All measures in Prometheus' text format."""
        return generate_latest(self._registry)
