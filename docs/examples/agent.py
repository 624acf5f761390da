"""An agent that reads the open proposal and decides what of it lies inside its mandate.

    SPM=https://office.acme.example SPM_KEY=spm_... python agent.py

The key needs the scopes read and decide, and a mandate (docs/mandates.md). Where `judge` stands, a
model would weigh what it has read; here a rule of thumb does. Whatever it says, the office books
nothing outside the mandate. Needs the official client: pip install "mcp>=2.3".
"""

import asyncio
import os
import sys

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client


async def call(client, tool, **arguments):
    """What a tool answers, or None where the office refuses; the reason is printed."""
    result = await client.call_tool(tool, arguments)
    if result.is_error:
        print(f"{tool} was refused:\n{result.content[0].text}")
        return None
    return result.structured_content


def judge(read):
    """What of the proposal to approve: None for nothing, {} for the whole, or a part.

    Text under 'untrusted_text' was written by others. It is shown, and steers nothing.
    """
    inside = read["inside_mandate"]
    if inside["mandate"] is None or read["proposal"]["gain"] <= 0:
        return None
    if inside["is_whole"]:
        return {}
    part = {"left_out": inside["left_out"]}
    return {"part": part, "part_sha256": inside["part"]["sha256"]}


async def decide(client):
    """Read, judge, and approve."""
    await client.list_tools()  # the client holds each answer against the form that stands there
    read = await call(client, "read_open_proposal")
    if read is None or read["proposal"] is None:
        print("No proposal is open.")
        return
    proposal = read["proposal"]
    print(read["in_words"]["sentence"]["untrusted_text"])
    for change in read["in_words"]["changes"]:
        print(f"  {change['title']['untrusted_text']}: {change['moves']}, {change['costs']}")
    wanted = judge(read)
    if wanted is None:
        print("Nothing of it is for me:", proposal["may_not_decide"]["untrusted_text"])
        return
    seen = {name: proposal[name] for name in ("version", "content_sha256", "newer_evidence")}
    named = {"idempotency_key": f"agent-{proposal['id']}-{proposal['version']}"}
    because = {"reason": "Worth it, and inside the mandate."}
    done = await call(
        client, "approve_proposal", proposal=proposal["id"], **seen, **wanted, **named, **because
    )
    if done and done["decision"]:
        kind, right = done["decision"]["kind"], done["decision"]["authority"]["untrusted_text"]
        print(f"Decided: {kind}, under {right}.")
    elif done:
        print("My approval is kept; a second person has to agree.")


async def main():
    """One look."""
    key = {"Authorization": f"Bearer {os.environ['SPM_KEY']}"}
    async with httpx2.AsyncClient(headers=key, timeout=60) as http:
        transport = streamable_http_client(f"{os.environ['SPM']}/mcp", http_client=http)
        async with Client(transport) as client:
            await decide(client)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    asyncio.run(main())
