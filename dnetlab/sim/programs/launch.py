"""Process 1 of a container starts: a server that stays, a program of so many seconds, or one that runs and is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from dnetlab.commands.shell import Script
from dnetlab.model import Container, Process, Protocol, Socket, SocketState, Where
from dnetlab.model.changed import quick, replace
from dnetlab.model.ip import IpAddress, numeric_address
from dnetlab.sim import clock, processes
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd import books
from dnetlab.sim.dockerd.config import ContainerConfig, ContainerSpec
from dnetlab.sim.dockerd.environment import context_of, user_of
from dnetlab.sim.dockerd.faults import Apart
from dnetlab.sim.dockerd.images import recipe_of
from dnetlab.sim.programs import kinds, logs, loops, netcat, web
from dnetlab.sim.shell import run_command, run_head
from dnetlab.sim.tools.permission import may_bind
from dnetlab.sim.user import ROOT, User, name_on_host
from dnetlab.sim.userland.sh.state import Shell
from dnetlab.sim.world import World

# A neighbour is asked for three times, a second apart and a little; four pings come meanwhile, which go when he answers
# and are lost when he doesn't (net/core/neighbour.c; observed on pairs of 20.10, 26.1 and 28.5).
QUEUED = 4
DRIFT = 20.0  # milliseconds by which each further question comes later than its second
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@quick
@dataclass(frozen=True)
class Outcome:
    """exit_code None: it stays. Else it ends with that status after so many seconds of the lab's clock."""

    exit_code: int | None = None
    after: float = 0.0


@dataclass(frozen=True)
class Program:
    """A program as it starts. argv: its own words, `sh -c` and entry scripts looked through. pid: that of process 1.
    left: the shell as what stands in front of it left it: `cd /srv; cat file`."""

    world: World
    host: str
    container: Container
    config: ContainerConfig
    argv: tuple[str, ...]
    pid: int
    user: User = ROOT
    left: Shell | None = None

    @property
    def where(self) -> Where:
        return Where(self.host, self.container.namespace or "host")

    def log(self, text: str, stream: str = "stdout") -> None:
        logs.write(self.world, self.host, self.container.id, stream, text)

    def child(self, argv: tuple[str, ...]) -> int:
        return processes.spawn(self.world, self.where, argv, ppid=self.pid, container=self.container.id,
                               user=name_on_host(self.user.uid))  # fmt: skip

    def only_for_root(self) -> None:
        """Raises Refused for a server whose words as another user the lab doesn't know."""
        if not self.user.is_root:
            raise Refused("{name} of a user other than root is not part of the lab.",
                          "Leave -u out, or let another server do it: httpd and nc of busybox run as any user.",
                          name=kinds.basename(self.argv[0]))  # fmt: skip

    def cannot_listen(
        self, port: int, pid: int, program: str, local: IpAddress = web.ANY6, protocol: Protocol = Protocol.TCP
    ) -> str:
        """Open a socket: ''. Or why bind() doesn't, in the kernel's words."""
        state = SocketState.LISTEN if protocol is Protocol.TCP else SocketState.UNCONNECTED
        socket = Socket(protocol, local, port, state, pid, program, backlog=9)
        if not may_bind(self.world, self.where, self.user, port):
            return "Permission denied"
        why = processes.why_not_bound(self.world, self.where, socket)
        if not why:
            processes.listen(self.world, self.where, [socket])
        return why


def launch(world: World, host: str, container_id: str) -> Outcome:
    """Let the program of a container that was just started run. Raises Refused for what isn't modelled."""
    container = books.find(world, host, container_id)
    config = books.spec(world, host, container_id).config
    argv = kinds.last_program(config.argv)
    pid = container.pid or 0
    books.change_spec(world, host, container_id, loop=None)
    if config.init:
        where = Where(host, container.namespace or "host")
        pid = processes.spawn(world, where, kinds.title_of(config.argv), ppid=pid, container=container_id)
    program = Program(world, host, container, config, argv, pid, user_of(world, host, container))
    started, head = world.clock, _in_front(program)
    if head is not None:
        code, left = _after(program, *head)
        if code is not None:
            return _ended(program, started, Outcome(code))
        program = replace(program, left=left)
    if kinds.basename(argv[0]) == "exit" and argv != config.argv and _has_several(config.argv):
        return _run_through(program)
    stay = None if _obeys_input(program) else STAYING.get(kinds.basename(argv[0]))
    outcome = stay(program) if stay is not None else None
    if outcome is None:
        outcome = _run_through(program, kinds.last_program(argv) if head is not None else None)
    return _ended(program, started, outcome)


