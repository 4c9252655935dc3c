"""Puts the chain together from the settings."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from assistant.answering.chain import AnsweringChain
    from assistant.settings import Settings
    from index.passages import PassageIndex


def load_chat_model(settings: "Settings") -> "BaseChatModel":
    """The language model of the settings: an endpoint, or a GGUF file loaded here.

    Raises:
        WeightsError: the model is not here; the hint says how to get it.
        ModelError: the model cannot be loaded.
    """
    if settings.llm_url:
        return _endpoint(settings)
    from assistant.answering.llm import LlamaCppChat
    from assistant.answering.prompts import warming_prompt
    from assistant.weights import resolve_model

    chat_model = LlamaCppChat(
        model_path=resolve_model(settings.model, settings.weights_directory),
        context_tokens=settings.context_tokens,
        threads=settings.threads,
        device=settings.device,
        max_tokens=settings.answer_tokens,
        timeout_seconds=settings.answer_seconds,
        queue_limit=settings.queue_length,
    )
    # Whoever loads the model in the background has the first question wait less.
    chat_model.warm(warming_prompt())
    return chat_model


def assemble_chain(
    settings: "Settings", passages: "PassageIndex", chat_model: "BaseChatModel"
) -> "AnsweringChain":
    """The way from a question to an answer over these passages, with this model."""
    from assistant.answering.abstention import ReadingJudge
    from assistant.answering.calibration import Calibration
    from assistant.answering.chain import AnsweringChain, AnsweringSettings
    from assistant.answering.grounding import Grounding
    from assistant.answering.pair_model import PairModel
    from assistant.answering.selection import SentenceSelection
    from assistant.answering.sentence_embeddings import SentenceEmbeddings
    from assistant.answering.support import ModelSupportScorer

    reader = PairModel()
    embed = SentenceEmbeddings(passages.embedder.embed_passages)
    return AnsweringChain(
        passages,
        chat_model,
        grounding=Grounding(ModelSupportScorer(reader), embed),
        selection=SentenceSelection(embed),
        judge=ReadingJudge(reader, Calibration.load(), settings.strictness),
        settings=AnsweringSettings(passages=settings.passages, unsupported=settings.unsupported),
    )


def _endpoint(settings: "Settings") -> "BaseChatModel":
    from pydantic import SecretStr

    from assistant.errors import ModelError

    try:
        from langchain_openai import ChatOpenAI
    except ImportError as error:
        raise ModelError(
            "An OpenAI-compatible endpoint needs a package that is not installed.",
            hint="Install it with `pip install 'cv-assistant[endpoint]'`.",
        ) from error
    return ChatOpenAI(
        base_url=settings.llm_url,
        api_key=settings.llm_key or SecretStr("none"),
        model=settings.model,
        max_tokens=settings.answer_tokens,
        timeout=settings.answer_seconds,
        temperature=0,
    )
