"""`%dnet compose FILE`: a compose project of this machine, brought up at a host of the lab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab.commands.compose.carried import MOST, Folder, lines_of
from dnetlab.errors import UsageError

if TYPE_CHECKING:
    from dnetlab.notebook.magic import DnetMagics


def bring_up(magics: DnetMagics, options: Any) -> Any:
    """The lines that write the project's files and bring it up, run as a cell of that host."""
    path = Path(options.file).expanduser().absolute().resolve()
    return magics.run_lines(options.host or "", lines_of(path.as_posix(), Folder(_text, _files)))


def _text(path: str) -> str | None:
    """Raises UsageError for what is no text, and for what is too much of it."""
    file = Path(path)
    if not file.is_file():
        return None
    if file.stat().st_size > MOST:
        raise UsageError("{path} is too large to come along", path=path)
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise UsageError("{path} is no text, and only text can come along", path=path) from None
    except OSError as error:
        raise UsageError("{path} can't be read: {problem}", path=path, problem=error.strerror) from None


def _files(path: str) -> tuple[str, ...]:
    """Without what is hidden: a folder's .git and the like are no part of a project."""
    there = Path(path)
    if there.is_file():
        return (path,)
    inside = (one for one in there.rglob("*") if one.is_file())
    return tuple(sorted(one.as_posix() for one in inside
                        if not any(part.startswith(".") for part in one.relative_to(there).parts)))  # fmt: skip