def _ended(program: Program, started: float, outcome: Outcome) -> Outcome:
    """A client doesn't wait for a program that ends by itself; a server is there when what stands in front is done."""
    lead = program.world.clock - started
    if outcome.exit_code is None or lead <= 0:
        return outcome
    program.world.clock = started
    return replace(outcome, after=outcome.after + lead)


def serve_beside(world: World, host: str, container: Container, argv: tuple[str, ...], user: User) -> int | None:
    """A server that `docker exec -d` starts beside process 1 (`nc -l -p 80`): its pid; None for any other program."""
    if kinds.basename(argv[0]) not in ("nc", "socat", "httpd"):
        return None
    config = books.spec(world, host, container.id).config
    where = Where(host, container.namespace or "host")
    pid = processes.spawn(world, where, list(argv), container=container.id, user=name_on_host(user.uid))
    outcome = STAYING[kinds.basename(argv[0])](Program(world, host, container, config, argv, pid, user))
    if outcome is not None and outcome.exit_code is None:
        return pid
    processes.end(world, host, [pid])
    return None


def _in_front(program: Program) -> tuple[Script, str] | None:
    """`sh -c 'echo hi; sleep 9'`: what stands in front of the last program, and the operator between them."""
    argv = program.config.argv
    script = kinds.script_of(argv)
    if script is None or len(script.pipelines) < 2:
        return None
    if kinds.basename(program.argv[0]) not in STAYING or program.argv == argv or program.argv[0] == "exit":
        return None
    return replace(script, pipelines=script.pipelines[:-1]), script.pipelines[-1][0]


def _after(program: Program, head: Script, operator: str) -> tuple[int | None, Shell]:
    """Run what stands in front: its status when the last program isn't reached, and the shell as it left it."""
    said = run_head(context_for(program), head)
    program.log(said.result.stdout)
    program.log(said.result.stderr, "stderr")
    code = said.result.exit_code
    passed = (operator == "&&" and code != 0) or (operator == "||" and code == 0)
    return code if passed else None, said.shell


def _obeys_input(program: Program) -> bool:
    """`echo date | docker run -i busybox sh`: a shell that runs what it reads, and ends."""
    spec = books.spec(program.world, program.host, program.container.id)
    return spec.sent is not None and len(program.argv) == 1 and kinds.basename(program.argv[0]) in ("sh", "ash", "bash")


def _has_several(argv: tuple[str, ...]) -> bool:
    """`sh -c 'sleep 2; exit 1'`: does the script do more than to exit?"""
    script = kinds.script_of(argv)
    return script is not None and len(script.pipelines) > 1


def _run_through(program: Program, last: tuple[str, ...] | None = None) -> Outcome:
    """A tool: it runs to its end now, and the container ends when the time it took has passed. last: only that."""
    started = program.world.clock
    argv = last or program.config.argv
    if kinds.basename(argv[0]) == "docker-entrypoint.sh":
        argv = argv[1:]
    result, ended = _run(program, lambda context: run_command(context, argv))
    program.log(result.stdout)
    program.log(result.stderr, "stderr")
    program.world.clock = started
    return Outcome(result.exit_code, ended - started)


def context_for(program: Program) -> Context:
    """Its surroundings: those of the container, changed by what its shell did before."""
    context = context_of(program.world, program.host, program.container.id)
    spec = books.spec(program.world, program.host, program.container.id)
    context = replace(context, tty=program.config.tty and (spec.watched or (spec.kept and spec.config.attach)),
                      stdin=spec.sent)  # fmt: skip
    if spec.sent is not None:  # it comes once
        books.change_spec(program.world, program.host, program.container.id, sent=None)
    if program.left is None:
        return context
    return replace(context, directory=program.left.directory, environment=program.left.environment)


