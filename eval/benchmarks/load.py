"""Many users at once against a real server: what becomes of every question, memory, throughput.

    python -m eval.benchmarks.load [--users 50] [--seconds 120] [--model smallest]

First the bare language model runs the prompts of some questions, one after another, with nothing
around it: its tokens per second are what a server could reach at most. Then a server is started
and each user asks, reads the whole answer and asks again; a user who is refused (503) waits as
long as the server says. Every question must end in an answer or a refusal; the program ends with
status 1 when one is lost.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import httpx
import numpy as np
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage

from assistant.answering.assemble import load_chat_model
from assistant.answering.types import Question, Token
from assistant.assistant import Assistant
from assistant.settings import Settings
from eval.datasets.bank_questions import read_bank_questions

RAW_QUESTIONS = 8
SAMPLE_SECONDS = 2.0
START_SECONDS = 180.0
ANSWER_TIMEOUT_SECONDS = 300.0
BUSY = 503


@dataclass
class Outcome:
    """What became of the questions. `seconds` are of answers, `first` to their passages."""

    counts: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    seconds: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class PromptRecorder(BaseCallbackHandler):
    """Keeps the prompts that the language model is given."""

    def __init__(self) -> None:
        self.prompts: list[list[BaseMessage]] = []

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Keep one prompt."""
        self.prompts += messages


