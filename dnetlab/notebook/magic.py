"""`%%dnet` runs commands, `%dnet` looks at the lab; both in the one lab of the kernel, made when first needed."""

from __future__ import annotations

import atexit
import os
import re
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from dnetlab.commands.cell import host_called, read_cell
from dnetlab.errors import DnetError
from dnetlab.explain.sentences import phrase
from dnetlab.language import say
from dnetlab.model import Prompt, Topology, default_topology, read_topology
from dnetlab.model.lesson import FEATURES
from dnetlab.notebook import first_mistakes, subcommands
from dnetlab.notebook.display import CellView, Sentence, StepLine
from dnetlab.notebook.journal import hear_the_name, journal_file, kernel_name, may_be_loaded_again, notebook_name
from dnetlab.notebook.news import News
from dnetlab.notebook.options import parse
from dnetlab.place import in_browser
from dnetlab.views import terminal
from dnetlab.views.course import tick_texts
from dnetlab.views.frame import has_pandas
from dnetlab.views.journal import unwritten_text

if TYPE_CHECKING:
    from dnetlab.lab import Lab
    from dnetlab.model import Lesson, Output
    from dnetlab.result import CellResult

_CATCH = re.compile(r"^\s*(?P<name>[A-Za-z_]\w*)\s*<<\s*(?P<rest>.*)$")


