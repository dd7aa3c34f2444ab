"""The road of a command, top to bottom: a cell's text, its lines, what each answered, the world before and after.

    cell text ─ parse_cell ─▶ lines ─ engine.run ─▶ outputs ─ engine.snapshot ─▶ tables, pictures, differences

Only this module calls an engine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab.commands.cell import host_called, read_cell
from dnetlab.commands.transcript import difference as transcript_difference
from dnetlab.commands.transcript import has_no_order, is_reattached, plug_numbers
from dnetlab.engines import Engine, open_engine
from dnetlab.errors import DnetError, UsageError
from dnetlab.model import (
    Entry,
    Journal,
    LeftOut,
    Line,
    Output,
    Packet,
    Prompt,
    Protocol,
    Snapshot,
    Topology,
    default_topology,
)
from dnetlab.model.packet import IcmpType
from dnetlab.sim.profiles import like

if TYPE_CHECKING:
    from pandas import DataFrame

    from dnetlab.explain.why import Reason
    from dnetlab.model import Crossing, Exchange


@dataclass(frozen=True)
class TranscriptDifference:
    """A line whose output is not the one pasted under it; `text` is a unified diff, compared by shape."""

    output: Output
    text: str


@dataclass(frozen=True)
class CellResult:
    """What a cell did.

    outputs      one per line that ran; the last one may be refused, and ends the cell
    before, after  the world on both sides of the cell (the same value when nothing ran)
    differences  for check=True: the lines that did not answer what the transcript expects
    skipped      lines after a refused one, which were not run
    left_out     lines that read as commands and were taken for output or for comments
    """

    outputs: tuple[Output, ...]
    before: Snapshot
    after: Snapshot
    differences: tuple[TranscriptDifference, ...] = ()
    skipped: tuple[Line, ...] = ()
    checked: bool = False
    left_out: tuple[LeftOut, ...] = ()

    @property
    def refused(self) -> Output | None:
        return next((o for o in self.outputs if o.refused), None)

    @property
    def stdout(self) -> str:
        return "".join(o.stdout for o in self.outputs)

    @property
    def exit_code(self) -> int:
        """Of the last line, as `$?` would say; 0 for an empty cell."""
        return self.outputs[-1].exit_code if self.outputs else 0

    @property
    def compared(self) -> int:
        """How many outputs were compared with what stands under their prompts; 0 when not checked."""
        return sum(o.line.expected is not None for o in self.outputs) if self.checked else 0

    def __str__(self) -> str:
        """As a terminal would have shown it."""
        from dnetlab.views import terminal

        return terminal.as_text(self.outputs, self.skipped).rstrip("\n")

    @property
    def changes(self) -> DataFrame:
        """What the cell changed; see `dnetlab.views.difference` for the columns."""
        from dnetlab.views.difference import difference

        return difference(self.before, self.after).frame


class Lab:
    """A lab on one engine.

    >>> lab = Lab()
    >>> lab.run("docker network create my_net1").exit_code
    0
    >>> [n.name for n in lab.snapshot().hosts["docker1"].networks]
    ['bridge', 'host', 'my_net1', 'none']

    engine   'sim' (default) or 'docker' (real engines on lab hosts of their own)
    docker   release: '20.10', '26.1', '28.5' (default) or '29.7'
    seed     the simulator's chance: the same seed and commands give the same page
    journal  a file to write every command to, so that `resume` can bring the lab back; None keeps no file
    topology the lab's shape, as `read_topology("lab.toml")` gives it; None is the default lab
    progress called with a sentence for each step while real hosts come up
    """

    def __init__(
        self, engine: str = "sim", docker: str | None = None, seed: int = 0, journal: str | Path | None = None,
        progress: Callable[[str], None] | None = None, topology: Topology | None = None,
    ) -> None:  # fmt: skip
        self.seed = seed
        self.shape = topology or default_topology()
        self._progress = progress
        self.engine: Engine = open_engine(engine, docker, seed, progress, self.shape)
        self.entries: list[Entry] = []
        self.cells = 0
        self.last: CellResult | None = None
        self._journal_file = Path(journal) if journal else None
        self._journal_begun = False
        self._past: list[Any] = []  # the simulator's worlds, one before each entry
        self._marks: dict[str, tuple[Any, int]] = {}
        self._sent = 0  # packets that `observed` really sent

    # -- running ------------------------------------------------------------------------------------------------

    def run_cell(
        self, text: str, host: str | None = None, check: bool = False, keep_going: bool = False,
        heard: Callable[[Output], None] | None = None,
    ) -> CellResult:  # fmt: skip
        """Run the commands of a cell in order. A failing command doesn't stop it, a refused one does.

        `heard` is called after each line, for a front end that shows progress. Raises CellError, and runs nothing,
        when the text itself can't be read; UsageError for a host that isn't in the lab. host None: the lab's first.
        """
        cell = read_cell(text, self.shape, host)
        lines = cell.lines
        self.cells += 1
        before = self.engine.snapshot()
        outputs: list[Output] = []
        differences: list[TranscriptDifference] = []
        try:
            for line in lines:
                output = self._run(line)
                outputs.append(output)
                if heard:
                    heard(output)
                if check and line.expected is not None:
                    rows = self._against_transcript(line, output)
                    differences += [TranscriptDifference(output, rows)] if rows else []
                if output.refused and not keep_going:
                    break
        finally:  # also of a cell that was interrupted: `last` says what ran before
            after = self.engine.snapshot() if outputs else before
            skipped = lines[len(outputs) :]
            self.last = CellResult(tuple(outputs), before, after, tuple(differences), skipped, check, cell.left_out)
        return self.last

    def _against_transcript(self, line: Line, output: Output) -> str:
        """'' when the line answered what stands under it, else the difference."""
        said = [e.line.text for e in self.entries]
        restarted = any("restart docker" in text for text in said)
        again = not like(self.engine.release).counts_interfaces and any(map(is_reattached, said))
        loose = has_no_order(line.text, restarted, again), plug_numbers(line.text, again)
        return transcript_difference(line.expected or "", output.stdout, output.stderr, *loose)

    def run(self, text: str, host: str | None = None) -> Output:
        """Run one line and return its output. Raises UsageError when the text holds no command or several."""
        result = self.run_cell(text, host)
        if len(result.outputs) != 1 or result.skipped:
            raise UsageError("run() takes exactly one command", hint="Use run_cell() for several lines.")
        return result.outputs[0]

    def _run(self, line: Line) -> Output:
        world = self._world()
        output = self.engine.run(line)
        entry = Entry(output.line, self.cells, output.exit_code, output.refused is not None)
        self._past.append(world)
        self.entries.append(entry)
        self._write(entry)
        return output

    def snapshot(self) -> Snapshot:
        return self.engine.snapshot()

    def prompt(self, host: str | None = None) -> str:
        return self.engine.prompt(host_called(self.shape, host))

    def terminal(self, host: str | None = None) -> str | None:
        """The container in whose terminal unprompted lines for that host run; None: they run on the host."""
        return self.engine.terminal(host_called(self.shape, host))

    @property
    def journal(self) -> Journal:
        return Journal(self.engine.name, self.engine.release, self.seed, tuple(self.entries))

    def close(self) -> None:
        self.engine.close()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- looking ------------------------------------------------------------------------------------------------

    def table(self, name: str, **filters: Any) -> DataFrame:
        """A table of `dnetlab.views.tables` by its name: 'ips', 'routes', 'rules', 'links', 'networks', …"""
        from dnetlab.views import tables

        return tables.table(name, self.engine.snapshot(), **filters)

    def ips(self, **filters: Any) -> DataFrame:
        return self.table("ips", **filters)

    def routes(self, **filters: Any) -> DataFrame:
        return self.table("routes", **filters)

    def rules(self, **filters: Any) -> DataFrame:
        return self.table("rules", **filters)

    def links(self, **filters: Any) -> DataFrame:
        return self.table("links", **filters)

    def networks(self, **filters: Any) -> DataFrame:
        return self.table("networks", **filters)

    def containers(self, **filters: Any) -> DataFrame:
        return self.table("containers", **filters)

    def sockets(self, **filters: Any) -> DataFrame:
        return self.table("sockets", **filters)

    def neighbours(self, **filters: Any) -> DataFrame:
        return self.table("neighbours", **filters)

    def processes(self, **filters: Any) -> DataFrame:
        return self.table("processes", **filters)

    def images(self, **filters: Any) -> DataFrame:
        return self.table("images", **filters)

    def topology(self, only: Any = None, path: Any = None) -> Any:
        """The picture of the lab; `only` names hosts, containers or networks to show."""
        from dnetlab.views.diagrams import topology

        return topology(self.engine.snapshot(), only=only, path=path)

    def trace(self, source: str, destination: str) -> Exchange:
        """The journey of a packet from a host or container to NAME, NAME:PORT, IP or IP:PORT, and of its answer.

        A destination with a port is asked by TCP, one without by an ICMP echo. Nothing in the lab changes.
        Raises UnknownName or UsageError when a place can't be found.
        """
        return self.observed(source, destination, capture=False)[1]

    def observed(
        self, source: str, destination: str, capture: bool = True
    ) -> tuple[Snapshot, Exchange, tuple[Crossing, ...] | None]:
        """The snapshot, the journey as `trace` tells it in that snapshot, and what a capture saw of it.

        On a real engine the packet is really sent, once, while every interface is watched; on the simulator, where
        a packet's journey is the telling itself, and with capture=False the last is None.
        """
        from dnetlab.explain.names import address_for, find_where, split_port
        from dnetlab.net.forward import forward
        from dnetlab.net.routing import source_address

        snapshot = self.engine.snapshot()
        where = find_where(snapshot, source)
        name, port = split_port(destination)
        ip = address_for(snapshot, where, name)
        start = source_address(snapshot.at(where), ip)
        ask = getattr(self.engine, "capture", None) if capture else None
        if ask:
            self._sent += 1  # a number of its own, or conntrack would take it for more of the packet before
        if port is None:
            packet = Packet(start, ip, Protocol.ICMP, sport=1 + self._sent, icmp=IcmpType.ECHO_REQUEST)
        else:
            packet = Packet(start, ip, Protocol.TCP, sport=40000 + self._sent, dport=port, flags="S", size=60)
        told = forward(snapshot, where, packet, snapshot.clock)
        return snapshot, told, ask(snapshot, where, packet) if ask else None

    def why(self, source: str | None = None, destination: str | None = None) -> Reason:
        """Why the last ping or curl failed, or why `source` can't reach NAME, NAME:PORT, IP or IP:PORT.

        Raises UsageError when nothing has failed, or one end is missing; UnknownName when a place can't be found.
        """
        from dnetlab.sim.asking import why_between, why_last

        if source is None:
            return why_last(self.engine.snapshot(), self.entries, self._world())
        if destination is None:
            raise UsageError("why() takes both ends or none")
        return why_between(self.engine.snapshot(), source, destination, self._world())

    def reach(self) -> Any:
        """Who reaches whom on which port, for the whole lab: `.matrix` and `.classes` are DataFrames."""
        from dnetlab.views.reach import view

        return view(self.engine.snapshot())

    # -- time travel (the simulator's worlds are values, so an older one is just kept) -----------------------------

    def _world(self) -> Any:
        return getattr(self.engine, "world", None)

    @property
    def can_go_back(self) -> bool:
        """Whether undo, checkpoint and goto work here: a real engine can only be reset."""
        return self._world() is not None

    def _need_simulator(self, what: str) -> None:
        if not self.can_go_back:
            raise UsageError(
                f"{what} works on the simulator only: a real engine can't go back.",
                hint="`%dnet reset` starts a fresh lab on a real engine.",
            )

    def undo(self, commands: int = 1) -> list[Entry]:
        """Take back the last commands and return them, oldest first; [] when there is nothing to take back."""
        self._need_simulator("undo")
        commands = min(commands, len(self.entries))
        if commands < 1:
            return []
        place = len(self.entries) - commands
        undone = self.entries[place:]
        self._return_to(self._past[place], place)
        return undone

    def checkpoint(self, name: str) -> None:
        """Remember this moment under a name."""
        self._need_simulator("checkpoint")
        self._marks[name] = (self._world(), len(self.entries))

    @property
    def checkpoints(self) -> tuple[str, ...]:
        return tuple(self._marks)

    def goto(self, name: str) -> None:
        """Go back (or forward again) to a checkpoint. Raises UsageError for a name that was never given."""
        self._need_simulator("goto")
        if name not in self._marks:
            known = ", ".join(self._marks) or "none yet"
            raise UsageError(f"there is no checkpoint {name!r}", hint=f"Checkpoints: {known}.")
        world, place = self._marks[name]
        if place <= len(self.entries):
            self._return_to(world, place)
        else:
            setattr(self.engine, "world", world)  # noqa: B010 - the protocol does not promise a world

    def _return_to(self, world: Any, place: int) -> None:
        setattr(self.engine, "world", world)  # noqa: B010
        del self.entries[place:]
        del self._past[place:]
        self._rewrite()

    def reset(self) -> None:
        """A fresh lab, as it was at the start; checkpoints and journal are gone."""
        name, release = self.engine.name, self.engine.release
        self.engine.close()
        self.engine = open_engine(name, release, self.seed, self._progress, self.shape)
        self.entries.clear()
        self._past.clear()
        self._marks.clear()
        self._rewrite()

    # -- the journal's file ---------------------------------------------------------------------------------------

    def _write(self, entry: Entry) -> None:
        if self._journal_file is None:
            return
        if not self._journal_begun:
            self._rewrite()
            return
        with self._journal_file.open("a", encoding="utf-8") as file:
            file.write(_entry_json(entry) + "\n")

    def _rewrite(self) -> None:
        """Write the whole journal anew; the journal of an earlier session is kept beside it as *.previous."""
        if self._journal_file is None:
            return
        path = self._journal_file
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self._journal_begun and path.exists() and path.read_text(encoding="utf-8").count("\n") > 1:
            os.replace(path, path.with_suffix(path.suffix + ".previous"))
        head = {"engine": self.engine.name, "release": self.engine.release, "seed": self.seed}
        text = "\n".join([json.dumps(head), *(_entry_json(e) for e in self.entries)]) + "\n"
        partial = path.with_suffix(path.suffix + ".partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
        self._journal_begun = True

    def resume(self, path: str | Path | None = None) -> int:
        """Bring back the lab of an earlier session by running its journal again; returns how many commands ran.

        Without a path: this lab's own journal file, or the *.previous one beside it once this session wrote its own.
        Raises UsageError when there is no journal, and when it was written on another kind of engine.
        """
        file = Path(path) if path else self._journal_file
        if file and self._journal_begun and path is None:
            file = file.with_suffix(file.suffix + ".previous")
        if file is None or not file.exists():
            raise UsageError("there is no journal to resume from", hint="A journal begins with the first %%dnet cell.")
        head, lines = read_journal(file)
        if head["engine"] != self.engine.name or head["release"] != self.engine.release:
            raise UsageError(
                f"the journal was written on engine {head['engine']} {head['release']}",
                hint=f"Choose it first: %dnet engine {head['engine']} --docker {head['release']}",
            )
        if self._world() is not None and self.entries:
            self.reset()
        for cell, line in lines:
            self.cells = cell
            self._run(line)
        return len(lines)


def _entry_json(entry: Entry) -> str:
    line = entry.line
    return json.dumps(
        {
            "cell": entry.cell, "number": line.number, "host": line.host, "prompt": line.prompt.value,
            "text": line.text, "answer": line.answer, "exit_code": entry.exit_code, "refused": entry.refused,
        },
        ensure_ascii=False,
    )  # fmt: skip


def read_journal(path: Path) -> tuple[dict[str, Any], list[tuple[int, Line]]]:
    """The head of a journal file and its (cell, line) pairs. A last line cut off by a crash is left out.

    Raises DnetError when the file is no journal.
    """
    rows = path.read_text(encoding="utf-8").splitlines()
    lines: list[tuple[int, Line]] = []
    try:
        head = json.loads(rows[0])
        head["engine"], head["release"], head["seed"]
    except (ValueError, IndexError, KeyError, TypeError):
        raise DnetError(f"{path} is no journal of dnetlab", hint="Name a file that %%dnet cells wrote.") from None
    for row in rows[1:]:
        try:
            data = json.loads(row)
        except ValueError:
            break
        lines.append(
            (data["cell"], Line(data["number"], data["text"], data["host"], prompt=Prompt(data["prompt"]),
                                answer=data["answer"]))
        )  # fmt: skip
    return head, lines
