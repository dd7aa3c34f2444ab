"""`python3 -m json.tool`, and that there is no other Python in the lab. Words of Python 3.11."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt


@pytest.mark.parametrize(("line", "shown"), [
    ("echo '{\"b\":[1,{\"c\":\"ü\"}],\"a\":{}}' | python3 -m json.tool",
     '{\n    "b": [\n        1,\n        {\n            "c": "\\u00fc"\n        }\n    ],\n    "a": {}\n}\n'),
    ("echo '{\"b\":1,\"a\":\"ü\"}' | python3 -m json.tool --sort-keys --no-ensure-ascii --indent 1",
     '{\n "a": "ü",\n "b": 1\n}\n'),
    ("echo '[1, 2]' > f; python3 -m json.tool --compact f", "[1,2]\n"),
    ("docker network inspect -f '{{json .IPAM.Config}}' bridge | python3 -m json.tool",
     '[\n    {\n        "Subnet": "172.17.0.0/16",\n        "Gateway": "172.17.0.1"\n    }\n]\n'),
    ("python3 --version", "Python 3.11.2\n"),
])  # fmt: skip
def test_json_is_laid_out(line, shown):
    assert Prompt().out(line) == shown


def test_what_is_no_json_is_told():
    prompt = Prompt()
    cut = prompt.err("printf '{\"a\":1' | python3 -m json.tool")
    assert cut == "Expecting ',' delimiter: line 1 column 7 (char 6)\n"
    assert prompt.err("true | python3 -m json.tool") == "Expecting value: line 1 column 1 (char 0)\n"
    missing = prompt.err("python3 -m json.tool nosuch", 2)
    assert missing.endswith(
        "error: argument infile: can't open 'nosuch': [Errno 2] No such file or directory: 'nosuch'\n"
    )


def test_any_other_python_is_refused():
    assert str(Prompt().type("python3 -c 'print(1)'").refused) == (
        "`python3` is not part of this lab. Write Python in a cell without %%dnet."
    )
