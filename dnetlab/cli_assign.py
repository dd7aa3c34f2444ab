"""`dnetlab assign`: a lesson as an assignment of nbgrader, Gradescope or Otter."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dnetlab.language import say
from dnetlab.language.arguments import Parser

if TYPE_CHECKING:
    from dnetlab.assign.course import Order


def assign_command(commands: argparse._SubParsersAction[Parser]) -> None:
    assign = commands.add_parser("assign", help=say("make a lesson an assignment of nbgrader, Gradescope or Otter"))
    assign.add_argument("lesson", metavar="LESSON", help=say("its number, a part of its name, or its folder"))
    assign.add_argument("--for", dest="grader", choices=("nbgrader", "gradescope", "otter"), default="nbgrader",
                        help=say("who grades it (default: nbgrader)"))  # fmt: skip
    assign.add_argument("--out", type=Path, required=True, metavar="FOLDER",
                        help=say("where to; with nbgrader the course's folder"))  # fmt: skip
    assign.add_argument("--name", default="", help=say("the assignment's (default: the lesson's)"))
    assign.add_argument("--own-numbers", action="store_true",
                        help=say("only work with its student's own numbers counts"))  # fmt: skip
    assign.add_argument("--lang", choices=("en", "zh"), help=say("default: as DNETLAB_LANG says"))
    assign.set_defaults(run=_assign)


def _assign(arguments: argparse.Namespace) -> int:
    from dnetlab.assign.course import Order, write
    from dnetlab.language import speak, spoken

    speak(arguments.lang or "")
    order = Order(arguments.lesson, arguments.grader, arguments.out, spoken(), arguments.name, arguments.own_numbers)
    written, kept = write(order)
    lines = [*map(str, written), *(say("{file} is yours, and stays as it is", file=file) for file in kept)]
    print("\n".join([*lines, _next(order)]), flush=True)
    return 0


def _next(order: Order) -> str:
    """What one does now."""
    if order.grader == "nbgrader":
        return say("Next, in {folder}: `nbgrader generate_assignment {name}`", folder=order.out, name=order.assignment)
    if order.grader == "gradescope":
        return say("Next: upload it where Gradescope asks for the autograder.")
    return say("Next, in {folder}: `otter generate`", folder=order.out)
