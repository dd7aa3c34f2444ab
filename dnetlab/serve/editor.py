"""The line at a shell's prompt: echo, editing and the lines of before, as busybox's ash does it (libbb/lineedit.c)."""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass, field

_KEYS = {
    "\x1b[D": "left", "\x1bOD": "left", "\x02": "left", "\x1b[C": "right", "\x1bOC": "right", "\x06": "right",
    "\x1b[A": "up", "\x1bOA": "up", "\x10": "up", "\x1b[B": "down", "\x1bOB": "down", "\x0e": "down",
    "\x1b[H": "home", "\x1b[1~": "home", "\x1bOH": "home", "\x01": "home",
    "\x1b[F": "end", "\x1b[4~": "end", "\x1bOF": "end", "\x05": "end", "\x1b[3~": "delete",
    "\x7f": "backspace", "\b": "backspace", "\x0b": "cut", "\x15": "clear", "\x17": "word", "\x0c": "screen",
    "\x03": "interrupt", "\x04": "eof", "\r": "enter", "\n": "enter",
}  # fmt: skip
_PIECE = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|.", re.DOTALL)
_HALF = re.compile(r"\x1b(?:\[[0-9;]*|O)?")
MOST = 4096  # characters of a line


@dataclass
class Editor:
    """prompt: what stands in front. `feed` tells what to show, and the lines that are complete."""

    prompt: str = ""
    text: str = ""
    at: int = 0
    history: list[str] = field(default_factory=list)
    place: int = 0
    _draft: str = ""
    _rest: str = ""

    def feed(self, typed: str) -> tuple[str, str, str]:
        """Take keys up to the first that ends the line: (what to show, how it ended, the keys behind it).

        How: '' not yet, 'enter', 'interrupt' (Ctrl-C) or 'eof' (Ctrl-D on an empty line).
        """
        shown: list[str] = []
        typed, self._rest = self._rest + typed, ""
        for found in _PIECE.finditer(typed):
            piece = found[0]
            if piece[0] == "\x1b" and _HALF.fullmatch(typed[found.start() :]):
                self._rest = typed[found.start() :]
                break
            key = _KEYS.get(piece, "")
            ended = self._ended(key, shown)
            if ended:
                return "".join(shown), ended, typed[found.end() :]
            if not key and len(piece) == 1 and piece.isprintable() and len(self.text) < MOST:
                shown.append(self._insert(piece))
            elif key:
                shown.append(self._edit(key))
        return "".join(shown), "", ""

    def _ended(self, key: str, shown: list[str]) -> str:
        if key == "enter":
            shown.append("\r\n")
        elif key == "interrupt":
            shown.append("^C\r\n")
            self.text = ""
        elif key != "eof" or self.text:
            return ""
        return key

    def taken(self) -> str:
        """The line that is complete; the next one begins."""
        text, self.text, self.at, self._draft = self.text, "", 0, ""
        if text.strip() and self.history[-1:] != [text]:
            self.history.append(text)
        self.place = len(self.history)
        return text

    def _insert(self, piece: str) -> str:
        behind = self.text[self.at :]
        self.text = self.text[: self.at] + piece + behind
        self.at += 1
        return piece + behind + "\b" * len(behind)

    def _edit(self, key: str) -> str:
        old, at = self.text, self.at
        if key in ("left", "right", "home", "end"):
            self.at = {"left": max(0, at - 1), "right": min(len(old), at + 1), "home": 0, "end": len(old)}[key]
            return "\b" * (at - self.at) if self.at <= at else old[at : self.at]
        if key in ("up", "down"):
            return self._recall(-1 if key == "up" else 1)
        if key == "screen":
            return "\x1b[H\x1b[J" + self.prompt + old + "\b" * (len(old) - at)
        start = {"backspace": at - 1, "word": old[:at].rstrip().rfind(" ") + 1, "clear": 0}.get(key, at)
        end = {"delete": at + 1, "eof": at + 1, "cut": len(old)}.get(key, at)
        return self._put(old[: max(0, start)] + old[end:], max(0, start))

    def _recall(self, step: int) -> str:
        place = self.place + step
        if not 0 <= place <= len(self.history):
            return ""
        if self.place == len(self.history):
            self._draft = self.text
        self.place = place
        text = self._draft if place == len(self.history) else self.history[place]
        return self._put(text, len(text))

    def _put(self, text: str, at: int) -> str:
        """Show another line instead, from where it differs on."""
        old, was = self.text, self.at
        same = min(was, len(os.path.commonprefix([old, text])))
        rest = text[same:] + " " * (len(old) - len(text))
        self.text, self.at = text, at
        return "\b" * (was - same) + rest + "\b" * (same + len(rest) - at)
