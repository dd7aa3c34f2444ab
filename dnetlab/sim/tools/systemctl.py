"""systemctl starts, stops and restarts the docker service of a lab host; `service docker restart` is the older way.

The only unit is docker. Words and exit statuses of systemd 252 (Debian 12).
"""

from __future__ import annotations

from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd import system
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.tools.journalctl import lines_of
from dnetlab.sim.tools.options import fail

_VERBS = ("start", "stop", "restart", "reload", "status", "is-active", "is-enabled", "enable", "disable", "try-restart",
          "is-failed", "show", "cat", "kill", "mask", "unmask", "reload-or-restart")  # fmt: skip


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`systemctl VERB [UNIT]` or `service UNIT VERB`."""
    words = [word for word in argv[1:] if not word.startswith("-")]
    if "--version" in argv[1:]:
        return Result("systemd 252 (252.39-1~deb12u1)\n")
    if argv[0].rsplit("/", 1)[-1] == "service":
        if len(words) < 2:
            return fail("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]", 1)
        words = [words[1], words[0]]
    if not words:
        raise Refused("The lab's systemctl knows one unit, docker.", "systemctl status docker")
    verb, units = words[0], words[1:]
    if verb == "daemon-reload":
        return Result()
    if verb not in _VERBS:
        if verb in ("list-units", "list-unit-files", "get-default", "poweroff", "reboot", "halt", "edit"):
            raise Refused("systemctl {verb} is not part of the lab.", "systemctl status docker", verb=verb)
        return fail(f"Unknown command verb {verb}.", 1)
    if not units:
        return fail("Too few arguments.", 1)
    stdout = stderr = ""
    code = 0
    for unit in units:
        one = _unit(context, verb, unit.removesuffix(".socket").removesuffix(".service"))
        stdout, stderr, code = stdout + one.stdout, stderr + one.stderr, one.exit_code or code
    return Result(stdout, stderr, code)


def _unit(context: Context, verb: str, name: str) -> Result:
    if name != "docker" or not context.machine.has_docker:
        if verb == "status":
            return fail(f"Unit {name}.service could not be found.", 4)
        if verb in ("is-active", "is-failed"):
            return Result("inactive\n", "", 3 if verb == "is-active" else 1)
        if verb == "is-enabled":
            return fail(f"Failed to get unit file state for {name}.service: No such file or directory", 1)
        if verb in ("enable", "disable"):
            return fail(f"Failed to {verb} unit: Unit file {name}.service does not exist.", 1)
        return fail(f"Failed to {verb} {name}.service: Unit {name}.service not found.", 5)
    return _docker(context, verb)


def _docker(context: Context, verb: str) -> Result:
    world, host = context.world, context.host
    running = context.machine.docker_running
    match verb:
        case "start":
            return _started(system.start_daemon(world, host))
        case "stop":
            system.stop_daemon(world, host)
        case "restart" | "reload-or-restart":
            return _started(system.restart_daemon(world, host))
        case "try-restart":
            return _started(not running or system.restart_daemon(world, host))
        case "reload":
            if not running:
                return fail("docker.service is not active, cannot reload.", 1)
            system.reload_daemon(world, host)
        case "is-active":
            idle = "failed" if daemon(world, host).failure else "inactive"
            return Result("active\n") if running else Result(f"{idle}\n", "", 3)
        case "is-enabled":
            return Result("enabled\n")
        case "is-failed":
            failed = bool(daemon(world, host).failure)
            word = "failed" if failed else "active" if running else "inactive"
            return Result(f"{word}\n", "", 0 if failed else 1)
        case "status":
            return _status(context)
        case "enable" | "disable":
            return Result()
        case _:
            raise Refused("systemctl {verb} docker is not part of the lab.",
                          "start, stop, restart, reload, status and is-active are.", verb=verb)  # fmt: skip
    return Result()


def _started(came_up: bool) -> Result:
    if came_up:
        return Result()
    where = 'See "systemctl status docker.service" and "journalctl -xeu docker.service" for details.'
    return fail(f"Job for docker.service failed because the control process exited with error code.\n{where}", 1)


def _status(context: Context) -> Result:
    text = "docker.service - Docker Application Container Engine\n"
    text += "     Loaded: loaded (/lib/systemd/system/docker.service; enabled; preset: enabled)\n"
    state = daemon(context.world, context.host)
    if state.failure:
        return _failed(context, text)
    if not context.machine.docker_running:
        return Result(f"○ {text}     Active: inactive (dead)\n", "", 3)
    pid = state.pid
    begun = next((p.started for p in context.machine.processes if p.pid == pid), 0.0)
    text += f"     Active: active (running) since {moment(begun):%a %Y-%m-%d %H:%M:%S UTC}\n"
    return Result(f"● {text}   Main PID: {pid} (dockerd)\n")


def _failed(context: Context, text: str) -> Result:
    """A daemon that did not start: when, with what status, and the last it said."""
    journal = daemon(context.world, context.host).journal
    when, pid = next((clock, number) for clock, program, number, _ in reversed(journal) if program == "dockerd")
    text += (f"     Active: failed (Result: exit-code) since {moment(when):%a %Y-%m-%d %H:%M:%S UTC}\n"
             f"   Main PID: {pid} (code=exited, status=1/FAILURE)\n\n")  # fmt: skip
    return Result(f"× {text}" + "".join(lines_of(context.host, journal[-10:])), "", 3)
