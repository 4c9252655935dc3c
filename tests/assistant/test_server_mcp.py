"""The tools for MCP clients, over a fake assistant."""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import FakeAssistant, FakeAssistantWithImages
from mcp.server.mcpserver.exceptions import ToolError

from assistant.serving.mcp_tools import tools_of
from assistant.serving.service import Service
from assistant.settings import Settings


def tool(assistant: Any, home: Path, name: str) -> Any:
    """A tool as a plain function."""
    tools = {one.__name__: one for one in tools_of(Service.of(assistant, Settings(home=home)))}
    return lambda **arguments: asyncio.run(tools[name](**arguments))


def test_images_are_found_by_words_by_example_and_by_one_that_is_there(own_home: Path) -> None:
    search = tool(FakeAssistantWithImages(), own_home, "search_images")
    picture = FakeAssistantWithImages.images.thumbnail("image/red")
    assert picture is not None
    assert [hit["image"]["id"] for hit in search(text="red", k=1)] == ["image/red"]
    assert len(search(example=b64encode(picture).decode())) == 3
    like = search(like="image/red")
    assert "image/red" not in [hit["image"]["id"] for hit in like]
    assert like[0]["image"]["path"] == f"/v1/images/{like[0]['image']['id']}/picture"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "nothing to search for"),
        ({"example": "not base 64"}, "base64"),
        ({"example": "AAAA"}, "no picture"),
        ({"like": "image/none"}, "no image"),
    ],
)
def test_what_cannot_be_searched_is_told_to_the_caller(
    own_home: Path, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(ToolError, match=words):
        tool(FakeAssistantWithImages(), own_home, "search_images")(**arguments)


def test_without_images_there_is_no_tool_for_them(own_home: Path) -> None:
    names = [one.__name__ for one in tools_of(Service.of(FakeAssistant(), Settings(home=own_home)))]  # type: ignore[arg-type]
    assert "ask" in names
    assert "search_images" not in names


def test_documents_are_listed_by_page(own_home: Path) -> None:
    listed = tool(FakeAssistant(), own_home, "list_documents")
    assert listed(query="anch")["total"] == 1
    assert listed(offset=1) == {"documents": [], "total": 1}
