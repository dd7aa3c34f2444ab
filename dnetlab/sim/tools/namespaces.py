"""`nsenter`, `ip netns list|exec` and `ip -n`: a host's own tools at work in the namespace of one of its containers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from json import dumps

from dnetlab.commands.ip import Options
from dnetlab.model import LinkKind, Namespace, Where
from dnetlab.model.changed import replace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd.sandbox import SYSCTLS
from dnetlab.sim.kernel import Stack
from dnetlab.sim.kernel.autoconf import loopback
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.netnames import MADE, NAMED
from dnetlab.sim.processes import find
from dnetlab.sim.text.links import number_of
from dnetlab.sim.tools import tree
from dnetlab.sim.tools.hostname import own_name

DOCKERS = "/run/docker/netns"  # where dockerd keeps what SandboxKey names
LETTERS = "muinpCUTa"  # nsenter(1): mount, uts, ipc, net, pid, cgroup, user, time, all


def namespace_at(context: Context, path: str) -> str | None:
    """The network namespace that a file stands for: /proc/PID/ns/net, a SandboxKey, a link to one of them."""
    path = LabFiles(context).followed(tree.absolute(context, path))
    found = re.fullmatch(r"/proc/(\d{1,9}|self)/ns/net", path)
    if found:
        return context.namespace if found[1] == "self" else namespace_of(context, int(found[1]))
    if path.startswith(NAMED + "/"):
        made = f"{MADE}{path.rsplit('/', 1)[-1]}"
        return made if made in context.machine.namespaces else None
    if not path.startswith(DOCKERS + "/"):
        return None
    from dnetlab.sim.dockerd.sandbox import sandbox_of

    name = path.rsplit("/", 1)[-1]
    ids = {container.short_id for container in context.machine.containers}
    if name in context.machine.namespaces and name != "host" and name not in ids:
        return name  # an overlay network's, or its load balancer's
    for container in context.machine.containers:
        if container.namespace and sandbox_of(context.world, container)[1].endswith(name):
            return container.namespace
    return None


def namespace_of(context: Context, pid: int) -> str | None:
    """The network namespace of a process of this host; None when there is no such process."""
    process = find(context.world, context.host, pid)
    return process.namespace if process else None


def run_in(context: Context, namespace: str, words: tuple[str, ...]) -> Result:
    """One of the host's programs in that network namespace."""
    from dnetlab.sim.shell import run_command

    return run_command(replace(context, namespace=namespace), words)


@dataclass(frozen=True)
class _Wish:
    """pid 0: none. kinds: the letters of the namespaces; net: the file named by --net=FILE."""

    pid: int
    kinds: frozenset[str]
    net: str
    command: tuple[str, ...]


def nsenter(context: Context, argv: tuple[str, ...]) -> Result:
    """`nsenter -t PID -n|-a COMMAND`, `nsenter --net=FILE COMMAND`."""
    wish = _read(argv[1:])
    if isinstance(wish, Result):
        return wish
    if not wish.pid and not wish.net:
        kinds = {"m": "mnt", "u": "uts", "i": "ipc", "n": "net", "p": "pid", "C": "cgroup", "U": "user", "T": "time"}
        kind = next((kinds[letter] for letter in "UCiunpmT" if letter in wish.kinds), "net")
        return Result("", f"nsenter: neither filename nor target pid supplied for ns/{kind}\n", 1)
    name = namespace_at(context, wish.net) if wish.net else namespace_of(context, wish.pid)
    if name is None:
        file = wish.net or f"/proc/{wish.pid}/ns/net"
        return Result("", f"nsenter: cannot open {file}: No such file or directory\n", 1)
    command = wish.command or ("bash",)
    if not wish.command:
        raise Refused("nsenter without a command opens a shell.", "Name the command: nsenter -t PID -n ip addr.")
    process = find(context.world, context.host, wish.pid)
    container = process.container if process is not None else None
    if wish.net or wish.kinds & {"n", "a"}:
        context = replace(context, namespace=name)
    if container is not None and wish.kinds & {"u", "a"}:
        context = replace(context, uts=own_name(replace(context, container=container)))
    return _whole(context, container if wish.kinds & {"m", "a"} else None, command)


def _whole(context: Context, container: str | None, command: tuple[str, ...]) -> Result:
    """With the mount namespace come the container's own programs."""
    from dnetlab.sim.dockerd.containers import exec_context
    from dnetlab.sim.shell import run_command

    if container is None:
        return run_command(context, command)
    place = exec_context(context.world, context.host, container, tty=context.tty)
    place = replace(place, namespace=context.namespace, uts=context.uts or own_name(context))
    return run_command(replace(place, stdin=context.stdin, input=context.input, budget=context.budget), command)


