"""`dnetlab verify`, `report`, `keys`, `sign`, `grade`: somebody's work from a terminal.

Exit status: 0 done, and nothing blames anybody; 1 it is not so; 2 usage.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.language import say
from dnetlab.language.arguments import Parser


def work_commands(commands: argparse._SubParsersAction[Parser]) -> None:
    work = say("a journal, a notebook, or a report (.html or .json)")
    verify = commands.add_parser("verify", help=say("run somebody's work again from its journal, and say what differs"))
    verify.add_argument("files", nargs="+", metavar="FILE", help=work)
    verify.add_argument("--student", metavar="ID", help=say("whose work it should be (default: whoever it says)"))
    verify.add_argument("--lesson", metavar="LESSON", action="append", default=[], help=say("a lesson of your own"))
    verify.add_argument("--engine", choices=("sim", "docker"), default="sim", help=say("simulator or real engines"))
    verify.add_argument("--docker", metavar="RELEASE", help=say("with --engine docker: 20.10, 26.1 or 28.5"))
    verify.add_argument("--seconds", type=float, default=60.0, help=say("for each file (default: 60)"))
    verify.add_argument("--megabytes", type=int, default=1024, help=say("of memory for each file (default: 1024)"))
    verify.add_argument("--key", type=Path, metavar="FILE.pub", help=say("the public key that must have signed it"))
    verify.add_argument(
        "--report", type=Path, metavar="FOLDER", help=say("write the verified report of each file there")
    )
    verify.add_argument("--json", action="store_true", help=say("one JSON object per file (docs/work.schema.json)"))
    verify.set_defaults(run=_verify)
    report = commands.add_parser("report", help=say("write a report of a lesson: HTML, PDF and JSON"))
    report.add_argument(
        "what", nargs="*", metavar="LESSON|FILE", help=say("a lesson, or journals (default: the last one)")
    )
    report.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help=say("where to (default: here)"))
    report.add_argument("--format", action="append", choices=("html", "pdf", "json"), help=say("only this; repeatable"))
    report.add_argument("--lang", choices=("en", "zh"), help=say("default: as DNETLAB_LANG says"))
    report.set_defaults(run=_report)
    keys = commands.add_parser("keys", help=say("make the two keys by which an instructor signs results"))
    keys.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help=say("where to (default: here)"))
    keys.set_defaults(run=_keys)
    sign = commands.add_parser("sign", help=say("verify somebody's work and sign the result"))
    sign.add_argument("files", nargs="+", metavar="FILE", help=work)
    sign.add_argument("--key", type=Path, required=True, metavar="FILE.key", help=say("as `dnetlab keys` made it"))
    sign.add_argument("--student", metavar="ID", help=say("whose work it should be (default: whoever it says)"))
    sign.add_argument("--lesson", metavar="LESSON", action="append", default=[], help=say("a lesson of your own"))
    sign.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help=say("where to (default: here)"))
    sign.set_defaults(run=_sign, engine="sim", docker=None, seconds=60.0, megabytes=1024)
    _grade_command(commands)


def _grade_command(commands: argparse._SubParsersAction[Parser]) -> None:
    grade = commands.add_parser("grade", help=say("grade what a class handed in, and write a gradebook"))
    grade.add_argument("paths", nargs="+", type=Path, metavar="SUBMISSIONS",
                       help=say("files, folders such as submitted/, zips of Canvas, Moodle or Gradescope"))  # fmt: skip
    grade.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=say("where the results go"))
    grade.add_argument(
        "--lesson", default="", metavar="LESSON", help=say("the one that counts (default: as the assignment is called)")
    )
    grade.add_argument(
        "--roster", type=Path, metavar="FILE.csv",
        help=say("the class: a list with a column id, or an export of Canvas or Moodle, to be filled in"),
    )  # fmt: skip
    grade.add_argument("--column", default="", metavar="NAME", help=say("of the export, the one that takes the scores"))
    grade.add_argument("--any-student", action="store_true", help=say("with whose numbers it was done is all one"))
    grade.add_argument("--due", default="", metavar="TIME", help=say("as the gradebook is to say it"))
    grade.add_argument("--jobs", type=int, metavar="N", help=say("processes at once (default: one for each core)"))
    grade.add_argument("--dask", metavar="ADDRESS", help=say("on the Dask cluster whose scheduler is there"))
    grade.add_argument("--seconds", type=float, default=60.0, help=say("for each submission (default: 60)"))
    grade.add_argument("--megabytes", type=int, default=1024, help=say("of memory for each (default: 1024)"))
    grade.add_argument("--open", action="store_true", help=say("show the overview in a browser"))
    grade.add_argument("--lang", choices=("en", "zh"), help=say("default: as DNETLAB_LANG says"))
    grade.set_defaults(run=_grade)


def _verify(arguments: argparse.Namespace) -> int:
    from dnetlab.grade.export import write
    from dnetlab.grade.sign import read_public
    from dnetlab.language import spoken
    from dnetlab.report.text import work_text

    key = read_public(arguments.key) if arguments.key else ""
    sound = True
    for name in arguments.files:
        work = _verified(Path(name), arguments, key, bool(arguments.report))
        sound &= all(finding["note"] for finding in work["findings"])
        if arguments.report:
            write(work, arguments.report, ("html", "json"), spoken(), f"{Path(name).stem}.verified")
        print(json.dumps({"file": name, **work}, ensure_ascii=False) if arguments.json else work_text(name, work),
              flush=True)  # fmt: skip
    return 0 if sound else 1


def _verified(file: Path, arguments: argparse.Namespace, key: str = "", tell: bool = False) -> dict[str, Any]:
    """On the simulator in a process of its own; on real engines in this one, which removes them in the end."""
    from dnetlab.grade.child import Limits, verify_apart
    from dnetlab.grade.verify import verify
    from dnetlab.grade.work import Terms

    chosen = arguments.engine, arguments.docker
    terms = Terms(arguments.student, tuple(arguments.lesson), "", *chosen, key=key)
    if arguments.engine == "sim":
        return verify_apart(file, terms, Limits(arguments.seconds, arguments.megabytes), tell)
    try:
        return verify(file.read_bytes(), terms, tell=tell)
    except OSError as error:
        raise UsageError("{file} can't be read: {error}", file=file, error=error.strerror) from None


def _report(arguments: argparse.Namespace) -> int:
    from dnetlab.grade.hand_in import of_files, of_folder, write_all
    from dnetlab.grade.work import ANYBODY
    from dnetlab.language import speak, spoken
    from dnetlab.report.text import exported_text

    speak(arguments.lang or "")
    journals = [Path(what) for what in arguments.what if what.endswith(".journal")]
    if len(journals) != len(arguments.what) > 1:
        raise UsageError("a report is of one lesson, or of journals")
    lesson = "".join(arguments.what) if not journals else ""
    work = of_files(journals, ANYBODY) if journals else of_folder(lesson)
    files, missing = write_all(work, arguments.out, arguments.format or (), spoken())
    print_now("\n".join(filter(None, (exported_text(work, files), missing))))
    return 0


def _keys(arguments: argparse.Namespace) -> int:
    from dnetlab.grade.sign import make_keys

    secret, public = make_keys(arguments.out)
    print_now(say("{secret}: signs results. Keep it; no student may have it.", secret=secret))
    print_now(say("{public}: checks them. Give it to everybody.", public=public))
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    from dnetlab.grade.sign import sign
    from dnetlab.report.text import work_text

    sound = True
    for name in arguments.files:
        work = _verified(Path(name), arguments, tell=True)
        signed = json.dumps(sign(work, arguments.key), indent=1)
        file = arguments.out / f"{Path(name).stem}.signed.json"
        try:
            arguments.out.mkdir(parents=True, exist_ok=True)
            file.write_text(signed + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError("{file} can't be written: {error}", file=file, error=error.strerror) from None
        sound &= all(finding["note"] for finding in work["findings"])
        print_now(f"{work_text(name, work)}\n  {file}")
    return 0 if sound else 1


def _grade(arguments: argparse.Namespace) -> int:
    from dnetlab.grade.child import Limits
    from dnetlab.gradebook.grade import Order
    from dnetlab.gradebook.roster import Roster, read_roster
    from dnetlab.gradebook.run import run
    from dnetlab.language import speak

    speak(arguments.lang or "")
    if (arguments.jobs or 1) < 1 or arguments.seconds <= 0 or arguments.megabytes <= 0:
        raise UsageError("--jobs, --seconds and --megabytes take numbers above 0")
    order = Order(
        tuple(arguments.paths), arguments.out, arguments.lesson,
        read_roster(arguments.roster) if arguments.roster else Roster(), arguments.any_student,
        Limits(arguments.seconds, arguments.megabytes), arguments.jobs or cores(), arguments.column, arguments.due,
    )  # fmt: skip
    return run(order, arguments.dask or "", arguments.open, print_now)


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def print_now(text: str) -> None:
    print(text, flush=True)
