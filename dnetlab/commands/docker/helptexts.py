"""What `docker … --help` says, kept verbatim in help.txt: the grammar of every command is read from the same text.

A newer client's file holds the commands that it has other words for.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

Texts = tuple[str, ...]  # the files of a client's texts; what a later one says counts
NEWEST: Texts = ("help.txt", "help_29.txt")
ROOT_HOME = "/root"  # the lab's prompt is root's, and the help names where its configuration lies

# Top-level forms and what they are short for (`docker COMMAND --help` lists both under "Aliases:").
SHORT_FORMS: dict[str, tuple[str, str]] = {
    "ps": ("container", "ls"),
    "images": ("image", "ls"),
    "rmi": ("image", "rm"),
    "info": ("system", "info"),
    "events": ("system", "events"),
    "build": ("image", "build"),
    **{name: ("image", name) for name in ["pull", "push", "history", "import", "load", "save", "tag"]},
    **{
        name: ("container", name)
        for name in [
            "run",
            "exec",
            "attach",
            "commit",
            "cp",
            "create",
            "diff",
            "export",
            "kill",
            "logs",
            "pause",
            "port",
            "rename",
            "restart",
            "rm",
            "start",
            "stats",
            "stop",
            "top",
            "unpause",
            "update",
            "wait",
        ]
    },
}


@cache
def _sections(texts: Texts) -> dict[tuple[str, ...], str]:
    sections: dict[tuple[str, ...], str] = {}
    for name in texts:
        text = files("dnetlab.commands.docker").joinpath(name).read_text("utf-8")
        for block in text.split("=== docker")[1:]:
            title, _, body = block.partition("\n")
            sections[tuple(title.split())] = body.replace('"~/', f'"{ROOT_HOME}/')
    return sections


def help_of(path: tuple[str, ...], texts: Texts = NEWEST) -> str | None:
    """The help of ('network', 'create') or ('run',); () is docker itself. None when there is no such command.

    texts: the files of the client whose words they are.
    """
    found = _sections(texts).get(path)
    if found is None and len(path) == 1 and path[0] in SHORT_FORMS:
        whole = SHORT_FORMS[path[0]]
        long = _sections(texts)[whole]
        return long.replace(f"docker {' '.join(whole)}", f"docker {path[0]}", 1)
    return found


def all_paths(texts: Texts = NEWEST) -> tuple[tuple[str, ...], ...]:
    """Every command that has a help text, short forms included."""
    return (*_sections(texts), *((name,) for name in SHORT_FORMS))
