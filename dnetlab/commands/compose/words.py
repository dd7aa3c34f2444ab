"""`docker compose [OPTIONS] COMMAND …`: read by the grammar of its own help texts."""

from __future__ import annotations

from collections.abc import Sequence

from dnetlab.commands.docker.grammar import Command, command
from dnetlab.commands.docker.parse import Invocation, Reader, Stop

TEXTS = ("help_compose.txt",)  # docker-compose 2.40.3-3


def read(words: Sequence[str]) -> tuple[Invocation, Invocation]:
    """(what stands before the command, the command). Raises Stop for help texts and for what compose can't read."""
    root = _command(("compose",))
    outer = _read(root, words)
    if not outer.arguments or (outer.asked_for_help and not outer.arguments):
        raise Stop(root.help, exit_code=0)
    name, *rest = outer.arguments
    found = command(("compose", name), TEXTS)
    if found is None:
        raise Stop(root.help, f'unknown docker command: "compose {name}"\n')
    inner = _read(found, rest)
    if outer.asked_for_help or inner.asked_for_help:
        raise Stop(found.help, exit_code=0)
    return _invocation(root, outer), _invocation(found, inner)


def _command(path: tuple[str, ...]) -> Command:
    found = command(path, TEXTS)
    assert found is not None
    return found


def _read(found: Command, words: Sequence[str]) -> Reader:
    reader = Reader(found, list(words))
    try:
        reader.read()
    except Stop as stop:  # the plugin says the sentence alone
        raise Stop("", stop.stderr.partition("\n")[0] + "\n") from None
    return reader


def _invocation(found: Command, reader: Reader) -> Invocation:
    options = {name: tuple(values) for name, values in reader.flags.items()}
    return Invocation(found, tuple(reader.arguments), options, tuple(reader.order))
