"""A client at a program's input: a shell with or without a terminal, or cat.

With a terminal it is what a shell on one does: a prompt, echo, line editing, Ctrl-C, Ctrl-D. Without one each line runs
as it comes, and the shell ends with the client's input.
"""

from __future__ import annotations

import asyncio
import codecs
from typing import TYPE_CHECKING

from dnetlab.model import Request
from dnetlab.serve.editor import Editor
from dnetlab.serve.wire import framed

if TYPE_CHECKING:
    from dnetlab.serve.desk import Desk
    from dnetlab.serve.door import Wire

END = "\x04"
_READ = frozenset(
    ("cat", "tee", "wc", "sort", "head", "tail", "grep", "sed", "awk", "xargs", "tr", "cut", "uniq", "md5sum",
     "sha256sum", "base64", "dd", "nc")
)  # fmt: skip
_CONTROL = {"@": "\0", "[": "\x1b", "\\": "\x1c", "]": "\x1d", "^": "\x1e", "_": "\x1f"}


def reads(argv: list[str]) -> bool:
    """Does a program read its input, so that it must have come before it runs? Asked of one without a terminal."""
    words = [word.rsplit("/", 1)[-1] for part in argv for word in part.replace("|", " ").split()]
    return any(word in _READ for word in words)


async def everything(wire: Wire) -> str:
    """What is sent until the end."""
    parts = []
    while data := await wire.read():
        parts.append(data)
    return b"".join(parts).decode("utf-8", "replace")


def detach_keys(text: str) -> str:
    """'ctrl-p,ctrl-q' as they are typed; that, where nothing is said."""
    found = []
    for key in (text or "ctrl-p,ctrl-q").split(","):
        name = key.removeprefix("ctrl-")
        found.append(key if name == key else _CONTROL.get(name) or chr(ord(name[:1].lower() or "`") & 0x1F))
    return "".join(found)


class Session:
    """session: the name of the terminal in the lab (see dnetlab.sim.sessions). detached: the client typed its keys."""

    def __init__(
        self, desk: Desk, host: str, session: str, wire: Wire, raw: bool, tty: bool, keys: str = ""
    ) -> None:
        self._desk, self._host, self._name, self._wire, self._raw, self._tty = desk, host, session, wire, raw, tty
        self._keys, self._typed_keys = detach_keys(keys), ""
        self._editor = Editor()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self.detached = False

    async def look_out(self) -> None:
        """Nothing is sent; until the client goes, or types the keys that detach it."""
        await self._wire.gone.wait()

    async def serve(self, container: str) -> None:
        """Until the program ends, or the client goes."""
        prompt = await self._first_prompt(container)
        if prompt is None:
            await self._pass_on(container)
        elif self._tty:
            await self._at_prompt(prompt)
        else:
            await self._lines()

    async def _prompt(self) -> str | None:
        return await self._desk.alone(self._desk.lab.daemons.prompt, self._name)

    async def _first_prompt(self, container: str) -> str | None:
        """Of the shell, once it runs; None when it is none."""
        while not self._wire.gone.is_set():
            pulse, now = self._desk.pulse, self._desk.container(self._host, container)
            if now is None or now.is_running:
                return await self._prompt()
            await self._desk.next_change(pulse)
        return None

    async def _read(self) -> str:
        """What was typed, '' at the end; the keys that detach are taken out."""
        data = await self._wire.read()
        text = self._decode.decode(data, not data)
        if self._tty and text:
            text = self._without_keys(text)
        return text if text or not data or self.detached else await self._read()

    def _without_keys(self, text: str) -> str:
        kept = []
        for letter in text:
            wanted = self._typed_keys + letter
            if self._keys.startswith(wanted):
                self._typed_keys = wanted
                if wanted == self._keys:
                    self.detached = True
                    return ""
                continue
            kept.append(wanted)
            self._typed_keys = ""
        return "".join(kept)

    # -- a shell ------------------------------------------------------------------------------------------------------

    async def _at_prompt(self, prompt: str | None) -> None:
        while prompt is not None and not self._wire.gone.is_set():
            self._editor.prompt = prompt
            self._show(prompt)
            ended = await self._edited()
            if not ended:
                return
            line = "exit" if ended == "eof" else self._editor.taken()
            prompt = await self._run(line) if ended != "interrupt" and line.strip() else await self._prompt()

    _ahead = ""  # typed behind the end of a line

    async def _edited(self) -> str:
        """How the line ended: 'enter', 'interrupt', 'eof'; '' when the client has gone."""
        while True:
            typed = self._ahead or await self._read()
            self._ahead = ""
            if not typed:
                return ""
            shown, ended, self._ahead = self._editor.feed(typed)
            self._show(shown)
            if ended:
                return ended

    async def _run(self, line: str) -> str | None:
        output, prompt = await self._desk.alone(self._desk.lab.type, self._name, line)
        said = output.stdout + output.stderr
        if output.refused:
            said += f"dnetlab: {output.refused}\n"
        if self._tty:
            self._show(said)
        else:
            self._show(output.stdout)
            self._show(said[len(output.stdout) :], "stderr")
        await self._wire.drained()
        return prompt

    def _show(self, text: str, stream: str = "stdout") -> None:
        if text:
            self._wire.write(framed({"stream": stream, "text": text}, self._raw, self._tty))

    async def _lines(self) -> None:
        """A shell without a terminal."""
        rest = ""
        while typed := await self._read():
            *lines, rest = (rest + typed).split("\n")
            for line in filter(str.strip, lines):
                if await self._run(line) is None:
                    return
        if rest.strip() and await self._run(rest) is None:
            return
        if not self._wire.gone.is_set():
            await self._run("exit")

    # -- another program ----------------------------------------------------------------------------------------------

    async def _pass_on(self, container: str) -> None:
        """To process 1, which may read it or not; a terminal shows what is typed."""
        while typed := await self._read():
            if self._tty:
                self._show(typed.replace("\r", "\n").replace("\x03", "^C"))
            await self._send(container, typed.replace("\r", "\n") if self._tty else typed)
        if not self.detached and not self._wire.gone.is_set():
            await self._send(container, END)
            await asyncio.sleep(0)

    async def echo(self) -> str:
        """cat at a terminal: a line is shown as it is typed, and once more. All that came, until the end of it."""
        lines: list[str] = []
        line = ""
        while typed := await self._read():
            for letter in typed.replace("\r", "\n"):
                if letter == END and not line:
                    return "".join(lines)
                self._show(letter)
                line += letter
                if letter == "\n":
                    self._show(line)
                    lines, line = [*lines, line], ""
        return "".join(lines)

    async def _send(self, container: str, text: str) -> None:
        query = {"stream": "1", "stdin": "1"}
        request = Request("POST", f"/containers/{container}/attach", query, stdin=text)
        await self._desk.ask(self._host, request)
