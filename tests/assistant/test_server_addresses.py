"""Files that are named by an address are refused, others are let through."""

import json

import pytest

from assistant.serving.addresses import names_address

HOST = "127.0.0.1:7860"


@pytest.mark.parametrize(
    "file",
    [
        {"path": "http://169.254.169.254/latest"},
        {"path": "/tmp/x", "url": "https://elsewhere.example/x"},
        {"path": "//elsewhere.example/x"},
        {"path": "file:///etc/passwd"},
        {"path": " HTTP://elsewhere.example/x"},
        {"path": "http://[broken"},
        {"nested": [{"deep": {"url": "ftp://elsewhere.example"}}]},
    ],
)
def test_addresses_of_other_hosts_are_found_wherever_they_are(file: dict) -> None:
    assert names_address(json.dumps({"data": [[file]]}).encode(), HOST)


@pytest.mark.parametrize(
    "file",
    [
        {"path": "/tmp/gradio/ab/x.md", "url": f"http://{HOST}/gradio_api/file=/tmp/gradio/ab/x"},
        {"path": "x.md", "url": None},
        {"text": "See http://elsewhere.example", "path": ""},
        {"path": 5},
    ],
)
def test_uploaded_files_and_plain_words_pass(file: dict) -> None:
    assert not names_address(json.dumps({"data": [file]}).encode(), HOST)


def test_what_is_no_json_is_left_to_its_reader() -> None:
    assert not names_address(b"\xff{", HOST)
    assert not names_address(b"", HOST)
