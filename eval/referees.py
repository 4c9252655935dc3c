"""Opens what judges: the judge of the chain, and the referee over answers."""

from typing import TYPE_CHECKING

from assistant.answering.abstention import Judge
from eval.answer_stage import Referee
from eval.corpora import Bench

if TYPE_CHECKING:
    from assistant.answering.chain import AnsweringChain


def open_judge(bench: Bench) -> Judge:
    """The judge that decides whether a question is answered, as the settings make it.

    Loads no language model.
    """
    return _chain_without_model(bench).judge


def open_referee(bench: Bench) -> Referee:
    """The trained scorer of support as referee over answers.

    How far the referee itself can be trusted is what the suite `wice` measures.

    Raises:
        ModelError: the scorer's model is not here.
    """
    from assistant.answering.grounding import Grounding
    from assistant.answering.pair_model import PairModel
    from assistant.answering.sentence_embeddings import SentenceEmbeddings
    from assistant.answering.support import ModelSupportScorer

    embed = SentenceEmbeddings(bench.passages.embedder.embed_passages)
    scorer = ModelSupportScorer(PairModel())
    return Referee(scorer, scorer.verdict_threshold, Grounding(scorer, embed), embed)


def _chain_without_model(bench: Bench) -> "AnsweringChain":
    from langchain_core.language_models.fake_chat_models import FakeListChatModel

    from assistant.answering.assemble import assemble_chain

    # The judge comes with the chain, and a chain must have a model; this one is never asked.
    return assemble_chain(bench.assistant.settings, bench.passages, FakeListChatModel(responses=[]))
