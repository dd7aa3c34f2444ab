"""One call of the docker client: what it prints, and how it frames the daemon's errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from dnetlab.commands.docker.parse import Invocation
from dnetlab.commands.docker.units import ago
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError, NotModelled
from dnetlab.sim.profiles import ClientProfile, client
from dnetlab.sim.profiles.engine import numbers
from dnetlab.sim.world import World

P = ParamSpec("P")
T = TypeVar("T")
SOCKET = "unix:///var/run/docker.sock"


class Unreachable(ApiError):
    """Nobody listens on the daemon's socket."""

    def __init__(self, where: str = SOCKET) -> None:
        super().__init__(f"Cannot connect to the Docker daemon at {where}. Is the docker daemon running?", 0)


class Failed(Exception):
    """The client gives up with a sentence of its own and an exit status; '' prints nothing more."""

    def __init__(self, text: str = "", exit_code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


def told(error: ApiError) -> str:
    """The daemon's words as the client prints them."""
    return error.message if isinstance(error, Unreachable) else f"Error response from daemon: {error.message}"


def reach(
    operation: Callable[..., T], world: World, host: str, args: Sequence[Any], options: Mapping[str, Any]
) -> T:
    """The one way to the daemon: an operation of `dockerd.api`, plain JSON values in and out, ApiError.

    Nothing else crosses, so the tests let everything pass through json.dumps here.
    """
    return api.call(operation, world, host, *args, **options)


@dataclass
class Session:
    """One `docker …`. Verbs print with `out` and `err`, ask the daemon with `ask`, and return an exit status."""

    context: Context
    call: Invocation
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    elsewhere: str = ""

    @property
    def own(self) -> ClientProfile:
        """Which release of the client this is."""
        return client(self.context.world.release)

    @property
    def up(self) -> bool:
        """Does somebody listen on the socket?"""
        return api.is_up(self.context.world, self.context.host)

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self.context.now

    def since(self, moment: str) -> str:
        """'2 minutes ago': how long ago a time of the API was."""
        then = datetime.fromisoformat(moment[:19] + "+00:00").timestamp()
        return f"{ago(self.now - then)} ago"

    def out(self, text: str) -> None:
        """Print a line."""
        self.stdout.append(text + "\n")

    def err(self, text: str) -> None:
        self.stderr.append(text + "\n")

    def wait(self, seconds: float) -> None:
        """The client looks on for a while."""
        self.context.world.clock += seconds

    def connect(self) -> None:
        """Raises Unreachable when no daemon runs, or none where it was looked for (-H, DOCKER_HOST)."""
        if self.elsewhere:
            raise Unreachable(self.elsewhere)
        if not self.up:
            raise Unreachable

    def ask(self, operation: Callable[Concatenate[World, str, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the daemon: ask(api.network_delete, name). Raises ApiError; Refused for what the lab doesn't model."""
        self.connect()
        try:
            return reach(operation, self.context.world, self.context.host, args, kwargs)
        except NotModelled as missing:
            raise Refused(missing.why, missing.instead) from None

    def show(self, frames: Sequence[Mapping[str, Any]]) -> None:
        """Print what a container printed, each stream where it belongs."""
        for frame in frames:
            (self.stdout if frame["stream"] == "stdout" else self.stderr).append(frame["text"])

    def filters(self) -> dict[str, list[str]]:
        """--filter as the API has it: name -> values; which names there are is the daemon's business."""
        found: dict[str, list[str]] = {}
        for text in self.call.all("filter"):
            name, _, value = text.partition("=")
            if name:
                found.setdefault(name.strip().lower(), []).append(value.strip())
        return found

    def needs(self, version: str, what: str) -> None:
        """Raises Failed when the daemon's API is older than what the client has to ask of it (observed on 20.10.24)."""
        if not self.speaks(version):
            spoken = self.ask(api.system_ping)["Api-Version"]
            raise Failed(f'"{what}" requires API version {version}, but the Docker daemon API version is {spoken}')

    def speaks(self, version: str) -> bool:
        """Is the daemon's API of that version, '1.44', or a later one?"""
        return numbers(self.ask(api.system_ping)["Api-Version"]) >= numbers(version)

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
