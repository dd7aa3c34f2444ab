"""Where a command runs, and what it answers: the seam between the shell and every tool of the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dnetlab.model import Host, Namespace, Where
from dnetlab.model.changed import quick
from dnetlab.sim.clock import since_1970
from dnetlab.sim.kernel import Stack
from dnetlab.sim.user import ROOT, User
from dnetlab.sim.userland.seam import Budget, Input, Refused, Result, Stopped
from dnetlab.sim.world import Terminal, World


@quick
@dataclass
class Context:
    """One process's surroundings.

    world      the world this command works on (a copy; change it freely)
    host       name of the lab host
    namespace  name of the network namespace ('host', or a container's)
    container  full id of the container, None at the host's own prompt
    userland   whose tools answer: 'host' (iproute2 and Debian), 'busybox', 'busyboxplus' (busybox with curl),
               'alpine', 'nginx' (its Alpine build: busybox tools and curl), 'debian' (no network tools at all)
    stdin      what a pipe brought, None without one
    answer     'y', 'n' or None: the cell's answer to a question
    beside     the commands that a pipe starts together with this one, after it: ps at a host sees them
    tty        True when a student looks at it (no pipe behind): columns, prompts and progress depend on it
    privileged  this process alone may do what the host's may, whatever its container may (docker exec --privileged)
    environment  variables of the process (containers: image, -e, links; host: a root login)
    deadline   the lab's clock at which a `timeout` before the command ends it
    directory  where it runs; None: a login's home at a host, the image's directory in a container
    budget     what the line may still spend, shared with everything it starts; None: it begins here
    input      the same as stdin, for what reads it piece by piece
    user       whose the process is; at a host always root
    uts        what gethostname(2) gives where it isn't the place's own name (nsenter -u), else ''
    """

    world: World
    host: str
    namespace: str = "host"
    container: str | None = None
    userland: str = "host"
    stdin: str | None = None
    answer: str | None = None
    beside: tuple[tuple[str, ...], ...] = ()
    tty: bool = True
    privileged: bool = False
    environment: dict[str, str] | None = None
    deadline: float = float("inf")
    directory: str | None = None
    budget: Budget | None = None
    input: Input | None = None
    user: User = ROOT
    uts: str = ""

    @property
    def machine(self) -> Host:
        return self.world.hosts[self.host]

    @property
    def where(self) -> Where:
        return Where(self.host, self.namespace)

    @property
    def kernel(self) -> Stack:
        """What changes the network stack of this place, or says no."""
        return Stack(self.world, self.where)

    @property
    def stack(self) -> Namespace:
        return self.world.namespace(self.where)

    @property
    def now(self) -> float:
        """Seconds since 1970, by the clock of the lab."""
        return since_1970(self.world.clock)

    def open_terminal(
        self, container: str, main: bool, directory: str, environment: Iterable[str], privileged: bool,
        user: str = "",
    ) -> None:  # fmt: skip
        """From now on lines at `/ #` go to this container of this host; see `world.Terminal`."""
        terminal = Terminal(self.host, container, main, directory, tuple(environment), privileged=privileged,
                            user=user)  # fmt: skip
        self.world.terminals = (*self.world.terminals, terminal)


Tool = Callable[[Context, tuple[str, ...]], Result]  # what answers to a name at a prompt; argv[0] is that name

__all__ = ["Context", "Refused", "Result", "Stopped", "Tool"]
