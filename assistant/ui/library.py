"""The library tab: what is indexed, adding and removing documents, the models' weights."""

from collections.abc import Collection, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.library import LibraryReport
from assistant.serving.document_routes import too_large
from assistant.serving.uploads import add_uploads
from assistant.ui.status import header_html, status_html

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.serving.service import Service
    from assistant.settings import Settings
    from index.types import DocumentList, DocumentSummary

DOCUMENTS_A_PAGE = 50
OUTCOMES = {
    "added": "added",
    "replaced": "replaced: the text had changed",
    "unchanged": "unchanged: it is already here",
}


class LibraryTab:
    """The documents and their upload. Building one puts it into the Blocks being built."""

    def __init__(self, service: "Service", page: gr.Blocks, header: gr.HTML) -> None:
        from corpus.loaders import SUPPORTED_SUFFIXES

        self._service = service
        self._header = header
        with gr.Row():
            with gr.Column(scale=3, min_width=300):
                self._query = gr.Textbox(
                    label="Search documents", placeholder="Words of a title or a file name"
                )
                self._count = gr.HTML(padding=False)
                self._documents = gr.CheckboxGroup(
                    label="Documents", elem_id="documents", choices=[], value=[]
                )
                with gr.Row(visible=False, elem_id="pages") as self._pages:
                    self._previous = gr.Button("Previous page", size="sm")
                    self._next = gr.Button("Next page", size="sm")
                self._remove, self._confirm, self._really, self._keep = removal("documents")
            with gr.Column(scale=2, min_width=300):
                self._files = upload_box(
                    "Add documents",
                    "upload",
                    service.settings,
                    SUPPORTED_SUFFIXES,
                    "A file of the same name replaces the document.",
                )
                self._results = gr.HTML(elem_id="upload-results", padding=False)
                self._status = gr.HTML(elem_id="library-status", padding=False)
        self._offset = gr.State(0)
        self._connect(page)

    def _connect(self, page: gr.Blocks) -> None:
        private: dict[str, Any] = {"api_visibility": "private"}
        place = [self._query, self._offset]
        pager = [self._offset, self._pages, self._previous, self._next]
        listing = [self._documents, self._count, self._remove, self._confirm, *pager]
        everything = [*listing, self._status, self._header]
        quietly: dict[str, Any] = private | {"show_progress": "hidden"}
        page.load(self._show_all, place, everything, **quietly)
        self._query.change(self._show, self._query, listing, **quietly)
        self._previous.click(self._show_previous, place, listing, **quietly)
        self._next.click(self._show_next, place, listing, **quietly)
        self._files.upload(
            self._add, self._files, [self._results, self._files], concurrency_limit=1, **private
        ).then(self._show_all, place, everything, **private)
        self._documents.change(
            removable, self._documents, [self._remove, self._confirm], queue=False, **private
        )
        self._remove.click(confirming, None, self._confirm, queue=False, **private)
        self._keep.click(lambda: gr.Row(visible=False), None, self._confirm, **private)
        self._really.click(
            self._remove_chosen, self._documents, self._results, concurrency_limit=1, **private
        ).then(self._show_all, place, everything, **private)

    def _show(self, query: str, offset: int = 0) -> tuple[Any, ...]:
        page, offset = page_at(self._service.assistant, query or "", offset)
        choices = [(label_of(document), document.id) for document in page.documents]
        return (
            gr.CheckboxGroup(choices=choices, value=[]),
            f'<p class="hint" role="status">{count_of(page, offset)}</p>',
            gr.Button(interactive=False),
            gr.Row(visible=False),
            offset,
            gr.Row(visible=page.total > DOCUMENTS_A_PAGE),
            gr.Button(interactive=offset > 0),
            gr.Button(interactive=offset + len(page.documents) < page.total),
        )

    def _show_previous(self, query: str, offset: int) -> tuple[Any, ...]:
        return self._show(query, max(0, offset - DOCUMENTS_A_PAGE))

    def _show_next(self, query: str, offset: int) -> tuple[Any, ...]:
        return self._show(query, offset + DOCUMENTS_A_PAGE)

    def _show_all(self, query: str, offset: int) -> tuple[Any, ...]:
        shown = self._show(query, offset)
        return *shown, status_html(self._service), header_html(self._service)

    def _add(
        self,
        paths: list[str] | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, None]:
        settings = self._service.settings
        files = [(Path(path).name, Path(path)) for path in paths or ()]
        if len(files) > settings.upload_files:
            return problem(f"{len(files)} files were chosen; choose {settings.upload_files}."), None
        large = [one for one in files if one[1].stat().st_size > settings.upload_bytes]
        refused = tuple(too_large(name, settings.upload_megabytes) for name, _ in large)

        def show(done: int, total: int, what: str) -> None:
            progress((done, total), desc=what)

        try:
            report = add_uploads(
                self._service.assistant, [one for one in files if one not in large], show
            )
        except AssistantError as error:
            return problem(str(error)), None
        return report_html(report, refused), None

    def _remove_chosen(self, chosen: list[str]) -> str:
        try:
            removed = self._service.assistant.remove(chosen)
        except AssistantError as error:
            return problem(str(error))
        return results(f"<strong>removed</strong> {escape(name)}" for name in removed)


