"""`ssh [OPTIONS] [USER@]HOST [COMMAND…]` and `scp`, as far as one has to know them to find the host and the command."""

from __future__ import annotations

from dnetlab.language import Words
from dnetlab.model import Refusal

SSH_WITH_VALUE = "bcDEeFIiJLlmOopQRSWw"  # ssh(1): options that take a word
SCP_WITH_VALUE = "cDFiJloPSX"


def without_options(words: tuple[str, ...], with_value: str) -> tuple[str, ...]:
    """The words from the first that is no option on; `--` ends the options."""
    place = 0
    while place < len(words) and words[place].startswith("-") and len(words[place]) > 1:
        if words[place] == "--":
            return words[place + 1 :]
        place += 2 if len(words[place]) == 2 and words[place][1] in with_value else 1
    return words[place:]


def destination_and_command(words: tuple[str, ...]) -> tuple[str, ...]:
    """What is left of ssh's words: [USER@]HOST and the command's; options may stand behind the host, too."""
    left = without_options(words, SSH_WITH_VALUE)
    return left[:1] + without_options(left[1:], SSH_WITH_VALUE)


def stays(argv: tuple[str, ...]) -> Refusal | None:
    """Why `ssh HOST` without a command can't be had in a cell; None for any other command."""
    words = destination_and_command(argv[1:]) if argv[:1] == ("ssh",) else ()
    if len(words) != 1:
        return None
    name = words[0].rpartition("@")[2]
    return Refusal(
        Words("A session on another host is not kept open here."),
        Words("Type at its own prompt, {host}# COMMAND, or say what to run: ssh {host} COMMAND", host=name),
    )
