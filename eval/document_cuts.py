"""Where documents are cut, by us and by the plain splitter: what precision that allows at best."""

from corpus.chunking import chunk
from eval.corpora import Bench
from eval.datasets.types import EvalQuestion
from eval.metrics.spans import Span, precision_omega
from eval.plain_store import PlainStore


class DocumentCuts:
    """The passages of a bench's documents in both ways, cut when they are first asked for."""

    def __init__(self, bench: Bench, plain: PlainStore) -> None:
        self._bench = bench
        self._plain = plain
        self._ours: dict[str, list[Span]] = {}

    def omega(self, question: EvalQuestion) -> dict[str, float]:
        """Precision omega for the gold spans of a question, by who cut."""
        gold = [(span.document_id, span.start, span.end) for span in question.spans]
        names = list(dict.fromkeys(span.document_id for span in question.spans))
        return {
            "ours": precision_omega((one for name in names for one in self._cut(name)), gold),
            "langchain": precision_omega(self._plain.spans(), gold),
        }

    def _cut(self, document_id: str) -> list[Span]:
        if document_id not in self._ours:
            document = self._bench.assistant.document(document_id)
            passages = chunk(document) if document else ()
            self._ours[document_id] = [(one.document_id, one.start, one.end) for one in passages]
        return self._ours[document_id]
