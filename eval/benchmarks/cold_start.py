"""How long one question takes from a standing start, and how far that is above the floor.

Each round starts a new process, opens the assistant with its language model loading beside the
index, and asks one question: seconds from the start of the process to the passages, to the first
token and to the last, and the peak resident memory. The floor is what cannot be saved: loading the
model and evaluating the same prompt, in a process that does nothing else.

Run with `python -m eval.benchmarks.cold_start`; the weights must be here, and the index is made in
a folder of its own.
"""

import json
import statistics
import subprocess
import sys
import tempfile

import click

ASK = """
import json, resource, sys, time
started = time.perf_counter()
from assistant import Assistant
from assistant.answering.types import Done, Retrieved, Token
seconds = {}
with Assistant.open(home=sys.argv[1], weights=sys.argv[2], preload=True) as assistant:
    for event in assistant.stream(sys.argv[3]):
        name = {Retrieved: "passages", Token: "first_token", Done: "last"}.get(type(event))
        if name:
            seconds.setdefault(name, time.perf_counter() - started)
seconds["peak_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(seconds))
"""

FLOOR = """
import json, sys, time
started = time.perf_counter()
from langchain_core.messages import HumanMessage
from assistant.answering.assemble import load_chat_model
from assistant.settings import Settings
model = load_chat_model(Settings(weights=sys.argv[1]))
loaded = time.perf_counter() - started
before = time.perf_counter()
next(model.stream([HumanMessage("word " * int(sys.argv[2]))]))
print(json.dumps({"load": loaded, "prompt": time.perf_counter() - before}))
"""

PROMPT_TOKENS = 330  # what a question with its notes comes to on the bank, in the median


def run(code: str, *arguments: str) -> dict[str, float]:
    """Run code in a new interpreter; its last line of output is JSON."""
    output = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    ).stdout
    return json.loads(output.splitlines()[-1])


@click.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--question", default="Why do detectors use predefined boxes of different shapes?")
def main(rounds: int, question: str) -> None:
    """Print medians over the rounds."""
    from assistant.settings import Settings

    weights = str(Settings.load().weights_directory)
    with tempfile.TemporaryDirectory() as home:
        run(ASK, home, weights, question)
        asked = [run(ASK, home, weights, question) for _ in range(rounds)]
        floors = [run(FLOOR, weights, str(PROMPT_TOKENS)) for _ in range(rounds)]
    for name in asked[0]:
        click.echo(f"{name:>16} {statistics.median(one[name] for one in asked):8.2f}")
    floor = statistics.median(one["load"] + one["prompt"] for one in floors)
    first = statistics.median(one["first_token"] for one in asked)
    click.echo(f"{'floor':>16} {floor:8.2f}  (load the model, evaluate {PROMPT_TOKENS} tokens)")
    click.echo(f"{'ratio':>16} {first / floor:8.2f}")


if __name__ == "__main__":
    main()