@click.command()
@click.option("--users", default=50, show_default=True)
@click.option("--seconds", default=120, show_default=True)
@click.option("--model", default="default", show_default=True)
@click.option("--weights", type=click.Path(path_type=Path), help="Folder of the weights.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(users: int, seconds: int, model: str, weights: Path | None, as_json: bool) -> None:
    """Measure a server under load."""
    questions = [question.text for question in read_bank_questions("dev").questions]
    with tempfile.TemporaryDirectory(prefix="cv-assistant-load-") as folder:
        home = Path(folder, "home")
        settings = Settings.load(home=home, weights=weights, model=model)
        raw = raw_tokens_per_second(settings, questions[:RAW_QUESTIONS])
        outcome, elapsed = under_load(settings, questions, users, seconds, Path(folder, "log.txt"))
    report = summary(outcome, elapsed, raw) | {"users": users, "model": model}
    if as_json:
        click.echo(json.dumps(report, indent=1))
    else:
        for name, value in report.items():
            click.echo(f"{name:<34} {value}")
    for line in outcome.lost[:10]:
        click.echo(f"lost: {line}", err=True)
    if outcome.counts["lost"]:
        sys.exit(1)


def raw_tokens_per_second(settings: Settings, questions: list[str]) -> float:
    """Tokens that the bare model writes in a second, its reading of the prompts included."""
    prompts, lengths = [], []
    with Assistant.open(settings) as assistant:
        for question in questions:
            recorder = PromptRecorder()
            events = assistant.chain.stream(Question(question), {"callbacks": [recorder]})
            tokens = sum(isinstance(event, Token) for event in events)
            if recorder.prompts and tokens:
                prompts.append(recorder.prompts[-1])
                lengths.append(tokens)
    model = load_chat_model(settings)
    started = time.monotonic()
    for prompt, length in zip(prompts, lengths, strict=True):
        for place, _ in enumerate(model.stream(prompt), start=1):
            if place == length:
                break
    return sum(lengths) / (time.monotonic() - started)


def under_load(
    settings: Settings, questions: list[str], users: int, seconds: float, log: Path
) -> tuple[Outcome, float]:
    """Start a server, let the users ask for `seconds`, and wait for what they still ask."""
    environment = os.environ | {
        "CV_ASSISTANT_HOME": str(settings.home),
        "CV_ASSISTANT_WEIGHTS": str(settings.weights_directory),
        "CV_ASSISTANT_MODEL": settings.model,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", "from assistant.cli import main; main()", "serve"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", "0"], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = address(process, log)
        return asyncio.run(ask_together(url, process.pid, questions, users, seconds))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where the server answers, once it is ready."""
    deadline = time.monotonic() + START_SECONDS

    def until(condition: Callable[[], bool]) -> None:
        while not condition():
            if process.poll() is not None or time.monotonic() > deadline:
                raise click.ClickException(f"The server did not start:\n{log.read_text()}")
            time.sleep(0.3)

    until(lambda: "http://" in log.read_text())
    found = re.search(r"http://[\w.:]+", log.read_text())
    assert found is not None
    until(lambda: httpx.get(f"{found[0]}/readyz", timeout=30).status_code == httpx.codes.OK)
    return found[0]


async def ask_together(
    url: str, process: int, questions: list[str], users: int, seconds: float
) -> tuple[Outcome, float]:
    """All users at once, and the memory of the server meanwhile."""
    outcome = Outcome()
    started = time.monotonic()
    limits = httpx.Limits(max_connections=users * 2)
    async with httpx.AsyncClient(
        base_url=url, timeout=ANSWER_TIMEOUT_SECONDS, limits=limits
    ) as http:
        watching = asyncio.create_task(watch_memory(process, outcome))
        end = started + seconds
        await asyncio.gather(
            *(
                one_user(http, questions[user::users] or questions, end, outcome)
                for user in range(users)
            )
        )
        watching.cancel()
    return outcome, time.monotonic() - started


async def one_user(
    http: httpx.AsyncClient, questions: list[str], end: float, outcome: Outcome
) -> None:
    """Ask one question after another until the end."""
    place = 0
    while time.monotonic() < end:
        outcome.counts["asked"] += 1
        try:
            pause = await one_question(http, questions[place % len(questions)], outcome)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            outcome.counts["lost"] += 1
            outcome.lost.append(repr(error))
            continue
        place += 1
        await asyncio.sleep(max(0.0, min(pause, end - time.monotonic())))


async def one_question(http: httpx.AsyncClient, question: str, outcome: Outcome) -> float:
    """Ask and read to the end; how many seconds to wait before the next question."""
    started = time.monotonic()
    body = {"question": question, "stream": True, "document_text": False}
    async with http.stream("POST", "/v1/ask", json=body) as response:
        if response.status_code == BUSY:
            outcome.counts["refused"] += 1
            return float(response.headers["Retry-After"])
        name = ""
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
                outcome.tokens += name == "token"
                if name == "retrieved":
                    outcome.first.append(time.monotonic() - started)
    if name == "done":
        outcome.counts["answered"] += 1
        outcome.seconds.append(time.monotonic() - started)
    else:
        outcome.counts["lost"] += 1
        outcome.lost.append(f"{response.status_code}, last event {name!r}")
    return 0.0


async def watch_memory(process: int, outcome: Outcome) -> None:
    """Note the server's resident megabytes again and again."""
    status = Path(f"/proc/{process}/status")
    while status.exists():
        found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
        if found:
            outcome.resident.append(int(found[1]) / 1024)
        await asyncio.sleep(SAMPLE_SECONDS)


def summary(outcome: Outcome, elapsed: float, raw: float) -> dict[str, Any]:
    """The figures."""
    rate = outcome.tokens / elapsed
    resident = outcome.resident or [float("nan")]
    third = max(1, len(resident) // 3)
    return {
        "asked": outcome.counts["asked"],
        "answered": outcome.counts["answered"],
        "refused with 503": outcome.counts["refused"],
        "lost": outcome.counts["lost"],
        "wall seconds": round(elapsed, 1),
        "seconds an answer, median": rounded_quantile(outcome.seconds, 0.5),
        "seconds an answer, 95 %": rounded_quantile(outcome.seconds, 0.95),
        "tokens a second, served": round(rate, 1),
        "tokens a second, bare model": round(raw, 1),
        "served / bare": round(rate / raw, 2),
        "resident MB, second third": round(float(np.median(resident[third : 2 * third])), 0),
        "resident MB, last third": round(float(np.median(resident[2 * third :])), 0),
        "resident MB, most": round(max(resident), 0),
    }


def rounded_quantile(values: list[float], share: float) -> float:
    """A quantile, or NaN of nothing."""
    return round(float(np.quantile(values, share)), 1) if values else float("nan")


if __name__ == "__main__":
    main()
