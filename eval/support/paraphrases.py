"""Paraphrases and questions that a small language model writes for the training data.

Supported claims that only repeat their evidence teach a scorer to look for copies. So the language
model that the project uses anyway rewords sentences of open texts and asks a question about each;
what it garbles is dropped by the two checks of faithfulness. Temperature 0: the same model file
gives the same lines.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

_SEED = 20
_PROMPT = """Rewrite each sentence in other words without changing its meaning. Then ask one \
question that the sentence answers, and give the short answer.

Sentence: The plant, which opened in 1962, employs about 300 people.
Reworded: Roughly 300 workers have jobs at the factory, opened in 1962.
Question: How many people work at the plant?
Answer: about 300

Sentence: Mercer was fired by the board after the audit because he had hidden the losses.
Reworded: Because Mercer had concealed losses, the board dismissed him following the audit.
Question: Why did the board let Mercer go?
Answer: he had hidden the losses

Sentence: {sentence}
Reworded:"""
_REPLY = re.compile(r"\s*(.+?)\n\s*Question:\s*(.+?)\n\s*Answer:\s*(.+?)\s*(?:\n|$)")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_NAME = re.compile(r"(?<!^)(?<![.!?:\"] )\b[A-Z][\w'-]+")


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """What the model wrote about sentence `index` of the open text `text`."""

    text: str
    index: int
    reworded: str
    question: str
    answer: str


def choose_sentences(
    texts: Mapping[str, Sequence[str]], per_text: int = 2
) -> Iterator[tuple[str, int]]:
    """(text, index) of self-contained sentences, a few of every text, in a fixed mixed order."""
    chosen: list[tuple[str, int]] = []
    generator = random.Random(_SEED)
    for name, sentences in texts.items():
        usable = [i for i, sentence in enumerate(sentences) if _usable(sentence)]
        limit = 3 * per_text if name.startswith("wice/") else per_text
        if name.startswith("pubmed/"):  # its sentences are beyond the small model
            continue
        chosen += [(name, i) for i in generator.sample(usable, min(limit, len(usable)))]
    generator.shuffle(chosen)
    yield from chosen


def _usable(sentence: str) -> bool:
    words = sentence.split()
    return (
        9 <= len(words) <= 36
        and sentence[0].isupper()
        and sentence.endswith(".")
        and sum(len(word) > 3 and word.isalpha() for word in words) >= 4
    )


def rewording_is_faithful(sentence: str, line: Paraphrase) -> bool:
    """Whether the rewording keeps the sentence's numbers and names, adds none, and is no copy."""
    lowered = sentence.lower()
    return (
        set(_NUMBER.findall(line.reworded)) == set(_NUMBER.findall(sentence))
        and all(name.lower() in lowered for name in _NAME.findall(line.reworded))
        and all(name.lower() in line.reworded.lower() for name in _NAME.findall(sentence))
        and line.reworded.lower() != lowered
        and 0.6 <= len(line.reworded) / len(sentence) <= 1.5
    )


def question_is_faithful(sentence: str, line: Paraphrase) -> bool:
    """Whether the short answer stands in the sentence but not in the question, and is short."""
    answer = line.answer.lower().rstrip(".")
    return (
        answer in sentence.lower()
        and answer not in line.question.lower()
        and len(answer) <= 0.6 * len(sentence)
        and line.question.endswith("?")
    )


def write_paraphrases(
    texts: Mapping[str, Sequence[str]], model: Path, out: Path, count: int, threads: int = 1
) -> None:
    """Write what the model says of `count` sentences to `out` (JSON lines), going on where it
    stopped. About 2 s a sentence on a busy core; lines that break the form are written as null."""
    from llama_cpp import Llama

    seen = len(out.read_text("utf-8").splitlines()) if out.exists() else 0
    llama = Llama(str(model), n_ctx=768, n_threads=threads, n_threads_batch=threads, verbose=False)
    with out.open("a", encoding="utf-8") as lines:
        for name, index in islice(choose_sentences(texts), seen, count):
            line = _ask(llama, name, index, texts[name][index])
            lines.write(json.dumps(asdict(line) if line else None, ensure_ascii=False) + "\n")
            lines.flush()


def _ask(llama: object, name: str, index: int, sentence: str) -> Paraphrase | None:
    reply = llama.create_completion(  # type: ignore[attr-defined]
        _PROMPT.format(sentence=sentence),
        max_tokens=140,
        temperature=0.0,
        stop=["\n\n", "Sentence:"],
    )["choices"][0]["text"]
    found = _REPLY.match(reply)
    return Paraphrase(name, index, *(part.strip() for part in found.groups())) if found else None


def read_paraphrases(path: Path) -> list[Paraphrase]:
    """The lines of `path`, faithful or not."""
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return [Paraphrase(**row) for row in rows if row]
