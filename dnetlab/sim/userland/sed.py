"""sed: POSIX's editing commands with GNU's that lab sheets use (sed 4.9 at hosts, busybox 1.35 in containers)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dnetlab.sim.userland.options import BadOption, complaint, lines_of, parse, reason
from dnetlab.sim.userland.regex import Pattern
from dnetlab.sim.userland.seam import Call, Refused, Result, failure, fits
from dnetlab.sim.userland.sed_parse import Address, BadScript, Edit, Reader

MOST_ROUNDS = 200_000  # commands that one run may take


def run(call: Call) -> Result:
    """`sed [-nEri] [-e SCRIPT] [-f FILE] [SCRIPT] [FILE]…`."""
    words = [w if not re.fullmatch(r"-i.+", w) else w for w in call.words]
    suffixes = [w[2:] for w in words if re.fullmatch(r"-i\S+", w) and not set(w[1:]) <= set("inErse")]
    words = [w for w in words if not (w[2:] in suffixes and w.startswith("-i"))]
    try:
        options, rest = parse(
            words, "ne:f:Erisuz", ["quiet", "silent", "regexp-extended", "expression=", "in-place", "debug"]
        )
    except BadOption as error:
        return complaint(call, str(error))
    flags = {name for name, _ in options}
    if flags & {"-z", "--debug"} or suffixes:
        raise Refused("This option of sed is not part of the lab.", "It has -n -e -f -E -r and -i.")
    pieces = [value for name, value in options if name in ("-e", "--expression")]
    pieces += [call.read(value).removesuffix("\n") for name, value in options if name == "-f"]
    if not pieces:
        if not rest:
            return Result("", "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n", 1)
        pieces = [rest.pop(0)]
    try:
        edits = Reader("\n".join(pieces), bool(flags & {"-E", "-r", "--regexp-extended"})).all()
    except BadScript as bad:
        return failure(f"sed: -e expression #1, {bad}" if call.gnu else f"sed: {bad}", 1)
    quiet = bool(flags & {"-n", "--quiet", "--silent"}) or pieces[0].startswith("#n\n")
    return _edited(call, edits, quiet, rest, bool(flags & {"-i", "--in-place"}))


def _edited(call: Call, edits: list[Edit], quiet: bool, names: list[str], in_place: bool) -> Result:
    texts, said = [], ""
    for name in names or ["-"]:
        try:
            texts.append((name, call.read(name)))
        except OSError as error:
            why = "read error on" if isinstance(error, IsADirectoryError) else "can't read"
            said += (
                f"sed: {why} {name}: {reason(error)}\n"
                if call.gnu or why == "read error on"
                else f"sed: {name}: {reason(error)}\n"
            )
    code = (2 if call.gnu else 1) if said else 0
    if not in_place:
        editor = _Editor(
            edits, quiet, "".join(_ended(t, n < len(texts) - 1) for n, (_, t) in enumerate(texts)), call.gnu
        )
        out = editor.all()
        return Result(out, said, editor.code or code)
    for name, text in texts:
        editor = _Editor([Edit(**{**vars(e), "until": None}) for e in edits], quiet, text, call.gnu)
        call.files.write(call.path(name), editor.all())
    return Result("", said, code)


def _ended(text: str, more: bool) -> str:
    return text + "\n" if more and text and not text.endswith("\n") else text


class _Quit(Exception):
    """silent: without printing the line (Q)."""

    def __init__(self, silent: bool = False) -> None:
        super().__init__()
        self.silent = silent


class _Editor:
    """One run over all of the input."""

    def __init__(self, edits: list[Edit], quiet: bool, text: str, gnu: bool) -> None:
        self.edits, self.quiet, self.gnu = edits, quiet, gnu
        self.lines = lines_of(text)
        self.open_end = bool(text) and not text.endswith("\n")
        self.number = 0
        self.space, self.hold = "", ""
        self.out: list[str] = []
        self.after: list[str] = []
        self.last: Pattern | None = None
        self.substituted = False
        self.again = False
        self.code = 0
        self.rounds = 0
        self.labels = {edit.text: n for n, edit in enumerate(edits) if edit.name == ":"}

    def all(self) -> str:
        while self.again or self.number < len(self.lines):
            if not self.again:
                self.space = self.lines[self.number]
                self.number += 1
            self.again = self.substituted = False
            try:
                printed = self.cycle()
            except _Quit as quit_now:
                if not quit_now.silent and not self.quiet:
                    self.put(self.space, by_itself=True)
                self.flush()
                break
            if printed and not self.quiet:
                self.put(self.space, by_itself=True)
            self.flush()
        return "".join(self.out)

    def put(self, text: str, by_itself: bool = False) -> None:
        """by_itself: at the end of a cycle; only then busybox leaves out a newline that the input lacks."""
        last = self.number == len(self.lines) and self.open_end and not self.after and (by_itself or self.gnu)
        self.finish()
        self.out.append(text if last else text + "\n")

    def finish(self) -> None:
        """A line without its newline gets one when something follows."""
        if self.out and not self.out[-1].endswith("\n"):
            self.out[-1] += "\n"

    def flush(self) -> None:
        if self.after:
            self.finish()
            self.out += self.after
            self.after = []

    def cycle(self) -> bool:
        """The commands on one line; whether it is printed at the end."""
        at = 0
        while at < len(self.edits):
            self.spend()
            edit = self.edits[at]
            at += 1
            if self.selected(edit) == edit.negated:
                at = edit.block_end if edit.name == "{" else at
                continue
            if edit.name in "btT" and edit.name != "{":
                if edit.name == "b" or self.substituted == (edit.name == "t"):
                    self.substituted = self.substituted and edit.name == "b"
                    if edit.text and edit.text not in self.labels:
                        raise Refused(
                            "sed: can't find label for jump to `{typed}'",
                            "Write : LABEL in the script.",
                            typed=edit.text,
                        )
                    at = self.labels[edit.text] if edit.text else len(self.edits)
                elif edit.name == "T":
                    self.substituted = False
                continue
            done = self.actions()[edit.name](edit)
            fits(len(self.space) + len(self.hold))
            if done is not None:
                return done
        return True

    def spend(self) -> None:
        """A command or a replacement."""
        self.rounds += 1
        if self.rounds > MOST_ROUNDS:
            raise Refused("This sed script does not end.", "Look at its b and t commands.")

    def selected(self, edit: Edit) -> bool:
        if edit.first is None:
            return True
        if edit.second is None:
            return self.matches(edit.first)
        if edit.until is not None:
            return self.inside(edit)
        if edit.first.kind == "line" and edit.first.number == 0 and self.number == 1:
            edit.until = -1
            return self.inside(edit)
        if not self.matches(edit.first):
            return False
        self.begin(edit)
        return True

    def begin(self, edit: Edit) -> None:
        second = edit.second
        assert second is not None
        if second.kind == "line":
            edit.until = second.number if second.number > self.number else None
        elif second.kind == "more":
            edit.until = self.number + second.number if second.number else None
        elif second.kind == "step":
            edit.until = -(-self.number // second.step) * second.step if second.step else None
        else:
            edit.until = None if second.kind == "last" and self.is_last else -1

    def inside(self, edit: Edit) -> bool:
        assert edit.second is not None and edit.until is not None
        if edit.until >= 0:
            if self.number > edit.until:
                edit.until = None
                return self.selected(edit) if edit.first and edit.first.kind != "line" else False
            edit.until = None if self.number >= edit.until else edit.until
            return True
        if self.matches(edit.second):
            edit.until = None
        return True

    @property
    def is_last(self) -> bool:
        return self.number == len(self.lines)

    def matches(self, address: Address) -> bool:
        if address.kind == "line":
            return self.number == address.number
        if address.kind == "last":
            return self.is_last
        if address.kind == "step":
            return (
                self.number == address.number
                if not address.step
                else self.number >= address.number and (self.number - address.number) % address.step == 0
            )
        return self.search(address.pattern, self.space) is not None

    def search(self, pattern: Pattern | None, text: str, at: int = 0) -> Any:
        self.last = pattern or self.last
        if self.last is None:
            raise Refused("sed: no previous regular expression", "Write it between the slashes.")
        return self.last.search(text, at)

    def actions(self) -> dict[str, Callable[[Edit], bool | None]]:
        return {
            "{": self._nothing,
            ":": self._nothing,
            "s": self._substitute,
            "y": self._transliterate,
            "d": self._delete,
            "D": self._delete_first,
            "p": self._print,
            "P": self._print_first,
            "=": self._line_number,
            "q": self._quit,
            "Q": self._quit,
            "a": self._append,
            "i": self._insert,
            "c": self._change,
            "n": self._next,
            "N": self._join,
            "g": self._hold,
            "G": self._hold,
            "h": self._hold,
            "H": self._hold,
            "x": self._hold,
        }

    def _nothing(self, edit: Edit) -> None:
        return None

    def _delete(self, edit: Edit) -> bool:
        return False

    def _delete_first(self, edit: Edit) -> bool:
        if "\n" in self.space:
            self.space = self.space.split("\n", 1)[1]
            self.again = True
        return False

    def _print(self, edit: Edit) -> None:
        self.put(self.space)

    def _print_first(self, edit: Edit) -> None:
        self.put(self.space.split("\n", 1)[0])

    def _line_number(self, edit: Edit) -> None:
        self.finish()
        self.out.append(f"{self.number}\n")

    def _quit(self, edit: Edit) -> None:
        self.code = edit.count
        raise _Quit(edit.name == "Q")

    def _append(self, edit: Edit) -> None:
        self.after.append(edit.text)

    def _insert(self, edit: Edit) -> None:
        self.finish()
        self.out.append(edit.text)

    def _change(self, edit: Edit) -> bool:
        if edit.second is None or edit.until is None or edit.negated:
            self.finish()
            self.out.append(edit.text)
        return False

    def _next(self, edit: Edit) -> None:
        if self.is_last:
            raise _Quit
        if not self.quiet:
            self.put(self.space)
        self.flush()
        self.space = self.lines[self.number]
        self.number += 1

    def _join(self, edit: Edit) -> None:
        if self.is_last:
            raise _Quit
        self.flush()
        self.space += "\n" + self.lines[self.number]
        self.number += 1

    def _hold(self, edit: Edit) -> None:
        match edit.name:
            case "g":
                self.space = self.hold
            case "G":
                self.space += "\n" + self.hold
            case "h":
                self.hold = self.space
            case "H":
                self.hold += "\n" + self.space
            case "x":
                self.space, self.hold = self.hold, self.space

    def _transliterate(self, edit: Edit) -> None:
        self.space = self.space.translate(edit.table)

    def _substitute(self, edit: Edit) -> None:
        out, at, count, end = "", 0, 0, -1
        wanted, everywhere = max(edit.count, 1), "g" in edit.flags
        changed = False
        while at <= len(self.space):
            found = self.search(edit.pattern, self.space, at)
            if not found:
                break
            if found.end() == found.start() == end:  # an empty match directly behind another
                out += self.space[at : at + 1]
                at, end = at + 1, -1
                continue
            count += 1
            out += self.space[at : found.start()]
            if count == wanted or everywhere and count > wanted:
                out += _filled(edit.text, found)
                changed = True
            else:
                out += found[0]
            fits(len(out))
            self.spend()
            at = end = found.end()
            if changed and not everywhere:
                break
            if found.end() == found.start():
                out += self.space[at : at + 1]
                at, end = at + 1, -1
        if changed:
            self.space = out + self.space[at:]
            self.substituted = True
            if "p" in edit.flags:
                self.put(self.space)


_CASES: dict[str, Callable[[str], str]] = {"U": str.upper, "L": str.lower, "E": str}


def _filled(text: str, found: Any) -> str:
    """The replacement: & and \\1 to \\9, \\n, GNU's \\U \\L \\u \\l \\E."""
    out, case, once = "", _CASES["E"], ""
    for piece in re.findall(r"\\.|&|[^\\&]+", text, flags=re.S):
        if piece == "&":
            made = found[0]
        elif piece[0] == "\\" and piece[1:].isdigit():
            made = (found[int(piece[1])] or "") if int(piece[1]) <= found.re.groups else ""
        elif piece[0] == "\\" and piece[1:] in _CASES:
            case = _CASES[piece[1:]]
            continue
        elif piece[0] == "\\" and piece[1:] in ("u", "l"):
            once = piece[1:]
            continue
        elif piece[0] == "\\":
            made = {"n": "\n", "t": "\t", "r": "\r"}.get(piece[1:], piece[1:])
        else:
            made = piece
        made = case(made)
        if once and made:
            made = (made[0].upper() if once == "u" else made[0].lower()) + made[1:]
            once = ""
        out += made
    return out
