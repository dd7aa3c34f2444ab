"""What every engine refuses alike: lines for nobody, and for hosts that are not there."""

from __future__ import annotations

from collections.abc import Iterable

from dnetlab.language import Words
from dnetlab.model import Refusal

NOBODY_SITS = Refusal(
    Words("No container's terminal is open, so nobody sits at this prompt."),
    Words("Open one with docker run -it IMAGE or docker exec -it CONTAINER sh."),
)
NO_TERMINAL_TO_LEAVE = Refusal(
    Words("There is no terminal of a container to leave: this is the host's own prompt."),
    Words("`exit` ends a container opened with docker run -it or docker exec -it."),
)


def no_such_host(host: str, there: Iterable[str]) -> Refusal:
    return Refusal(
        Words("The lab has no host {host}.", host=host), Words("The hosts are {hosts}.", hosts=", ".join(there))
    )
