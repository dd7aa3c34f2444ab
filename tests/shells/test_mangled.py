"""Lines as nobody should type them: nothing but the documented errors. As many as you like: mangled.py."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("mangled", Path(__file__).with_name("mangled.py"))
mangled = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(mangled)


def test_a_mangled_line_raises_nothing_but_the_documented_errors():
    lab, known = mangled.fresh(), mangled.lines()
    assert [text for seed in range(150) if mangled.broken(lab, text := mangled.mangled(seed, known))] == []