def upload_box(
    label: str, elem_id: str, settings: "Settings", suffixes: Collection[str], note: str
) -> gr.File:
    """Where files are dropped or chosen, with what may come in and what becomes of it below."""
    known = sorted(suffixes)
    box = gr.File(label=label, file_count="multiple", file_types=known, elem_id=elem_id, height=170)
    gr.HTML(
        f'<p class="hint">Up to {settings.upload_files} files at once, '
        f"{settings.upload_megabytes:g} MB each: {', '.join(known)}. {note}</p>",
        padding=False,
    )
    return box


def removal(what: str) -> tuple[gr.Button, gr.Row, gr.Button, gr.Button]:
    """The button for removing; the row that asks once more; its yes and its no."""
    remove = gr.Button(f"Remove the chosen {what}", interactive=False)
    with gr.Row(visible=False) as confirm:
        really = gr.Button("Yes, remove them", variant="stop")
        keep = gr.Button("Keep them")
    return remove, confirm, really, keep


def removable(chosen: list[str]) -> tuple[Any, Any]:
    """The button for removing, once something is chosen."""
    return gr.Button(interactive=bool(chosen)), gr.Row(visible=False)


def confirming() -> Any:
    """Ask before anything is removed."""
    return gr.Row(visible=True)


def page_at(assistant: "Assistant", query: str, offset: int) -> "tuple[DocumentList, int]":
    """The page of documents at `offset`, or the last one where there are fewer; its offset."""
    page = assistant.list_documents(query, offset=offset, limit=DOCUMENTS_A_PAGE)
    if offset == 0 or page.documents:
        return page, offset
    offset = max(0, page.total - 1) // DOCUMENTS_A_PAGE * DOCUMENTS_A_PAGE
    return assistant.list_documents(query, offset=offset, limit=DOCUMENTS_A_PAGE), offset


def count_of(page: "DocumentList", offset: int) -> str:
    """How many documents there are, and which of them are shown."""
    count = counted(page.total, "document")
    if page.total <= DOCUMENTS_A_PAGE:
        return count
    return f"{count}; {offset + 1:,} to {offset + len(page.documents):,} are shown"


def label_of(document: "DocumentSummary") -> str:
    """What the list says of a document."""
    size = f"{document.characters:,} characters, {counted(document.passages, 'passage')}"
    if document.pages:
        size += f", {counted(document.pages, 'page')}"
    return f"{document.title} — {document.source} ({size})"


def counted(number: int, what: str) -> str:
    """A number of things in words."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def results(lines: Any) -> str:
    """Results as a list that is announced."""
    items = "".join(f"<li>{line}</li>" for line in lines)
    # The role is not the list's own: it would be no list any more.
    return f'<div role="status"><ul class="results">{items}</ul></div>'


def problem(text: str) -> str:
    """Something that went wrong."""
    return f'<p class="problem" role="alert">{escape(text)}</p>'


def report_html(report: LibraryReport, more_refused: Sequence[Any] = ()) -> str:
    """What became of each file."""
    lines = [
        f"<strong>{words.split(':')[0]}</strong> {escape(name)}{escape(words.partition(':')[1])}"
        f"{escape(words.partition(':')[2])}"
        for outcome, words in OUTCOMES.items()
        for name in getattr(report, outcome)
    ]
    lines += [
        f"<strong>refused</strong> {escape(file.path)}: {escape(file.reason)} {escape(file.hint)}"
        for file in (*report.refused, *more_refused)
    ]
    return results(lines)
