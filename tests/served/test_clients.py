"""Everybody who can ask the server asks the same question."""

import asyncio
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_server import Server, StartServer

from assistant.answering.types import Done, Retrieved
from assistant.client import AsyncClient, Client
from assistant.errors import AccessError, AssistantError

pytestmark = pytest.mark.slow

QUESTION = "What are adversarial attacks?"
DOCUMENT = "question-bank/42"

# So many that some are committed while others wait.
PARTS = 12
PART_LINES = 100


def test_our_client(server: Server) -> None:
    with Client(server.url) as client:
        answer = client.ask(QUESTION)
        events = list(client.stream(QUESTION))
    cited = {citation.document_id for citation in answer.citations}
    assert DOCUMENT in cited
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-1], Done)
    for citation in answer.citations:
        document = next(h.document for h in answer.hits if h.document.id == citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote


def test_our_asynchronous_client(server: Server) -> None:
    async def run() -> Any:
        async with AsyncClient(server.url) as client:
            return await client.ask(QUESTION)

    assert DOCUMENT in {citation.document_id for citation in asyncio.run(run()).citations}


def test_the_openai_client(server: Server) -> None:
    from openai import NotFoundError, OpenAI, UnprocessableEntityError

    client = OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
    model = client.models.list().data[0].id
    messages: Any = [{"role": "system", "content": "Hi"}, {"role": "user", "content": QUESTION}]
    whole = client.chat.completions.create(model=model, messages=messages)
    stream = client.chat.completions.create(model=model, messages=messages, stream=True)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    message: Any = whole.choices[0].message
    assert DOCUMENT in {citation["document_id"] for citation in message.citations}
    assert said == message.content
    empty: Any = [{"role": "user", "content": " "}]
    with pytest.raises(UnprocessableEntityError, match="empty"):
        client.chat.completions.create(model=model, messages=empty)
    with pytest.raises(NotFoundError):
        client.embeddings.create(model=model, input="x")


def test_the_gradio_client(server: Server) -> None:
    from gradio_client import Client as GradioClient

    client = GradioClient(server.url, verbose=False)
    text, citations = client.predict(QUESTION, api_name="/chat")
    assert "[1]" in text
    assert DOCUMENT in {citation["document_id"] for citation in citations}
    hits = client.predict("adversarial attacks", k=2, api_name="/search")
    assert DOCUMENT in {hit["document"]["id"] for hit in hits}


def test_an_mcp_client(server: Server) -> None:
    import mcp

    async def run() -> tuple[set[str], Any, Any, Any]:
        async with mcp.Client(f"{server.url}/mcp") as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            answer = await client.call_tool("ask", {"question": QUESTION})
            refused = await client.call_tool("search", {"query": " "})
            images = await client.call_tool("search_images", {"text": "a flower", "k": 2})
            return tools, answer.structured_content, refused, images.structured_content

    tools, answer, refused, images = asyncio.run(run())
    assert {"ask", "search", "search_images", "list_documents", "add_document"} <= tools
    assert len(images["result"]) == 2
    assert str(server.home) not in str(images)
    assert DOCUMENT in {citation["document_id"] for citation in answer["citations"]}
    assert refused.is_error


def test_a_caller_that_leaves_stops_the_model(server: Server) -> None:
    with Client(server.url) as client:
        events = client.stream("Explain the architecture of Mask R-CNN in detail.")
        next(events)
        events.close()
        deadline = time.monotonic() + 60
        while "answers_in_progress 0.0" not in httpx.get(f"{server.url}/metrics").text:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert 'outcome="cancelled"' in httpx.get(f"{server.url}/metrics").text


def test_the_process_stays_below_its_memory(server: Server) -> None:
    pages = Path(f"/proc/{server.process.pid}/status")
    if not pages.exists():
        pytest.skip("no /proc on this system")
    resident = next(line for line in pages.read_text().splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 1.5 * 1024 * 1024


def test_a_taken_port_is_a_clear_error(server: Server, own_home: Path) -> None:
    import subprocess
    import sys

    port = server.url.rsplit(":", 1)[1]
    command = [sys.executable, "-c", "from assistant.cli import main; main()", "serve", "--port"]
    ended = subprocess.run([*command, port], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert f"Port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_killed_in_the_middle_nothing_is_half_added_and_adding_again_goes_on(
    start_server: StartServer, tmp_path: Path
) -> None:
    home = tmp_path / "killed" / "home"
    home.parent.mkdir()
    (tmp_path / "before.md").write_text("# Before\n\nThe okapi sensor is blue.\n")
    parts = tmp_path / "parts"
    parts.mkdir()
    for part in range(PARTS):
        lines = (f"Line {line} of part {part} says {line * 7}." for line in range(PART_LINES))
        (parts / f"{part}.md").write_text("\n\n".join(lines) + "\n\nThe end.\n")
    server = start_server(home, "--no-chat", CV_ASSISTANT_MODEL="smallest")
    with Client(server.url, attempts=1) as client:
        client.add(tmp_path / "before.md")
        half_sent_upload(server)
        adding = threading.Thread(target=ignore_errors, args=(client.add, parts))
        adding.start()
        deadline = time.monotonic() + 120
        while client.list_documents("uploads", limit=1).total < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        events = client.stream(QUESTION)
        next(events)
        server.stop(signal.SIGKILL)
        adding.join()
        with pytest.raises(AssistantError):
            list(events)
    again = start_server(home, "--no-chat", CV_ASSISTANT_MODEL="smallest")
    with Client(again.url) as client:
        names = {document.id for document in client.documents()}
        assert len(names) == client.status().documents
        assert "uploads/before.md" in names
        assert "uploads/half.md" not in names
        assert client.search("okapi sensor", 1)[0].document.id == "uploads/before.md"
        expected = {f"uploads/{part}.md" for part in range(PARTS)}
        kept = names & expected
        assert 0 < len(kept) < PARTS
        for name in kept:
            document = client.document(name)
            assert document is not None
            assert document.text.rstrip().endswith("The end.")
        report = client.add(parts)
        assert (set(report.unchanged), set(report.added)) == (kept, expected - kept)
        assert client.search(f"line 9 of part {PARTS - 1}", 1)[0].document.id in expected
        assert client.ask(QUESTION).text
    assert again.stop(signal.SIGINT) == 0
    assert again.said.endswith("Stopped.\n")


def test_an_open_server_warns_and_a_key_closes_it(
    start_server: StartServer, tmp_path: Path
) -> None:
    home = tmp_path / "open" / "home"
    home.parent.mkdir()
    server = start_server(home, "--host", "0.0.0.0", CV_ASSISTANT_MODEL="smallest")
    assert "can be reached from other machines" in server.said
    assert server.stop() == 0
    key = {"CV_ASSISTANT_API_KEY": "right-key", "CV_ASSISTANT_MODEL": "smallest"}
    server = start_server(home, "--host", "0.0.0.0", "--verbose", **key)
    url = server.url
    assert "can be reached" not in server.said
    with pytest.raises(AccessError), Client(url) as client:
        client.search("anything")
    with Client(url, api_key="right-key") as client:
        assert client.search("anything")
    # The chat asks for the key as well, and so does everything behind it.
    assert httpx.get(f"{url}/config").status_code == 401
    body = {"data": ["anything", 1], "session_hash": "x"}
    assert httpx.post(f"{url}/gradio_api/call/search", json=body).status_code == 401
    login = {"username": "anyone", "password": "wrong"}
    assert httpx.post(f"{url}/login", data=login).status_code == 400
    login["password"] = "right-key"
    assert httpx.post(f"{url}/login", data=login).status_code == 200
    server.stop()
    assert "right-key" not in server.said


def half_sent_upload(server: Server) -> None:
    """Begin an upload and leave it where it is."""
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    connection = socket.create_connection((host, int(port)))
    connection.sendall(
        f"POST /v1/documents HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 100000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="half.md"\r\n\r\n'
        "Half of a document".encode()
    )


def ignore_errors(function: Any, *arguments: Any) -> None:
    """Call a function whose server is killed meanwhile."""
    try:
        function(*arguments)
    except Exception:
        return
