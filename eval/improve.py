"""What a user should improve: in the corpus, not in the program."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from corpus.types import Document
from eval.corpora import Bench
from eval.datasets.chat_feedback import last_opinions, read_opinions
from eval.record_log import Record

LISTED = 20
NEAR_DUPLICATE = 0.9
# Comparing every document with every other one is for corpora that a person looks through.
MOST_COMPARED = 3000


def advice(
    bench: Bench,
    retrieval: Sequence[Record],
    refusal: Sequence[Record],
    answers: Sequence[Record],
    questions: Mapping[str, str],
) -> dict[str, Any]:
    """Documents never found, questions refused, answers disliked, documents that repeat others.

    `questions` holds the texts by id. Documents count as found when one of their passages is
    among those that an answer is made of. Where nothing was searched for, none counts as missed.
    """
    documents = bench.assistant.documents()
    missed = never_retrieved(documents, retrieval, answers, bench.assistant.settings.passages)
    return {
        "documents": len(documents),
        "searched": len({one["id"] for one in (*retrieval, *answers) if "error" not in one}),
        "never_retrieved_count": len(missed),
        "never_retrieved": [{"id": one.id, "title": one.title} for one in missed[:LISTED]],
        "refused": refused_questions(refusal, answers, questions),
        "disliked": [
            {"question": one.question, "comment": one.comment}
            for one in reversed(last_opinions(read_opinions(bench.assistant.settings.home)))
            if one.verdict == "dislike"
        ][:LISTED],
        "near_duplicates": near_duplicates(bench, documents),
    }


def never_retrieved(
    documents: Sequence[Document],
    retrieval: Sequence[Record],
    answers: Sequence[Record],
    passages: int,
) -> list[Document]:
    """The documents of which no question found a passage among its first `passages`.

    None where no question was searched for at all.
    """
    searched = [record for record in retrieval if "error" not in record]
    answered = [record for record in answers if "error" not in record]
    if not searched and not answered:
        return []
    found = {span[0] for one in searched for span in one["rankings"]["ours"][:passages]}
    found |= {hit["document_id"] for one in answered for hit in one["hits"]}
    return [document for document in documents if document.id not in found]


def refused_questions(
    refusal: Sequence[Record], answers: Sequence[Record], questions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The refused questions that are not known to have no answer, the least confident first.

    By the judge where it was asked alone (with its `score`), else by the whole answer (without).
    """
    refused: dict[str, dict[str, Any]] = {}
    for record in (*refusal, *answers):
        no = "error" not in record and record.get("refused", record.get("abstained"))
        if no and record["answerable"] is not False:
            found = {
                "question": questions.get(record["id"], record["id"]),
                "score": record.get("score"),
                "nearest": record["nearest"],
            }
            refused.setdefault(record["id"], found)

    def confidence(one: dict[str, Any]) -> float:
        return 0.0 if one["score"] is None else float(one["score"])

    return sorted(refused.values(), key=confidence)[:LISTED]


def near_duplicates(bench: Bench, documents: Sequence[Document]) -> list[dict[str, Any]]:
    """Pairs of documents whose beginnings mean nearly the same, the nearest first."""
    if not 2 <= len(documents) <= MOST_COMPARED:
        return []
    vectors = bench.passages.embedder.embed_passages(
        [f"{document.title}\n{document.text[:2000]}" for document in documents]
    )
    cosines = np.triu(vectors @ vectors.T, k=1)
    pairs = np.argwhere(cosines >= NEAR_DUPLICATE)
    pairs = pairs[np.argsort(-cosines[pairs[:, 0], pairs[:, 1]], kind="stable")][:LISTED]
    return [
        {
            "a": documents[first].title or documents[first].id,
            "b": documents[second].title or documents[second].id,
            "cosine": float(cosines[first, second]),
        }
        for first, second in pairs
    ]
