"""Rankings of documents against relevance judgements, by ir_measures (trec_eval's definitions)."""

from collections.abc import Mapping, Sequence

METRICS = ("nDCG@10", "recall@1", "recall@5", "recall@10", "success@1", "success@5", "MRR@10")

_NAMES = {
    "nDCG@10": "nDCG@10",
    "recall@1": "R@1",
    "recall@5": "R@5",
    "recall@10": "R@10",
    "success@1": "Success@1",
    "success@5": "Success@5",
    "MRR@10": "RR@10",
}


def ranking_scores(
    rankings: Mapping[str, Sequence[str]], relevant: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """The value of each metric for each query: metric -> query id -> value in [0, 1].

    `rankings` has the ids of the documents found for a query, best first, each once; `relevant`
    grades documents by query. `success@k` is 1 where a relevant document is among the first k.
    A query that is judged but has no ranking (it failed) scores 0 everywhere.
    """
    import ir_measures

    measures = {name: ir_measures.parse_measure(short) for name, short in _NAMES.items()}
    judged = [
        ir_measures.Qrel(query, document, grade)
        for query, grades in relevant.items()
        for document, grade in grades.items()
    ]
    run = [
        # Falling scores keep the order: trec_eval sorts by score.
        ir_measures.ScoredDoc(query, document, float(len(found) - place))
        for query, found in rankings.items()
        for place, document in enumerate(found)
    ]
    scores: dict[str, dict[str, float]] = {name: dict.fromkeys(relevant, 0.0) for name in measures}
    name_of = {str(measure): name for name, measure in measures.items()}
    for one in ir_measures.iter_calc(list(measures.values()), judged, run):
        if one.query_id in relevant:
            scores[name_of[str(one.measure)]][one.query_id] = float(one.value)
    return scores


def documents_of(passages: Sequence[Sequence]) -> list[str]:
    """The documents of a ranking of passages (document id first), each at its best place."""
    return list(dict.fromkeys(str(passage[0]) for passage in passages))
