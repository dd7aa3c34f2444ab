"""What a signal does to a process of a lab host, and all that follows: a container ends, a proxy, the daemon."""

from __future__ import annotations

from dnetlab.model import Process
from dnetlab.sim import processes
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books, lifecycle, system
from dnetlab.sim.world import World


def send_signal(world: World, host: str, pid: int, signal: int = 15, *, inside: bool = False) -> None:
    """What `kill -SIGNAL PID` does, with all that follows. inside: sent from within the process's own container.

    Raises ProcessLookupError when the host has no such process, and Refused for what is not modelled.
    """
    process = processes.find(world, host, pid)
    if process is None:
        raise ProcessLookupError(pid)
    if signal == 0:
        return
    if process.container is not None:
        lifecycle.process_got_signal(world, host, process, signal, inside=inside)
        return
    _host_process_got_signal(world, host, process, signal)


_HARMLESS = {processes.SIGNALS[name] for name in ("CHLD", "CONT", "URG", "WINCH")}


def _host_process_got_signal(world: World, host: str, process: Process, signal: int) -> None:
    name = process.argv[0].rsplit("/", 1)[-1] if process.argv else ""
    if signal in _HARMLESS:
        return
    if process.zombie:
        return
    if name == "docker-proxy":
        if books.release_of(world).proxy_zombies:
            processes.leave_zombie(world, host, process)
        else:
            processes.end(world, host, [process.pid])
        return
    if name == "dockerd":
        if signal in (processes.SIGNALS["TERM"], processes.SIGNALS["INT"]):
            system.stop_daemon(world, host)
            return
        if signal == processes.SIGNALS["HUP"]:
            system.reload_daemon(world, host)
            return
        if signal == processes.SIGNALS["KILL"] and books.daemon(world, host).config.live_restore:
            system.lose_daemon(world, host)
            return
        raise Refused(
            "The lab does not model a dockerd that is killed without a chance to tidy up.",
            "systemctl stop docker, or kill with the default signal, ends it in order.",
        )
    if name in ("containerd", "containerd-shim-runc-v2"):
        raise Refused(
            "The lab does not model what follows when {name} is killed.",
            "docker kill CONTAINER ends a container; systemctl restart docker restarts the daemon.",
            name=name,
        )
    if process.pid == 1:
        return  # init takes no signal it has no handler for
    processes.end(world, host, [process.pid])
