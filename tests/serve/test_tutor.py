"""`dnetlab mcp`: a tutor's client reads the lab, by the SDK's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dnetlab.lab import Lab

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")


def in_a_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: this one's loop may be a browser's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def ask(journal, tool: str, **arguments: str) -> str:
    from dnetlab.tutor import server

    async def asked() -> str:
        async with mcp.Client(server(journal)) as client:
            found = await client.call_tool(tool, arguments)
            return found.content[0].text

    return in_a_loop(asked())


@pytest.fixture
def journal(tmp_path):
    """A student in lesson 3 who has made a network and a container, and pinged in vain."""
    file = tmp_path / "work.sim.journal"
    with Lab(journal=file) as lab:
        lab.open_lesson("3")
        lab.start_lesson()
        lab.run("docker network create my_net9")
        lab.run("docker run -d --name lonely --network my_net9 busybox sleep 1000")
        lab.run("docker exec lonely ping -c 1 -W 1 nobody")
    return file


def test_a_tutor_reads_the_lab_the_last_failure_the_tasks_and_the_next_hint(journal):
    assert '"lonely"' in ask(journal, "lab_state", what="containers")
    assert "docker exec lonely ping -c 1 -W 1 nobody" in ask(journal, "last_commands")
    assert "nobody" in ask(journal, "last_failure")
    assert "1" in ask(journal, "tasks")
    assert ask(journal, "next_hint")


def test_a_tutor_changes_nothing_and_has_no_tool_that_could(journal):
    from dnetlab.tutor import server

    before = journal.read_bytes()
    ask(journal, "next_hint")
    tools = in_a_loop(server(journal).list_tools())

    assert journal.read_bytes() == before
    assert sorted(t.name for t in tools) == ["lab_state", "last_commands", "last_failure", "next_hint", "tasks"]
    assert all(t.annotations.read_only_hint for t in tools)


def test_a_question_that_has_no_answer_is_told_so(journal, tmp_path):
    assert "there is no table secrets" in ask(journal, "lab_state", what="secrets")
    assert "there is no journal" in ask(tmp_path / "none.journal", "tasks")
