"""An agent as the official client makes one: a key, and the tools that it calls over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

Found = TypeVar("Found")


def with_agent(
    url: str, key: str, act: Callable[[Client], Awaitable[Found]], mode: str = "auto"
) -> Found:
    """What an agent with this key finds by its acts."""

    async def acts() -> Found:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(f"{url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                return await act(client)

    return asyncio.run(acts())


def call(url: str, key: str, tool: str, **arguments: Any) -> CallToolResult:
    """What one tool answers; the client holds it against the tool's own form."""

    async def act(client: Client) -> CallToolResult:
        await client.list_tools()
        return await client.call_tool(tool, arguments)

    return with_agent(url, key, act)


def answer(result: CallToolResult) -> Any:
    """The structured answer of a call that succeeded."""
    assert not result.is_error, text(result)
    return result.structured_content


def refusal(result: CallToolResult) -> str:
    """The text of a call that was refused."""
    assert result.is_error, result.structured_content
    return text(result)


def text(result: CallToolResult) -> str:
    """The text of an answer."""
    [block] = result.content
    return str(getattr(block, "text", ""))