@magics_class
class DnetMagics(Magics):
    """Labs by engine and release, all of one shape; `current` is the pair that cells without --engine use."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell=shell)
        self.labs: dict[tuple[str, str | None], Lab] = {}
        self.current = default_engine()
        self.topology = self.usual = session_topology()  # a lesson may have a lab of its own
        self.student: str | None = None  # whose numbers lessons have, once %dnet student has said so
        self.attach: str | None = None  # the name of a lab of real hosts that stands already
        self.opened: dict[tuple[Lab, str], tuple[str, int]] = {}  # open terminals: container, number of the cell
        self.arrived = ""  # what was said last of real hosts that came up for this cell
        self.shown: dict[str, Any] = {}  # what the page shows and the kernel answers: 'terminal docker1', 'panel'
        self.news = News()

    @property
    def lab(self) -> Lab:
        """The lab of this kernel."""
        return self.lab_of(*self.current)

    def lab_of(self, engine: str, release: str | None) -> Lab:
        """The lab on that engine, opened when first asked for. Raises UsageError or EngineError."""
        from dnetlab.lab import Lab

        key = (engine, release)
        if key not in self.labs:
            step = StepLine()
            file = journal_file(engine, release, notebook_name(self.shell))
            attach = self.attach if engine == "docker" else None
            lab = Lab(engine, release, journal=file, progress=step, topology=None if attach else self.topology,
                      kernel=kernel_name(self.shell), attach=attach)  # fmt: skip
            if step.handle is not None:
                self.arrived = say("Real Docker Engines {release} are up.", release=lab.engine.release)
                step(self.arrived)
            self.labs[key] = lab
            lab.changed.append(self.news.tell)
        return self.labs[key]

    def choose(self, engine: str | None, release: str | None) -> tuple[str, str | None]:
        """The (engine, release) that options name; what they leave out is as the current lab has it."""
        if engine is None and release is None:
            return self.current
        if engine is None or (engine == self.current[0] and release is None):
            return self.current[0], release or self.current[1]
        return engine, release

    def shape(self, file: str) -> None:
        """Labs of the shape of that file ('default': the usual one) from now on; those that stand are ended.

        Raises UsageError, and changes nothing, when the file can't be read.
        """
        self.topology = self.usual = default_topology() if file == "default" else read_topology(file)
        self.close()

    def shape_for(self, lesson: Lesson) -> bool:
        """Labs of the lesson's own shape, or of the usual one again; whether that ended those that stood.

        Real hosts that were attached to have their shape.
        """
        wanted = lesson.shape or self.usual
        if self.attach or wanted == self.topology:
            return False
        self.topology = wanted
        self.close()
        return True

    def close(self) -> None:
        """End every lab; what was started on real engines is removed."""
        labs, self.labs = self.labs, {}
        for lab in labs.values():
            lab.close()

    def typed_at(self, host: str) -> None:
        """A line was typed at a host's prompt in the page: a terminal that it opened is known to the cells after it."""
        lab, container = self.lab, self.lab.terminal(host)
        known = self.opened.pop((lab, host), None)
        if container is not None:
            self.opened[lab, host] = known if known and known[0] == container else (container, 0)
        self.news.tell()

    def look(self, line: str) -> Any:
        """What `%dnet LINE` returns. Raises UsageError for a subcommand that isn't there."""
        return subcommands.run(self, line)

    def run_lines(self, host: str, text: str) -> Any:
        """What `%%dnet HOST` shows for these lines."""
        return self._cell(host, text)

    def complete(self, rest: str) -> tuple[str, list[str]]:
        """The fragment at the end of `%dnet REST`, and what may replace it."""
        from dnetlab.notebook.completion import of_subcommand

        return of_subcommand(rest, self)

    @no_var_expand
    @magic_arguments()
    @argument("host", nargs="?", help="whose prompt the cell is typed at; the lab's first host (docker1) when left out")
    @argument("--engine", choices=["sim", "docker"], help="run this cell on the simulator or on real Docker Engines")
    @argument("--docker", metavar="RELEASE", help="the release of Docker: 20.10, 26.1, 28.5 or 29.7 (default)")
    @argument("--needs", choices=FEATURES, help="what the hosts' kernel must have, or the cell is not run")
    @argument("--check", action="store_true", help="compare with the output pasted under each prompt")
    @argument("-q", "--quiet", action="store_true", help="don't show what changed")
    @line_cell_magic
    def dnet(self, line: str, cell: str | None = None) -> Any:
        """%%dnet [HOST] runs the commands of the cell; %dnet SUBCOMMAND looks at the lab.

        `name << ` in front of the options catches the result instead of showing it.
        `%dnet` alone lists the subcommands.
        """
        caught = _CATCH.match(line)
        if caught:
            line = caught["rest"]
        try:
            value = subcommands.run(self, line) if cell is None else self._cell(line, cell)
        finally:
            self.news.tell()  # also of another engine, another lab
        if caught is None:
            return value
        assert self.shell is not None
        self.shell.user_ns[caught["name"]] = value
        return value if isinstance(value, CellView) and value.result.refused else None

    def _run(self, lab: Lab, cell: str, host: str | None, check: bool) -> CellResult:
        lab.last = None
        return lab.run_cell(cell, host, check) if lab.engine.name == "sim" else _run_aloud(lab, cell, host, check)

    def _before(self, lab: Lab, text: str, host: str | None) -> list[str]:
        """What is said above the terminal: lines that won't run, and the terminal that lines without a prompt go to.

        Raises UsageError or CellError as the run itself would.
        """
        host = host_called(self.topology, host)
        cell = read_cell(text, self.topology, host)
        container, number = self.opened.get((lab, host), ("", 0))
        sits = container and lab.terminal(host) == container and any(p.prompt is Prompt.NONE for p in cell.lines)
        since = say("cell [{number}]", number=number) if number else say("a line typed at the terminal")
        notes = [terminal.left_out_text(cell.left_out, host)]
        notes += [terminal.open_text(container, host, since)] if sits else []
        return [note for note in notes if note]

    def _after(self, lab: Lab, result: CellResult) -> list[str]:
        """What is said below it: a terminal that this cell opened, and that stays open."""
        assert self.shell is not None
        notes = self._unwritten(lab)
        notes += tick_texts(result.ticks, lab.tasks()) if result.ticks else []
        for host in dict.fromkeys(output.line.host for output in result.outputs):
            container = lab.terminal(host)
            known = self.opened.pop((lab, host), None)
            if container is None:
                continue
            is_new = known is None or known[0] != container
            self.opened[lab, host] = (container, self.shell.execution_count) if is_new or known is None else known
            notes += [terminal.open_text(container, host, say("this cell"))] if is_new else []
        return notes

    def _unwritten(self, lab: Lab) -> list[str]:
        """That the journal can't be written, once for each lab."""
        trouble = lab.record.news() if lab.record else None
        return [unwritten_text(lab.record.path, trouble)] if lab.record and trouble else []

    def _cell(self, line: str, cell: str) -> CellView | Sentence | None:
        """Run a cell. None, and nothing shown, when it has no commands (a student has not filled it in yet).

        A sentence instead where the hosts' kernel lacks what the cell needs.
        """
        options = parse(self.dnet.parser, line, "%%dnet")
        if options is None:
            return None
        self.arrived = ""
        lab = self.lab_of(*self.choose(options.engine, options.docker))
        if options.needs and lab.lacks(options.needs):
            return Sentence(phrase("kernel lacks", what=options.needs))
        before = self._before(lab, cell, options.host)
        try:
            result = self._run(lab, cell, options.host, options.check)
        except BaseException:  # interrupted, or a bug of ours: what ran before is shown all the same
            _show_what_ran(lab, before)
            raise
        if not result.outputs and not before:
            return None
        if self.arrived:
            StepLine()(self.arrived)  # showing the answers one by one has taken it away
        view = CellView(result, options.quiet, before, self._after(lab, result))
        if result.differences:
            from IPython.display import display

            display(view)
            number = len(result.differences)
            raise DnetError(
                "1 line answered something else than the transcript" if number == 1
                else "{number} lines answered something else than the transcript",
                hint="The cell's output says where.", number=number,
            )  # fmt: skip
        return view


