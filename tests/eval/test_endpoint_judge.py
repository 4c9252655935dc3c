"""The optional judge model says yes or no, or that it cannot be asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from assistant.errors import ModelError
from eval.endpoint_judge import EndpointJudge

ANSWER = {"question": "Do cats purr?", "text": "They do.", "hits": [{"text": "Cats purr."}]}


@pytest.fixture
def endpoint():
    """An endpoint whose answer and last request a test can see."""

    class Handler(BaseHTTPRequestHandler):
        says = "Yes."
        asked: dict = {}  # noqa: RUF012

        def do_POST(self):
            Handler.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            Handler.asked["path"] = self.path
            Handler.asked["key"] = self.headers.get("Authorization")
            body = json.dumps({"choices": [{"message": {"content": Handler.says}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Handler, f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("says", "right"), [("Yes.", True), ("**no**, because", False)])
def test_one_word_is_the_verdict(endpoint, says, right):
    handler, url = endpoint
    handler.says = says
    verdict = EndpointJudge(url, "big", "secret").judge(ANSWER)
    assert verdict == {"right": right, "judge": "big"}
    assert handler.asked["path"] == "/v1/chat/completions"
    assert handler.asked["key"] == "Bearer secret"
    assert "Cats purr." in handler.asked["messages"][1]["content"]


def test_anything_else_is_an_error(endpoint):
    handler, url = endpoint
    handler.says = "It depends."
    with pytest.raises(ModelError, match="neither yes nor no"):
        EndpointJudge(url, "big").judge(ANSWER)


def test_an_endpoint_that_is_not_there_is_an_error():
    with pytest.raises(ModelError, match="cannot be asked"):
        EndpointJudge("http://127.0.0.1:9/v1", "big").judge(ANSWER)
