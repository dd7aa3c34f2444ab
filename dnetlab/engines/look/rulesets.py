"""The rules of many namespaces, most of which are alike: `iptables-save` and `nft` are asked only where a byte is new.

What nf_tables holds is compared as the kernel gives it, handles and counters included; the same bytes are the same
rules. In each container on a network of its own dockerd makes the same six rules for its names, with two ports that it
got by chance: with the ports left out they are compared too, and put in again in the text.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from dnetlab.engines.look.nft import parse_ruleset
from dnetlab.engines.look.texts import parse_rules

Tables = TypeVar("Tables")

MOST = 1000  # rulesets that are remembered
PORT = re.compile(r"(?<=127\.0\.0\.11:)\d+|(?<=--sport )\d+|(?<=(?:tcp|udp) sport )\d+")


@dataclass(frozen=True)
class Asked:
    """Rules on the way. ports: of the resolver in it; saving: iptables-save, None where it isn't needed."""

    ruleset: bytes = b""
    ports: tuple[int, ...] = ()
    saving: subprocess.Popen[bytes] | None = None

    @property
    def form(self) -> bytes:
        """The ruleset without its ports; b"" where there are none to leave out."""
        form = self.ruleset if len(self.ports) == 2 else b""
        for number, port in enumerate(self.ports if form else ()):
            form = form.replace(struct.pack(">H", port), bytes((0xFF, number)))
        return form


NOTHING = Asked()


class Memory(Generic[Tables]):
    """What was read before by a program, and what its text means."""

    def __init__(self, program: str, arguments: tuple[str, ...], parse: Callable[[str], Tables]) -> None:
        self._program, self._arguments, self._parse = program, arguments, parse
        self._tables: dict[bytes, Tables] = {}  # ruleset -> its tables
        self._texts: dict[bytes, tuple[str, tuple[int, ...]]] = {}  # form -> a text and the ports in it; "" on the way

    def ask(self, ruleset: bytes, ports: tuple[int, ...]) -> Asked:
        """Begin to read the rules of the namespace this thread is in."""
        asked, program = Asked(ruleset, ports), _found(self._program)
        if ruleset in self._tables or (asked.form and asked.form in self._texts) or program is None:
            return asked
        if asked.form:
            self._texts[asked.form] = "", ports
        saving = subprocess.Popen([program, *self._arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return Asked(ruleset, ports, saving)

    def told(self, asked: Asked) -> Tables:
        """The tables of a namespace that was asked for; those that nobody touched where there are none."""
        known = self._tables.get(asked.ruleset) if asked.saving is None else None
        if known is not None:
            return known
        tables = self._parse(self._text(asked))
        if asked.ruleset:  # it is empty where iptables keeps its rules elsewhere (the legacy variant)
            while len(self._tables) >= MOST:
                self._tables.pop(next(iter(self._tables)))
            self._tables[asked.ruleset] = tables
        return tables

    def _text(self, asked: Asked) -> str:
        if asked.saving is None:
            text, ports = self._texts.get(asked.form, ("", ()))
            new = dict(zip(map(str, ports), map(str, asked.ports), strict=False))
            return PORT.sub(lambda found: new.get(found[0], found[0]), text)
        text = asked.saving.communicate()[0].decode(errors="replace")
        if asked.form:
            while len(self._texts) >= MOST:
                self._texts.pop(next(iter(self._texts)))
            self._texts[asked.form] = text, asked.ports
        return text

    def clear(self) -> None:
        self._tables.clear()
        self._texts.clear()


memory, memory6 = (Memory(program, ("-c",), parse_rules) for program in ("iptables-save", "ip6tables-save"))
nft = Memory("nft", ("-a", "list", "ruleset"), parse_ruleset)


@lru_cache(maxsize=3)
def _found(program: str) -> str | None:
    return shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")
