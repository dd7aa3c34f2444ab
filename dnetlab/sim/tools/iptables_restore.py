"""`iptables-restore`: the tables that iptables-save printed, put back; each table whole at its COMMIT, or not at all.

Words as recorded from iptables 1.8.9 (nf_tables) in a network namespace.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from dnetlab.commands.iptables import parse_iptables
from dnetlab.commands.iptables_modules import HINT, IptablesError
from dnetlab.model import Chain, Table
from dnetlab.model.netfilter import BUILTIN, empty_table
from dnetlab.sim.context import Result
from dnetlab.sim.tools import tree
from dnetlab.sim.tools.iptables_place import Place
from dnetlab.sim.tools.options import BadOption, parse

NAME = "iptables-restore"
BANNER = f"{NAME} v1.8.9 (nf_tables): "
_TRY = f"Try `{NAME} -h' or '{NAME} --help' for more information.\n"
_CHAIN = re.compile(r":(?P<name>\S+)\s+(?P<policy>\S+)(?:\s+\[(?P<packets>\d+):(?P<bytes>\d+)\]?)?")
_COUNTED = re.compile(r"\[(\d+):(\d+)\]\s*")
Apply = Callable[[Place, str, list[str]], Result]  # a table's name and the words of one line of it


class Failed(Exception):
    """What is said on stderr, and the exit status."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.text, self.code = text, code


@dataclass(frozen=True)
class Wanted:
    """noflush: add to what is there; test: change nothing; counters: those of the text; only: one table, '' for all."""

    noflush: bool = False
    test: bool = False
    counters: bool = False
    only: str = ""


def restore(place: Place, words: tuple[str, ...], apply: Apply) -> Result:
    """apply: runs a line of a table as `iptables` would."""
    try:
        options, rest = parse(words, "chntvVwWT:M:", (
            "counters", "help", "noflush", "test", "verbose", "version", "table=", "modprobe=", "wait"))  # fmt: skip
    except BadOption as error:
        return Result("", f"{NAME}: {error}\nTry `{NAME} -h' for more information.\n", 1)
    given = {name.lstrip("-")[:1] if name != "--table" else "T": value for name, value in options}
    if "V" in given:
        return Result(f"{NAME} v1.8.9 (nf_tables)\n")
    wanted = Wanted("n" in given, "t" in given, "c" in given, str(given.get("T") or ""))
    before = place.netfilter
    try:
        text = _text(place, rest)
        Restoring(place, wanted, apply).lines(text.splitlines())
    except Failed as failed:
        return Result("", failed.text, failed.code)
    finally:
        if wanted.test:
            place.put_all(before)
    return Result()


def _text(place: Place, rest: list[str]) -> str:
    context = place.context
    if not rest:
        return context.stdin or ""
    try:
        return tree.read(context, tree.absolute(context, rest[0]))
    except OSError:
        raise Failed(f"Can't open {rest[0]}: No such file or directory\n", 1) from None


class Restoring:
    """A text on its way into the tables. old: the table as it was before its lines, None outside of one."""

    def __init__(self, place: Place, wanted: Wanted, apply: Apply) -> None:
        self.place, self.wanted, self.apply = place, wanted, apply
        self.table = ""
        self.old: Table | None = None
        self.nowhere = ""  # that a rule jumps to a chain that isn't there, which is found at COMMIT

    def lines(self, rows: list[str]) -> None:
        number = 0
        try:
            for number, row in enumerate(rows, 1):
                if row.strip() and not row.startswith("#"):
                    self.line(row.strip(), number)
            if self.table:
                raise Failed(f"{NAME}: COMMIT expected at line {number + 1}\n", 1)
        except Failed:
            self._take_back()
            raise

    def _take_back(self) -> None:
        if self.old is not None:
            self.place.put(self.old)

    def line(self, row: str, number: int) -> None:
        if row.startswith("*") and not self.table:
            self._open(row[1:].strip(), number)
        elif row == "COMMIT" and self.table:
            if self.nowhere:
                raise Failed(f"{self.nowhere}Error occurred at line: {number}\n{_TRY}", 2)
            self.table, self.old = "", None
        elif not self.table:
            raise Failed(f"{NAME}: line {number} failed\n", 1)
        elif self.wanted.only and self.wanted.only != self.table:
            return
        elif row.startswith(":"):
            self._chain(row, number)
        else:
            self._rule(row, number)

    def _open(self, name: str, number: int) -> None:
        if name not in BUILTIN:
            where = f"{NAME}: line {number} table name '{name}' invalid\nError occurred at line: {number}\n"
            raise Failed(f"{BANNER}{where}{_TRY}", 2)
        self.table = name
        if self.wanted.only in ("", name):
            self.old = self.place.netfilter.table(name)
            if not self.wanted.noflush:
                self.place.put(empty_table(name))

    def _chain(self, row: str, number: int) -> None:
        found = _CHAIN.match(row)
        if found is None:
            raise Failed(f"{NAME}: line {number} failed\n", 1)
        table, name, policy = self.place.netfilter.table(self.table), found["name"], found["policy"]
        if name not in BUILTIN[self.table]:
            self.place.put(table.with_chain(Chain(name)))
            return
        if policy not in ("ACCEPT", "DROP", "-"):
            raise Failed(f"{NAME}: line {number} failed: Bad policy name.\n", 1)
        chain = table.chain(name) or Chain(name, policy="ACCEPT")
        changed = replace(chain, policy=chain.policy if policy == "-" else policy, counts=True)
        if self.wanted.counters:
            changed = replace(changed, packets=int(found["packets"] or 0), bytes=int(found["bytes"] or 0))
        self.place.put(table.with_chain(changed))

    def _rule(self, row: str, number: int) -> None:
        words = _words(row)
        counters: list[str] = []
        if words and (found := _COUNTED.match(words[0])):
            counters = ["-c", found[1], found[2]] if self.wanted.counters else []
            words = words[1:]
        if "-t" in words or "--table" in words:
            told = f"The -t option cannot be used in {NAME}.\n\nError occurred at line: {number}\n"
            raise Failed(f"{BANNER}{told}{_TRY}", 2)
        try:
            parse_iptables(["-t", self.table, *words, *counters], lambda name: (), self.place.version)
        except IptablesError as error:
            told = error.text.replace("iptables v1.8.9 (nf_tables): ", BANNER).removesuffix(HINT)
            raise Failed(f"{told}Error occurred at line: {number}\n{_TRY}", error.code) from None
        done = self.apply(self.place, self.table, [*words, *counters])
        if done.exit_code == 2:
            self.nowhere = done.stderr.replace("iptables v1.8.9 (nf_tables): ", BANNER).removesuffix(HINT)
        elif done.exit_code:
            why = done.stderr.removeprefix("iptables: ").replace("iptables v1.8.9 (nf_tables): ", "")
            raise Failed(f"{NAME}: line {number} failed: {why.splitlines()[0].strip()}\n", 1)


def _words(row: str) -> list[str]:
    """The words of a line; what stands in double quotes is one, with backslashes taken off."""
    found = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', row)
    return [plain or re.sub(r"\\(.)", r"\1", text) for text, plain in found]