def _read(words: tuple[str, ...]) -> _Wish | Result:
    left, pid, kinds, net = list(words), 0, set(), ""
    long = {"mount": "m", "uts": "u", "ipc": "i", "net": "n", "pid": "p", "all": "a", "user": "U", "cgroup": "C"}
    while left and left[0].startswith("-") and left[0] != "-":
        word = left.pop(0)
        name, equals, value = word[2:].partition("=") if word.startswith("--") else ("", "", "")
        if word == "--":
            break
        if word in ("-t", "--target") or re.fullmatch(r"-t\d+", word) or name == "target":
            value = value or word[2:].lstrip("=") if word not in ("-t", "--target") else left.pop(0) if left else ""
            if not re.fullmatch(r"\d{1,9}", value):
                return Result("", f"nsenter: failed to parse pid: '{value}'\n", 1)
            pid = int(value)
        elif name in long:
            kinds.add(long[name])
            net = value if equals and name == "net" else net
        elif set(word[1:]) <= set(LETTERS) and not name:
            kinds |= set(word[1:])
        elif word[-1] == "t" and set(word[1:-1]) <= set(LETTERS) and left and left[0].isdecimal():
            kinds |= set(word[1:-1])
            pid = int(left.pop(0))
        elif re.fullmatch(r"-n=?/.+", word):
            kinds.add("n")
            net = word[2:].lstrip("=")
        else:
            return Result("", f"nsenter: invalid option -- '{word.lstrip('-')[:1]}'\n"
                              "Try 'nsenter --help' for more information.\n", 1)  # fmt: skip
    return _Wish(pid, frozenset(kinds), net, tuple(left))


# -- ip netns -----------------------------------------------------------------------------------------------------


def named(context: Context, name: str) -> str | None:
    """The namespace of that name in /run/netns, None when there is none."""
    path = f"{NAMED}/{name}"
    files = LabFiles(context)
    return namespace_at(context, path) if files.target(path) is not None or files.kind(path) else None


_VERBS = ("list", "show", "lst", "list-id", "help", "add", "set", "delete", "identify", "pids", "exec", "monitor",
          "attach")  # fmt: skip
_USAGE = """\
Usage:\tip netns list
\tip netns add NAME
\tip netns attach NAME PID
\tip netns set NAME NETNSID
\tip [-all] netns delete [NAME]
\tip netns identify [PID]
\tip netns pids NAME
\tip [-all] netns exec [NAME] cmd ...
\tip netns monitor
\tip netns list-id [target-nsid POSITIVE-INT] [nsid POSITIVE-INT]
NETNSID := auto | POSITIVE-INT
"""


def ip_netns(context: Context, verb: str, words: tuple[str, ...], options: Options) -> Result:
    """`ip netns [list]`, `ip netns add|delete NAME`, `attach NAME PID`, `exec NAME COMMAND`, `pids NAME`, `identify
    [PID]`, `list-id`. A verb may be cut short, as for matches() of iproute2."""
    full = next((one for one in _VERBS if one.startswith(verb)), "show" if verb == "ls" else "")
    json = options.json
    if options.all and full in ("exec", "delete"):
        return _with_each(context, full, words)
    if full in ("list", "show", "lst"):
        return _list(context, json)
    if full == "list-id" and not words:
        return _list_ids(context, json)
    if full == "identify":
        return _identify(context, words)
    if full in ("add", "attach"):
        return _add(context, full, words)
    if full in ("exec", "pids", "delete"):
        return _with_name(context, full, words)
    if full == "help":
        return Result("", _USAGE, 255)
    if not full:
        return Result("", f'Command "{verb}" is unknown, try "ip netns help".\n', 255)
    raise Refused("`ip netns {verb}` is not modelled.",
                  "`docker exec NAME ip addr` looks into a container; ln -s /proc/PID/ns/net /var/run/netns/NAME "
                  "gives its namespace a name.", verb=full)  # fmt: skip


def _with_name(context: Context, verb: str, words: tuple[str, ...]) -> Result:
    """What is done with a name: a command there, its processes, its end."""
    if not words:
        return Result("", "No netns name specified\n", 1)
    if verb == "exec" and len(words) == 1:
        return Result("", "No command specified\n", 1)
    space = named(context, words[0])
    if verb == "exec":
        return missing(words[0]) if space is None else run_in(context, space, words[1:])
    if verb == "pids":
        if space is None:
            return Result("", "Cannot open network namespace: No such file or directory\n", 1)
        return Result("".join(f"{p.pid}\n" for p in context.machine.processes if p.namespace == space))
    if space is None and LabFiles(context).target(f"{NAMED}/{words[0]}") is None:
        return Result("", f'Cannot remove namespace file "{NAMED}/{words[0]}": No such file or directory\n', 1)
    LabFiles(context).remove(f"{NAMED}/{words[0]}")
    if space is not None and space.startswith(MADE):  # else a process's, which may be gone
        _vanish(context, space)
    return Result()


def _with_each(context: Context, verb: str, words: tuple[str, ...]) -> Result:
    """`ip -all netns delete`, `ip -all netns exec COMMAND`: what is done to one is done to each."""
    out = err = ""
    for name in _names(context):
        done = _with_name(context, verb, (name, *words))
        out += (f"\nnetns: {name}\n" if verb == "exec" else "") + done.stdout
        err += done.stderr
    return Result(out, err)


