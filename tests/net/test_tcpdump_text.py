"""tcpdump's text of a frame, held against the real tcpdump reading the same file (tests/net/captures/write.py)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dnetlab.net.capture import pcap
from dnetlab.net.capture.filter import BadFilter, View, compile_filter
from dnetlab.net.capture.text import Style, Teller

CAPTURES = Path(__file__).parent / "captures"
TOLD_BY = re.compile(r"\$ tcpdump (.+) -r \S+\n((?:(?!\$ tcpdump ).*\n)*)")
TOLD = [
    (name, *found)
    for name in ("ethernet", "any")
    for found in TOLD_BY.findall((CAPTURES / f"{name}.txt").read_text())
]


def style(option: str) -> Style:
    count = option.count
    return Style("n" in option, "e" in option, count("v"), "q" in option, "S" in option, "#" in option, count("t"),
                 count("A"), count("x"), count("X"))  # fmt: skip


@pytest.mark.parametrize(("name", "option", "said"), TOLD, ids=[f"{name} {option}" for name, option, _ in TOLD])
def test_a_file_is_told_as_the_real_tcpdump_tells_it(name, option, said):
    file = pcap.read((CAPTURES / f"{name}.pcap").read_bytes())
    count = int(option.partition("-c ")[2] or len(file.records))
    teller = Teller(style(option.partition(" ")[0]), file.link, interfaces={1: "lo"})
    assert teller.tell(file.records[:count]) == said


def test_what_is_written_is_read_again():
    data = (CAPTURES / "ethernet.pcap").read_bytes()
    assert pcap.write(pcap.read(data)) == data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "truncated dump file; tried to read 24 file header bytes, only got 0"),
        (b"x" * 30, "unknown file format"),
    ],
)
def test_what_is_no_capture_is_said_to_be_none(data, said):
    with pytest.raises(pcap.BadFile, match=said):
        pcap.read(data)


# -- filters: how many of the file's frames each lets by, and what is said of what can't be read (tcpdump 4.99.3) -----

FILE = CAPTURES / "ethernet.pcap"
EXPRESSIONS = (CAPTURES / "filters.txt").read_text().splitlines()


def passed(expression: str, of: Path = FILE) -> str:
    file = pcap.read(of.read_bytes())
    try:
        test = compile_filter(expression, file.link)
        return str(sum(test(View.of(record.data, file.link, False)) for record in file.records))
    except BadFilter as bad:
        return str(bad)


@pytest.mark.parametrize("row", EXPRESSIONS)
def test_a_filter_lets_by_what_the_real_one_lets_by(row):
    expression, _, said = row.rpartition(" -> ")
    assert passed(expression) == said


@pytest.mark.parametrize("row", (CAPTURES / "rare.txt").read_text().splitlines())
def test_a_filter_tells_rare_frames_and_those_of_any_interface_apart_as_the_real_one(row):
    # 4.99.3 again; captures/frames.py says what is in rare.pcap
    name, _, asked = row.partition(": ")
    expression, _, said = asked.rpartition(" -> ")

    assert passed(expression, CAPTURES / f"{name}.pcap") == said