def _show_what_ran(lab: Lab, before: list[str]) -> None:
    """The view of a cell that did not come to its end; nothing when no line of it had run."""
    from dataclasses import replace

    from IPython.display import display

    last = lab.last
    if last is None or not last.skipped or not last.outputs or last.outputs[-1].refused:
        return
    cut = replace(last, skipped=last.skipped[1:])
    display(
        CellView(cut, before=before, after=[say("The cell ended in the middle of: {line}", line=last.skipped[0].text)])
    )


def default_engine() -> tuple[str, str | None]:
    """The engine and release that cells use until `%dnet engine` says otherwise.

    DNETLAB_ENGINE ('sim' or 'docker') and DNETLAB_DOCKER (a release) name them; without both it is the simulator.
    """
    return os.environ.get("DNETLAB_ENGINE") or "sim", os.environ.get("DNETLAB_DOCKER") or None


def session_topology() -> Topology:
    """The lab of the file that DNETLAB_LAB names, else the default one. Raises UsageError."""
    file = os.environ.get("DNETLAB_LAB")
    return read_topology(file) if file else default_topology()


def _run_aloud(lab: Lab, cell: str, host: str | None, check: bool) -> CellResult:
    """On a real engine a command may take its time: show each answer when it comes, and the whole at the end."""
    from IPython.display import clear_output

    heard: list[Output] = []

    def show(output: Output) -> None:
        heard.append(output)
        clear_output(wait=True)
        print(terminal.as_text(heard), end="")

    result = lab.run_cell(cell, host, check, heard=show)
    if heard:
        clear_output(wait=True)
    return result




def keep_empty_cells(lines: list[str]) -> list[str]:
    """A `%%dnet` line with no cell below it: IPython would complain on stderr, so it is given an empty line."""
    if len(lines) == 1 and re.match(r"%%dnet(\s|$)", lines[0]):
        return [lines[0].rstrip("\n") + "\n", "\n"]
    return lines


def _import_what_cells_need() -> None:
    """pandas takes a third of a second to import: better while a kernel starts than under the first table.

    In a browser, where a kernel starts while its notebook is being read, the lab and Graphviz are made ready, too.
    """
    has_pandas()
    if in_browser():
        from dnetlab.lab import Lab
        from dnetlab.views.diagrams import renderer

        Lab().close()
        renderer()


def register(shell: Any) -> DnetMagics:
    """What `%load_ext dnetlab` does; loading it again changes nothing."""
    from dnetlab.notebook.completion import install

    loaded = getattr(shell, "_dnetlab", None)
    if isinstance(loaded, DnetMagics):
        return loaded
    _import_what_cells_need()
    magics = DnetMagics(shell)
    shell.register_magics(magics)
    shell.input_transformers_cleanup.append(keep_empty_cells)
    install(shell, magics)
    first_mistakes.install(shell, magics)
    if in_browser():
        hear_the_name(shell)
        may_be_loaded_again(shell)
    atexit.register(magics.close)
    shell._dnetlab = magics
    return magics