def _names(context: Context) -> list[str]:
    """Those in /run/netns, the newest first."""
    files = LabFiles(context)
    return list(reversed(files.names(NAMED))) if files.kind(NAMED) == "directory" else []


def _list(context: Context, json: bool) -> Result:
    rows = [(name, _number(context, named(context, name))) for name in _names(context)]
    if json:
        found = [{"name": name} | ({} if number is None else {"id": number}) for name, number in rows]
        there = LabFiles(context).kind(NAMED) == "directory"
        return Result(dumps(found, separators=(",", ":")) + "\n" if there else "")
    return Result("".join(f"{name}\n" if number is None else f"{name} (id: {number})\n" for name, number in rows))


def _list_ids(context: Context, json: bool) -> Result:
    """The numbers that this namespace has for others, and the first name of each."""
    here = context.stack
    others = {i.peer.namespace for i in here.interfaces if i.peer and i.peer.namespace != here.name}
    names: dict[str | None, str] = {}
    for name in _names(context):
        names.setdefault(named(context, name), name)
    rows = sorted((number_of(here, space), names.get(space)) for space in others)
    if json:
        found = [{"nsid": number} | ({"name": name} if name else {}) for number, name in rows]
        return Result(dumps(found, separators=(",", ":")) + "\n")
    told = (f"nsid {number} " + (f"(iproute2 netns name: {name})" if name else "") for number, name in rows)
    return Result("".join(f"{one}\n" for one in told))


def _identify(context: Context, words: tuple[str, ...]) -> Result:
    """The name of a process's namespace, of several the oldest; an empty line without one."""
    if len(words) > 1:
        return Result("", "extra arguments specified\n", 1)
    if words and not words[0].isdecimal():
        return Result("", f"Specified string '{words[0]}' is not a pid\n", 1)
    space = target_of(context, words[0]) if words else context.namespace
    if space is None:
        return Result("", "Cannot open network namespace: No such file or directory\n", 1)
    found = [name for name in _names(context) if named(context, name) == space]
    return Result(f"{found[-1] if found else ''}\n")


def _number(context: Context, space: str | None) -> int | None:
    """The number that this namespace has for it, because a link's other end is there."""
    here = context.stack
    if space is None or not any(i.peer and i.peer.namespace == space for i in here.interfaces):
        return None
    return number_of(here, space)


def _add(context: Context, verb: str, words: tuple[str, ...]) -> Result:
    """A name in /run/netns: of a new namespace, which has lo alone and down, or of a process's."""
    if not words or verb == "attach" and len(words) < 2:
        both = "No netns name and PID specified\n" if verb == "attach" else "No netns name specified\n"
        return Result("", both, 1)
    name, path, world = words[0], f"{NAMED}/{words[0]}", context.world
    if "/" in name or name in (".", ".."):
        return Result("", f'Invalid netns name "{name}"\n', 255)
    if LabFiles(context).kind(path) or LabFiles(context).target(path) is not None:
        return Result("", f'Cannot create namespace file "{path}": File exists\n', 1)
    if verb == "attach":
        if not words[1].isdecimal():
            return Result("", f"Invalid PID: {words[1]}\n", 1)
        if find(world, context.host, int(words[1])) is None:
            told = f"Bind /proc/{words[1]}/ns/net -> {path} failed: No such file or directory\n"
            return Result("", told, 1)
        world.links[context.host, "", path] = f"/proc/{words[1]}/ns/net"
        return Result()
    if LabFiles(context).kind(NAMED) != "directory":
        LabFiles(context).make_directory(NAMED)
    world.files[context.host, "", path] = ""
    lo = replace(loopback(), up=False, fresh=True, addresses=())
    where = Where(context.host, MADE + name)
    world.put_namespace(where, Namespace(where.namespace, (lo,), sysctls=dict(SYSCTLS), last_index=lo.index))
    return Result()


def _vanish(context: Context, space: str) -> None:
    """The last name of a namespace is gone: its veth pairs and bridges go with it, a NIC comes back to the host."""
    where = Where(context.host, space)
    kernel = Stack(context.world, where)
    for link in context.world.namespace(where).interfaces:
        if link.kind is LinkKind.PHYSICAL:
            kernel.move(link.name, "host")
        elif link.kind is not LinkKind.LOOPBACK and context.world.namespace(where).interface(link.name) is not None:
            kernel.delete(link.name)
    context.world.drop_namespace(where)


def target_of(context: Context, word: str) -> str | None:
    """The namespace that `ip link set … netns WORD` means: a pid or a name."""
    if word.isdecimal():
        return namespace_of(context, int(word)) if word != "1" else "host"
    return named(context, word)


def missing(name: str) -> Result:
    return Result("", f'Cannot open network namespace "{name}": No such file or directory\n', 255)
