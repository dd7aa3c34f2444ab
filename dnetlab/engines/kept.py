"""What a real shell keeps from line to line: its directory, variables, functions, options and last status.

Each line is run by a shell of its own, verbatim. One that may change what is kept says in the end what there is now,
behind a mark that nobody else writes; the next line begins with that.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace

from dnetlab.engines.running import Ran

MARK = "\x01dnetlab\x01"
_CHANGES = re.compile(
    r"=|\(\)|\b(cd|pushd|popd|export|unset|set|shopt|read|alias|unalias|umask|declare|typeset|local|readonly|let|eval|"
    r"source|function|for|select|getopts|printf -v|mapfile|readarray|trap)\b|(?:^|[;&|]\s*)\.\s|\(\(|:=|\$\{"
)
_ASKS = re.compile(r"\$\?|\$\{\?\}")
_OURS = re.compile(
    r"declare -\S* (?:BASH\w*|DIRSTACK|EPOCH\w+|EUID|FUNCNAME|GROUPS|HISTCMD|LINENO|PIPESTATUS|PPID|RANDOM|SECONDS|"
    r"SHELLOPTS|SHLVL|SRANDOM|UID|_|dnetlab_\w+|PATH|HOME|LANG|USER|LOGNAME|SHELL|TERM|HOSTNAME|IFS|OPTIND|OPTERR|"
    r"PS4|PWD|HOSTTYPE|MACHTYPE|OSTYPE|COLUMNS|LINES|DNETLAB_\w+)(?:=|$)"
)
_OPTIONS = re.compile(
    r"(?m)^(set [+-]o (?:allexport|errexit|nounset|noglob|noclobber|pipefail|xtrace|verbose)|umask \d+)$"
)
_ASH = re.compile(r"(?:PATH|HOME|HOSTNAME|TERM|IFS|OPTIND|PPID|PS[124]|PWD|SHLVL|FUNCNAME|LINENO|_|dnetlab_\w+)=")
_PLAIN_OPTIONS = "set +o "


@dataclass(frozen=True)
class Kept:
    """state: shell text that brings it back, '' for a fresh shell; directory '' for where a fresh one begins."""

    state: str = ""
    directory: str = ""
    status: int = 0

    def around(self, text: str, bash: bool = True, tells: bool = True) -> tuple[str, bool]:
        """The text of a line with what was kept in front of it; whether it says in the end what there is now."""
        asks = bool(_ASKS.search(text))
        tells = tells and bool(_CHANGES.search(text))
        if not (asks or tells or self.state or self.directory):
            return text, False
        before = self.state + (f"cd -- {shlex.quote(self.directory)}\n" if self.directory else "")
        before += f"(exit {self.status})\n" if asks else ""
        if not tells:
            return f"{before}{text}", False
        return f"{before}{text}\n{_TELL_BASH if bash else _TELL_SH}", True

    def after(self, ran: Ran) -> tuple[Kept, Ran]:
        """What is kept now, and the answer without what only we asked for."""
        said, mark, told = ran.stdout.rpartition(MARK)
        if not mark:  # it was ended, or wrote elsewhere: what was kept stays
            return replace(self, status=ran.exit_code), ran
        directory, _, rest = told.partition("\n")
        return Kept(_state(rest), directory, ran.exit_code), ran._replace(stdout=said)


_TELL_BASH = (
    "{ dnetlab_status=$? dnetlab_options=$(set +o); set +eux; } 2>/dev/null\n"
    f"printf '%s%s\\n' '{MARK}' \"$PWD\"; printf '%s\\n' \"$dnetlab_options\"; printf 'umask %s\\n' \"$(umask)\"\n"
    "declare -p; declare -f; exit $dnetlab_status\n"
)
_TELL_SH = (
    "dnetlab_status=$?\n"
    f"printf '%s%s\\n' '{MARK}' \"$PWD\"; set; exit $dnetlab_status\n"
)


def _state(text: str) -> str:
    """Shell text for all that a fresh shell would not have: of `declare -p` and `declare -f`, or of ash's `set`."""
    options = [found[0] for found in _OPTIONS.finditer(text) if not found[0].startswith(_PLAIN_OPTIONS)]
    options = [option for option in options if option != "umask 0022"]
    rest = _OPTIONS.sub("", text)
    rest = re.sub(r"(?m)^set [+-]o \S+$", "", rest)
    declared = re.split(r"(?m)^(?=declare -|\w+ \(\) *$|\w[\w]*=)", rest)
    kept = [part.strip("\n") for part in declared if part.strip() and not _OURS.match(part) and not _sh_own(part)]
    lines = [*options, *kept]
    return "".join(f"{line}\n" for line in lines)[:20_000]


def _sh_own(part: str) -> bool:
    """A variable of ash's own, or of the container's environment: a fresh shell has those."""
    return bool(_ASH.match(part))
