"""Files from the model hub.

`huggingface_hub` finds and fetches them, with the user's own settings (`HF_ENDPOINT`, `HF_TOKEN`,
`HF_HUB_OFFLINE`, proxies). What it keeps in a shared cache is not used: the bytes go straight to a
file of ours, which an interrupted download continues. (`hf_hub_download` starts such a file anew.)
"""

import io
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from assistant.weights.types import SourceError

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

T = TypeVar("T")
Report = Callable[[int], None]

HUB_TIMEOUT = 5.0
"""Seconds after which a hub that does not answer counts as unreachable."""


class Hub:
    """The model hub, which is asked only once whether it can be reached.

    Share one between the calls of a run: after the first silence the others cost nothing.
    `endpoint` is the address of another hub; `HF_ENDPOINT` holds when it is not given.
    """

    def __init__(self, timeout: float = HUB_TIMEOUT, endpoint: str | None = None) -> None:
        self._timeout = timeout
        self._endpoint = endpoint
        self._silence = ""

    def require(self, repository: str, revision: str, filename: str) -> None:
        """Make sure that the hub can be reached and holds a file, before it is fetched.

        Raises:
            SourceError: it cannot, or does not.
        """
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(repository, filename, revision=revision, endpoint=self._endpoint)
        self._ask(lambda: get_hf_file_metadata(url, timeout=self._timeout))

    def repository(self, repository: str, revision: str) -> "ModelInfo":
        """What a repository holds: its files with their sizes and hashes, and its commit.

        Raises:
            SourceError: the hub is unreachable, or does not hold it.
        """
        from huggingface_hub import HfApi

        api = HfApi(endpoint=self._endpoint)
        return self._ask(
            lambda: api.model_info(
                repository, revision=revision, files_metadata=True, timeout=self._timeout
            )
        )

    def _ask(self, question: Callable[[], T]) -> T:
        """The answer to a short question to the hub, or SourceError."""
        import httpx
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError

        if self._silence:
            raise SourceError(self._silence)
        try:
            return _within(self._timeout, question)
        except HfHubHTTPError as error:
            if error.response.status_code >= 500:
                self._silence = f"the hub fails with status {error.response.status_code}"
                raise SourceError(self._silence) from error
            raise SourceError(_first_line(error)) from error
        except HFValidationError as error:
            raise SourceError(_first_line(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            self._silence = f"the hub cannot be reached ({_first_line(error)})"
            raise SourceError(self._silence) from error

    def fetch(
        self, repository: str, revision: str, filename: str, *, size: int, to: Path, report: Report
    ) -> None:
        """Download a file, going on where `to` ends; `report` gets the bytes that `to` holds.

        Raises:
            SourceError: the hub is unreachable, does not hold the file, or fell silent.
            OSError: `to` cannot be written.
        """
        import httpx
        from huggingface_hub import hf_hub_url
        from huggingface_hub.errors import HfHubHTTPError
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers

        if to.exists() and to.stat().st_size > size:
            to.unlink()
        with _ReportingFile(to, report) as file:
            start = file.seek(0, io.SEEK_END)
            try:
                http_get(
                    hf_hub_url(repository, filename, revision=revision, endpoint=self._endpoint),
                    file,
                    resume_size=start,
                    # Ranges count bytes as sent: a compressed answer could not be continued.
                    headers=build_hf_headers() | {"Accept-Encoding": "identity"},
                    expected_size=size,
                    tqdm_class=_NoBar,
                )
            except (HfHubHTTPError, httpx.HTTPError) as error:
                raise SourceError(f"the download failed ({_first_line(error)})") from error
            except OSError as error:
                # The library's own word for a file that ended too early has no number.
                if error.errno is None:
                    raise SourceError(f"the download failed ({_first_line(error)})") from error
                raise


class _ReportingFile(io.FileIO):
    """A file that reports its length after each write."""

    def __init__(self, path: Path, report: Report) -> None:
        super().__init__(path, "r+" if path.exists() else "w+")
        self._report = report

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Write all of `data` (a raw file may stop early when the disk is nearly full)."""
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) :]
        self._report(self.tell())
        return len(data)


class _NoBar:
    """In place of the library's own progress bar."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> "_NoBar":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, amount: float | None = 1) -> None:
        """Show nothing."""


def _within(seconds: float, call: Callable[[], T]) -> T:
    """The result of `call`, or TimeoutError: name resolution has no time limit of its own."""
    outcome: queue.SimpleQueue[tuple[bool, T | BaseException]] = queue.SimpleQueue()

    def work() -> None:
        try:
            outcome.put((True, call()))
        except BaseException as error:
            outcome.put((False, error))

    threading.Thread(target=work, name="hub-question", daemon=True).start()
    try:
        succeeded, result = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if not succeeded:
        assert isinstance(result, BaseException)
        raise result
    return result  # type: ignore[return-value]


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
