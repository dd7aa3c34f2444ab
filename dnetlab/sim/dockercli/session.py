"""One call of the docker client: what it prints, and how it frames the daemon's errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from dnetlab.commands.docker.parse import Invocation
from dnetlab.sim.context import Context, Result
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

P = ParamSpec("P")
T = TypeVar("T")
NO_DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"


class Unreachable(ApiError):
    """Nobody listens on the daemon's socket."""

    def __init__(self) -> None:
        super().__init__(NO_DAEMON, 0)


class Failed(Exception):
    """The client gives up with a sentence of its own and an exit status; '' prints nothing more."""

    def __init__(self, text: str = "", exit_code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


def told(error: ApiError) -> str:
    """The daemon's words as the client prints them."""
    return error.message if isinstance(error, Unreachable) else f"Error response from daemon: {error.message}"


@dataclass
class Session:
    """One `docker …`. Verbs print with `out` and `err`, ask the daemon with `ask`, and return an exit status."""

    context: Context
    call: Invocation
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.context.world

    @property
    def host(self) -> str:
        return self.context.host

    def out(self, text: str) -> None:
        """Print a line."""
        self.stdout.append(text + "\n")

    def err(self, text: str) -> None:
        self.stderr.append(text + "\n")

    def connect(self) -> None:
        """Raises Unreachable when no daemon runs."""
        if not self.context.machine.docker_running:
            raise Unreachable

    def ask(self, operation: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the daemon: ask(networks.remove, world, host, name). Raises ApiError."""
        self.connect()
        return operation(*args, **kwargs)

    def needs(self, api: str, what: str) -> None:
        """Raises Failed when the daemon's API is older than what the client has to ask of it (observed on 20.10.24)."""
        spoken = release_of(self.world)
        if not spoken.speaks(api):
            raise Failed(f'"{what}" requires API version {api}, but the Docker daemon API version is {spoken.api}')

    def each(self, names: tuple[str, ...], one: Callable[[str], str | None]) -> int:
        """Do it for every name: print what `one` returns, a complaint where the daemon says no; 1 if it did once."""
        status = 0
        for name in names:
            try:
                answer = one(name)
            except ApiError as error:
                self.err(told(error))
                status = 1
            else:
                if answer is not None:
                    self.out(answer)
        return status

    def result(self, exit_code: int) -> Result:
        return Result("".join(self.stdout), "".join(self.stderr), exit_code)
