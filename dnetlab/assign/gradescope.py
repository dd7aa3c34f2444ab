"""A lesson as an autograder of Gradescope: a zip with dnetlab in it, `setup.sh` and `run_autograder`.

Gradescope unpacks it to /autograder/source, runs setup.sh once, and for each submission run_autograder, which reads
/autograder/submission and writes /autograder/results/results.json (https://gradescope-autograders.readthedocs.io).
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from dnetlab.assign.points import Here, work_in
from dnetlab.errors import DnetError, UsageError
from dnetlab.grade.work import Terms
from dnetlab.gradebook.books import Entry, gradescope, write
from dnetlab.gradebook.handed_in import Person
from dnetlab.gradebook.rows import NOTHING_TYPED, row_of
from dnetlab.language import say
from dnetlab.lessons.read import read_lesson

PACKAGE = Path(__file__).resolve().parents[1]  # dnetlab itself
# What judging needs of dnetlab's own requirements; the rest draws, shows and prints.
NEEDED = ("jq", "jsonschema", "regex")
SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: Python 3.11 or newer, and what judging needs.
set -euo pipefail
cd "$(dirname "$0")"
python=python3
if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv ||
        apt-get install -y -qq --no-install-recommends python3 python3-venv
    python=$(command -v python3.11 || command -v python3)
fi
"$python" -m venv ../venv
../venv/bin/python -m pip install --quiet --requirement requirements.txt
"""
RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission. No Python of a student's runs: what was typed runs again in a simulator.
set -euo pipefail
root=$(cd "$(dirname "$0")" && pwd)
cd /
PYTHONPATH="$root/source" exec "$root/venv/bin/python" -P -m dnetlab.assign.gradescope "$root"
"""
OWN = "own_numbers"


def autograder_zip(lesson: str, language: str, own: bool = False) -> bytes:
    """The zip's bytes, the same for the same call. UsageError: no such lesson, or one without tasks."""
    found = read_lesson(lesson)
    if not found.tasks:
        raise UsageError("lesson {name} has no tasks, so there is nothing to grade", name=found.name)
    wanted = {"lesson": found.name, "language": language, OWN: own}
    files = {"setup.sh": SETUP, "run_autograder": RUN, "requirements.txt": requirements(),
             "lesson.json": json.dumps(wanted) + "\n"}  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            _add(archive, name, text.encode("utf-8"), 0o644 if "." in name and name != "setup.sh" else 0o755)
        for name, path in (*_package(), *_lesson(found.folder)):
            _add(archive, name, path.read_bytes(), 0o644)
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = mode << 16
    archive.writestr(info, data)


def requirements() -> str:
    """requirements.txt: those of dnetlab's that judging needs, with their bounds."""
    named = {re.split(r"[^\w.-]", one, maxsplit=1)[0].lower(): one for one in requires("dnetlab") or ()}
    return "".join(f"{named[name]}\n" for name in NEEDED if name in named)


def _package() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE)
        if path.is_file() and "__pycache__" not in inside.parts and inside.parts[0] != "_notebooks":
            yield f"dnetlab/{inside.as_posix()}", path


def _lesson(folder: Path) -> Iterator[tuple[str, Path]]:
    """A lesson of somebody's own travels along."""
    if not folder.is_relative_to(PACKAGE):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            yield f"lessons/{folder.name}/{path.relative_to(folder).as_posix()}", path


# -- on Gradescope's machine ------------------------------------------------------------------------------------------


def main(root: Path) -> int:
    """Judge what lies in root/submission and write root/results/results.json."""
    wanted = json.loads((root / "source" / "lesson.json").read_text(encoding="utf-8"))
    own = root / "source" / "lessons" / wanted["lesson"]
    lesson = str(own) if own.is_dir() else wanted["lesson"]
    here = Here(root / "submission", "", _ids(root / "submission_metadata.json"), wanted[OWN])
    write(root / "results" / "results.json", results(here, lesson, wanted["language"]))
    return 0


def results(here: Here, lesson: str, language: str) -> str:
    """results.json of a submission; where dnetlab fails over it, of one without a score, and why."""
    try:
        work = work_in(here, lesson)
    except DnetError as error:
        said = say("dnetlab could not judge this; nothing of it was graded: {error}", error=error)
        return json.dumps({"output": said, "tests": []}, indent=1) + "\n"
    row = row_of(work, Terms(), [], NOTHING_TYPED)
    (found,) = row["lessons"]
    entry = Entry(Person(""), found["lesson"], found["lesson"], found["earned"], found["points"])
    return gradescope(entry, row, language)


def _ids(metadata: Path) -> tuple[str, ...]:
    """What Gradescope calls the students of a submission; () when it doesn't say."""
    try:
        told: Any = json.loads(metadata.read_text(encoding="utf-8"))
        users = [user for user in told["users"] if isinstance(user, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    names = [str(user.get(key) or "") for user in users for key in ("sid", "email")]
    return tuple(dict.fromkeys(part for name in names for part in (name, name.partition("@")[0]) if part))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