def _run(program: Program, run: Callable[[Context], Result]) -> tuple[Result, float]:
    return run(context_for(program)), program.world.clock


# -- programs that stay ---------------------------------------------------------------------------------------------


def _nginx(program: Program) -> Outcome | None:
    words = program.argv[1:]
    if words in (("-v",), ("-V",)):
        program.log(f"nginx version: {web.NGINX_VERSION}\n", "stderr")
        return Outcome(0)
    if words == ("-t",):
        program.log("nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
                  "nginx: configuration file /etc/nginx/nginx.conf test is successful\n", "stderr")  # fmt: skip
        return Outcome(0)
    if not program.user.is_root:
        web.refuse_user(program.world, program.host, program.container.id)
        return Outcome(1)
    gives_up = web.start_nginx(program.world, program.where, program.container.id, program.pid)
    if gives_up is not None:
        return Outcome(1, gives_up)
    return Outcome() if "daemon off;" in words else Outcome(0)  # a daemon leaves process 1, and all ends with it


def _script(program: Program) -> Outcome | None:
    """A service of the lab's images: a script as process 1, the server as its child."""
    name = kinds.basename(program.argv[0])
    if name == "mysqld" and kinds.basename(program.config.argv[0]) == "docker-entrypoint.sh" and not _password(program):
        return Outcome(1)
    program.only_for_root()
    _, service = kinds.SCRIPTS[name]
    if name == "httpd-foreground":
        key = recipe_of(program.world, books.spec(program.world, program.host, program.container.id).image_id).key
        service = (*service, "/usr/local/apache2/htdocs" if key == "httpd" else "/var/www/html")
    pid = program.child(service)
    port = int(service[service.index("-p") + 1])
    trouble = program.cannot_listen(port, pid, service[0])
    if not trouble:
        return Outcome()
    processes.end(program.world, program.host, [pid])
    program.log(f"{service[0]}: bind: {trouble}\n", "stderr")
    return Outcome(1)


def _password(program: Program) -> bool:
    given = program.config.environment
    wanted = ("MYSQL_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD")
    if any(given.get(name) for name in wanted):
        return True
    now = f"{clock.moment(program.world.clock):%Y-%m-%dT%H:%M:%S}+00:00"
    version = given.get("MYSQL_VERSION", "8.4.7-1.el9")
    program.log(f"{now} [Note] [Entrypoint]: Entrypoint script for MySQL Server {version} started.\n")
    lines = [f"{now} [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified",
             "    You need to specify one of the following as an environment variable:",
             *(f"    - {name}" for name in wanted)]  # fmt: skip
    program.log("".join(line + "\n" for line in lines), "stderr")
    return False


def _redis(program: Program) -> Outcome | None:
    trouble = program.cannot_listen(6379, program.pid, "redis-server")
    if trouble:
        program.log(f"1:M # Warning: Could not create server TCP listening socket *:6379: bind: {trouble}\n"
                  "1:M # Failed listening on port 6379 (tcp), aborting.\n")  # fmt: skip
        return Outcome(1)
    program.log("1:M * Ready to accept connections tcp\n")
    return Outcome()


def _option(words: tuple[str, ...], flag: str) -> str | None:
    for number, word in enumerate(words):
        if word == flag and number + 1 < len(words):
            return words[number + 1]
        if word.startswith(flag) and len(word) > len(flag) and not word.startswith("--"):
            return word[len(flag) :]
    return None


def _httpd(program: Program) -> Outcome | None:
    words = program.argv[1:]
    given = _option(words, "-p") or "80"
    address, _, port = given.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        return None
    local = numeric_address(address) if address else web.ANY6
    if local is None:
        program.log(f"httpd: bad address '{given}'\n", "stderr")
        return Outcome(1)
    trouble = program.cannot_listen(int(port), program.pid, "httpd", local)
    if trouble:
        program.log(f"httpd: bind: {trouble}\n", "stderr")
        return Outcome(1)
    return Outcome() if any(w.startswith("-") and "f" in w and w != "-h" for w in words) else Outcome(0)


