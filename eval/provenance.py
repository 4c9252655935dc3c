"""What produced a result: code, models, settings, corpus and machine."""

import hashlib
import os
import platform
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.settings import Settings

PACKAGES = (
    "faiss-cpu",
    "faiss-gpu",
    "langchain-core",
    "llama-cpp-python",
    "numpy",
    "onnxruntime",
    "sentence-transformers",
    "tokenizers",
    "torch",
)
# The code that decides what is found and answered; the chat page and the server do not.
SOURCES = ("corpus", "index", "assistant/answering")
_SETTINGS_LEFT_OUT = frozenset(
    {
        "allowed_hosts",
        "allowed_origins",
        "api_key",
        "home",
        "host",
        "llm_key",
        "login",
        "port",
        "results",
        "weights",
    }
)


@cache
def code_version() -> str:
    """The package's version and a digest of the code that decides answers."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".txt", ".toml", ".json"}:
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return f"{version('cv-assistant')}+code.{digest.hexdigest()[:12]}"


def describe(
    assistant: "Assistant", *, with_language_model: bool, command: str = ""
) -> dict[str, Any]:
    """Everything a reader needs to make the same run again. Secrets are left out."""
    status = assistant.status()
    models = {"embedder": status.embedder, "pair_model": pair_model_digest()}
    if with_language_model:
        models |= language_model(assistant.settings)
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": code_version(),
        "models": models,
        "settings": shown_settings(assistant.settings),
        "corpus": {
            "documents": status.documents,
            "passages": status.passages,
            "vectors": status.vectors,
            "generation": status.generation,
            "digest": corpus_digest(assistant),
        },
        "machine": machine(),
        "packages": packages(),
    }


def language_model(settings: "Settings") -> dict[str, str]:
    """The name of the language model and, for a file, the SHA-256 of its bytes."""
    if settings.llm_url:
        return {"language_model": settings.model, "endpoint": "OpenAI-compatible"}
    from assistant.weights import resolve_model
    from index.identity import file_digest

    path = resolve_model(settings.model, settings.weights_directory)
    return {"language_model": path.name, "language_model_sha256": file_digest(path)}


def pair_model_digest() -> str:
    """SHA-256 of the model that judges answerability and support; empty where there is none."""
    from assistant.answering.pair_model import DEFAULT_FOLDER, MODEL_NAME
    from index.identity import file_digest

    path = DEFAULT_FOLDER / MODEL_NAME
    return file_digest(path) if path.is_file() else ""


def shown_settings(settings: "Settings") -> dict[str, Any]:
    """The settings that may change a figure, without places and secrets."""
    from pydantic import SecretStr

    values = {
        name: value
        for name, value in settings
        if name not in _SETTINGS_LEFT_OUT and not isinstance(value, SecretStr)
    }
    return {
        name: value if isinstance(value, int | float | bool | None) else _without_place(str(value))
        for name, value in values.items()
    }


def _without_place(value: str) -> str:
    """A model's folder or file by its name alone: where it lies changes no figure."""
    return Path(value).name if Path(value).is_absolute() else value


def corpus_digest(assistant: "Assistant") -> str:
    """A digest of the ids and texts of all documents."""
    digest = hashlib.sha256()
    for document in sorted(assistant.documents(), key=lambda one: one.id):
        digest.update(f"{document.id}\0{document.title}\0{document.text}\0".encode())
    return digest.hexdigest()[:16]


def machine() -> dict[str, Any]:
    """The processor, its cores, the memory, the system, and how busy it was at the start."""
    described: dict[str, Any] = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    if sys.platform != "win32":
        described["load"] = round(os.getloadavg()[0], 1)
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        described["memory_gigabytes"] = round(pages * size / 2**30)
    return described


def packages() -> dict[str, str]:
    """The versions of the packages that compute the figures."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def fingerprint(*parts: object) -> str:
    """A short digest of what makes two runs the same run."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
