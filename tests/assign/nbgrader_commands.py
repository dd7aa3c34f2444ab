"""Run several commands of the real nbgrader one after the other in one process, which is quicker than one for each.

    python -m tests.assign.nbgrader_commands generate_assignment ps1 -- autograde ps1 -- export
"""

from __future__ import annotations

import sys
from itertools import groupby

from nbgrader.apps.nbgraderapp import NbGraderApp


def main(words: list[str]) -> None:
    for is_gap, command in groupby(words, lambda word: word == "--"):
        if not is_gap:
            NbGraderApp.launch_instance(list(command))
            app = NbGraderApp.instance()
            if app.subapp is not None:
                type(app.subapp).clear_instance()
            NbGraderApp.clear_instance()


if __name__ == "__main__":
    main(sys.argv[1:])
