"""A broken lab in a real kernel: somebody who looks, guesses, is sent back to look, names the fault and mends it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def english_afterwards(kernel):
    yield
    kernel.run("%dnet student ''\n%dnet lang en")


def test_the_way_of_somebody_who_finds_the_fault(kernel):
    begun = kernel.run("%dnet fault forwarding-off 3").plain
    offered = kernel.run("%dnet diagnose").plain
    shut = kernel.run("%dnet why client docker1")
    looked = kernel.run("%%dnet -q\nsysctl net.ipv4.ip_forward").plain
    letter = next(row.strip()[0] for row in offered.splitlines() if "docker1 does not forward packets" in row)
    said = kernel.run(f"%dnet diagnose {letter} forwarding is off on docker1").plain
    mended = kernel.run("%%dnet -q\nsysctl -w net.ipv4.ip_forward=1").plain

    assert begun.startswith("Find the fault 3\n")
    assert "Containers get no answer from outside." in begun
    assert "you find out why yourself" in shut.error["traceback"][0]
    assert "net.ipv4.ip_forward = 0" in looked
    assert said == (
        "That is the fault: docker1 does not forward packets.\n"
        "You wrote: forwarding is off on docker1\n"
        "The fault: net.ipv4.ip_forward is 0 on docker1: the kernel hands nothing on between its interfaces.\n"
        "✓ Task 1 is done: Diagnose (1 of 2)"
    )
    assert mended.endswith("✓ Task 2 is done: Repair (2 of 2)")


def test_the_same_in_chinese(kernel):
    kernel.run("%dnet lang zh")
    begun = kernel.run("%dnet fault forwarding-off 3").plain
    offered = kernel.run("%dnet diagnose").plain
    letter = next(row.strip()[0] for row in offered.splitlines() if "docker1 没有打开内核转发" in row)
    said = kernel.run(f"%dnet diagnose {letter} docker1 上内核转发关了").plain

    assert begun.startswith("故障排查 3\n")
    assert said.startswith("正是这个故障：docker1 没有打开内核转发。\n你写的是：docker1 上内核转发关了\n实际的故障：")


def test_the_next_fault_is_another_one(kernel):
    first = kernel.run("%dnet fault").plain.splitlines()[0]
    second = kernel.run("%dnet fault").plain.splitlines()[0]

    assert first != second


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%dnet fault nothing", "there is no fault of the kind 'nothing'"),
        ("%dnet fault --level 9", "invalid choice: 9"),
    ],
)
def test_what_is_not_there_is_one_clear_line(kernel, line, said):
    assert said in kernel.run(line).error["traceback"][0]


def test_in_an_ordinary_lesson_nothing_was_broken(kernel):
    kernel.run("%dnet lesson 1")

    assert "nothing in this lab was broken on purpose" in kernel.run("%dnet diagnose").error["traceback"][0]