def _nc(program: Program) -> Outcome | None:
    return _nc_listens(program, program.argv, program.pid)


def _nc_listens(program: Program, argv: tuple[str, ...], pid: int) -> Outcome | None:
    wanted = netcat.read(argv)
    if wanted is None:
        return None
    local = numeric_address(wanted.address) if wanted.address else web.ANY6
    if local is None:
        program.log(f"nc: bad address '{wanted.address}'\n", "stderr")
        return Outcome(1)
    name = kinds.basename(argv[0])
    trouble = program.cannot_listen(wanted.port, pid, name, local, wanted.protocol)
    if not trouble:
        return Outcome()
    program.log(netcat.cannot_bind(program.world, name, local, wanted.port, trouble), "stderr")
    return Outcome(1)


def seconds_of(words: tuple[str, ...]) -> float | None:
    """The sum of `sleep`'s words, None when one is no time; infinite for 'infinity'."""
    total = 0.0
    for word in words:
        if word in ("inf", "infinity"):
            return float("inf")
        match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)([smhd]?)", word)
        if match is None:
            return None
        total += float(match[1]) * _UNITS[match[2]]
    return total if words else None


def _sleep(program: Program) -> Outcome | None:
    seconds = seconds_of(program.argv[1:])
    if seconds is None:
        return None
    return Outcome() if seconds == float("inf") else Outcome(0, seconds)


def _shell(program: Program) -> Outcome | None:
    """A shell without a command waits for input, if somebody could give it some."""
    script = kinds.script_of(program.argv)
    if (words := netcat.in_loop(program.argv)) is not None:
        return _nc_listens(program, words, program.child(words))
    if script is not None and loops.endless(script):
        return _loop(program, script)
    if any(not word.startswith("-") or word == "-c" for word in program.argv[1:]):
        return None
    return Outcome() if program.config.interactive or program.config.tty else Outcome(0)


def _loop(program: Program, script: Script) -> Outcome:
    """A loop without end: its first round now, the others when their time has come (`keep_talking`)."""
    started = program.world.clock
    code, loop = _round(program, lambda context: loops.begin(context, program.argv[0], script))
    ended, program.world.clock = program.world.clock, started
    if loop is None:
        return Outcome(code, ended - started)
    books.change_spec(program.world, program.host, program.container.id, loop=loop)
    return Outcome()


def _round(
    program: Program, run: Callable[[Context], tuple[Result, loops.Loop | None]]
) -> tuple[int, loops.Loop | None]:
    """What a round printed is logged at its beginning; the clock is where it ended."""
    started = program.world.clock
    context = context_of(program.world, program.host, program.container.id)
    result, loop = run(replace(context, tty=False))
    ended, program.world.clock = program.world.clock, started
    program.log(result.stdout)
    program.log(result.stderr, "stderr")
    program.world.clock = ended
    return result.exit_code, loop


def _cat(program: Program) -> Outcome | None:
    if len(program.argv) > 1:
        return None
    return Outcome() if program.config.interactive or program.config.tty else Outcome(0)


def _tail(program: Program) -> Outcome | None:
    words = program.argv[1:]
    if not any(re.fullmatch(r"-[fF]", word) for word in words):
        return None
    files = [w for w in words if not w.startswith("-")]
    known = (*kinds.FILES, "/dev/null")
    return Outcome() if files and all(f in known for f in files) else None


def _top(program: Program) -> Outcome | None:
    return Outcome()


def _ping(program: Program) -> Outcome | None:
    words = program.argv[1:]
    if _option(words, "-c") is not None or not [w for w in words if not w.startswith("-")]:
        return None
    if books.spec(program.world, program.host, program.container.id).watched:
        return None  # somebody watches: the tool itself says what a ping without -c does here
    started, world = program.world.clock, program.world
    result, _ = _run(program, lambda context: run_command(context, ("ping", "-c", "1", *words)))
    reply = [line for line in result.stdout.splitlines() if "seq=" in line or line.startswith("PING")]
    program.log("".join(line + "\n" for line in reply))
    if not result.stdout.startswith("PING") or result.stderr:
        program.log(result.stderr, "stderr")
        return Outcome(result.exit_code)
    world.clock = started if len(reply) == 1 else world.clock  # nobody waits for an answer that doesn't come
    unheard = None if len(reply) > 1 or _knows_somebody(program) else world.clock
    books.change_spec(world, program.host, program.container.id, pings=("ping", *words), pinged=world.clock,
                      unheard=unheard)  # fmt: skip
    return Outcome()


def _exit(program: Program) -> Outcome | None:
    """`sh -c 'exit 3'`"""
    words = program.argv[1:]
    return Outcome(int(words[0]) % 256 if words and words[0].isdecimal() else 0)


_PORTS = {"postgres": 5432, "mariadbd": 3306, "catalina.sh": 8080, "entrypoint.sh": 5000, "whoami": 80}
_SECRETS = {
    "postgres": ("POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD"),
    "mariadbd": ("MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
                 "MARIADB_RANDOM_ROOT_PASSWORD"),
}  # fmt: skip


def _server(program: Program) -> Outcome | None:
    """A server of which the lab has the port, and a database's word that it wants a password."""
    name = kinds.basename(program.argv[0])
    if program.argv[0] == "whoami":
        return None  # busybox has a tool of that name; the server's image calls it /whoami
    wanted = _SECRETS.get(name, ())
    if wanted and not any(program.config.environment.get(one) for one in wanted):
        program.log(f"Error: Database is uninitialized and {wanted[0]} is not specified.\n", "stderr")
        return Outcome(1)
    if name != "whoami":
        program.only_for_root()
    trouble = program.cannot_listen(_PORTS[name], program.pid, name)
    if not trouble:
        return Outcome()
    program.log(f"{name}: bind: {trouble}\n", "stderr")
    return Outcome(1)


def _hello(program: Program) -> Outcome | None:
    program.log("\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n")
    return Outcome(0)


STAYING: dict[str, Callable[[Program], Outcome | None]] = {
    "nginx": _nginx, "httpd-foreground": _script, "mysqld": _script, "php-fpm": _script, "redis-server": _redis,
    "httpd": _httpd, "nc": _nc, "socat": _nc, "sleep": _sleep, "sh": _shell, "ash": _shell, "bash": _shell,
    "zsh": _shell,
    "cat": _cat, "tail": _tail, "top": _top, "ping": _ping, "hello": _hello,
    "exit": _exit, **dict.fromkeys(_PORTS, _server),
}  # fmt: skip


def stays_for_a_terminal(config: ContainerConfig) -> bool:
    """Is process 1 a shell at which a student can sit (`docker run -it busybox`)?"""
    argv = kinds.last_program(config.argv)
    shell = bool(argv) and kinds.basename(argv[0]) in (*kinds.SHELLS, "bash", "zsh")
    return config.tty and config.interactive and shell and all(w.startswith("-") and w != "-c" for w in argv[1:])


# -- what happens to them later -------------------------------------------------------------------------------------


def child_died(world: World, host: str, container_id: str, child: Process, signal: int) -> bool:
    """A process that was not process 1 is gone; does the container end with it? nginx replaces its worker, a service's
    script ends with its server."""
    container = books.get(world, host, container_id)
    config = books.spec(world, host, container_id).config
    name = kinds.name_of(config)
    if container.pid is None or child.argv[0] in kinds.SHELLS:
        return False
    if name == "nginx" and child.argv[0].startswith("nginx: worker"):
        web.nginx_child_died(world, host, container_id, child.ppid, child, signal)
        return False
    server = name in kinds.SCRIPTS and child.argv[:1] == kinds.SCRIPTS[name][1][:1]
    return server or (config.init and child.ppid == container.pid)


def reload(world: World, host: str, container_id: str) -> None:
    """SIGHUP at nginx."""
    container = books.find(world, host, container_id)
    if container.pid is not None:
        web.nginx_reload(world, Where(host, container.namespace or "host"), container_id, container.pid)


def say_goodbye(world: World, host: str, container_id: str, signal: int, sender: int | None = None) -> None:
    """What a program logs when a signal ends it in order; sender: the pid of who sent it, when that was inside."""
    config = books.spec(world, host, container_id).config
    if kinds.name_of(config) == "nginx" and signal != processes.SIGNALS["KILL"]:
        web.nginx_goodbye(world, host, container_id, signal, sender)


def keep_talking(world: World, apart: Apart) -> None:
    """A ping that runs as a container's program has sent one packet a second meanwhile, a loop has done its rounds."""
    for host, daemon in list(world.daemons.items()):
        for container_id, spec in list(daemon.containers.items()) if daemon.waiting else ():
            if (spec.loop and spec.loop.at <= world.clock) or (spec.pings and world.clock - spec.pinged >= 1):
                apart(world, host, container_id, partial(_talk_on, world, host, container_id, spec))


def _talk_on(world: World, host: str, container_id: str, spec: ContainerSpec) -> None:
    if spec.loop and (container := books.by_id(world, host, container_id)) and container.is_running:
        _loop_on(world, host, container, spec)
    if spec.pings and (container := books.by_id(world, host, container_id)) and container.is_running:
        _ping_on(world, host, container, spec.config, spec.pings)


def _loop_on(world: World, host: str, container: Container, spec: ContainerSpec) -> None:
    """The rounds that were due by now, each at its own time; the container ends when one of them leaves the loop."""
    now, loop = world.clock, spec.loop
    program = Program(world, host, container, spec.config, kinds.last_program(spec.config.argv), container.pid or 0)
    books.change_spec(world, host, container.id, loop=None)  # what a round does takes time, which starts no other
    for _ in range(loops.MOST_ROUNDS):
        if loop is None or loop.at > now:
            break
        world.clock = loop.at
        code, loop = _round(program, partial(loops.round_of, loop=loop))
        if loop is None:
            books.change_spec(world, host, container.id, ends_at=world.clock, exit_when_ended=code)
    world.clock = now
    if loop is not None and books.by_id(world, host, container.id):
        late = loop if loop.at > now else replace(loop, at=now + loops.LEAST)
        books.change_spec(world, host, container.id, loop=late)


def _ping_on(world: World, host: str, container: Container, config: ContainerConfig, argv: tuple[str, ...]) -> None:
    """What it asked since it asked last; what nobody answered is in no log, so that its numbers have gaps."""
    since = books.spec(world, host, container.id).pinged
    missed = int(world.clock - since)
    if missed < 1:
        return
    books.change_spec(world, host, container.id, pinged=since + missed)
    program = Program(world, host, container, config, argv, container.pid or 0)
    now, knew = world.clock, _knows_somebody(program)
    result, _ = _run(program, lambda context: run_command(context, ("ping", "-c", "1", *argv[1:])))
    world.clock = now
    line = next((line for line in result.stdout.splitlines() if "seq=" in line), None)
    unheard = books.spec(world, host, container.id).unheard
    if line is None:
        if unheard is None and not knew:
            books.change_spec(world, host, container.id, unheard=since + 1)
        return
    books.change_spec(world, host, container.id, unheard=None)
    first = since + 1
    late = round(first - unheard) % QUEUED if unheard is not None else 0
    begin = since - (container.started or 0.0)
    for at in range(-late if late < QUEUED - 1 else 1, missed):
        text = re.sub(r"seq=\d+", f"seq={int(begin) + 1 + at}", line)
        if at <= 0 < late:  # a question for the neighbour is answered at last, and what waited for it goes
            text = re.sub(r"time=[\d.]+", f"time={-1000 * at + DRIFT * late:.3f}", text)
        logs.write(world, host, container.id, "stdout", text + "\n", first + max(at, 0))


def _knows_somebody(program: Program) -> bool:
    space = program.world.namespace(Where(program.host, program.container.namespace or ""))
    return any(n.mac and n.state != "FAILED" for n in space.neighbours)
