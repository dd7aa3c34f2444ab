"""From the flags of `docker run` and `docker create` to what the daemon is asked for (docker/cli container/opts.go).

The checks stand in the client's order, so of two mistakes the same one is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from dnetlab.commands.docker.parse import Invocation
from dnetlab.commands.docker.ports import PortError, PortSpec, parse_expose, parse_publish
from dnetlab.commands.docker.values import LONG_NETWORK, is_mac, parse_bytes
from dnetlab.model import Protocol
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.addresses import address_or_error
from dnetlab.sim.dockercli.network import split_link
from dnetlab.sim.dockercli.session import Failed
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import ContainerConfig, Mount, NetworkAttachment, PortRequest, RestartPolicy
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

_ADDRESSES = "Leave it out: addresses, names, links and ports are what the lab is about."
# Flags that would change what a lesson shows, and that the simulator can't obey.
REFUSED_FLAGS: dict[str, str] = {
    "env-file": "Give each variable with -e NAME=VALUE.",
    "label-file": "Give each label with --label NAME=VALUE.",
    "cidfile": "The id is printed; docker ps -lq shows it again.",
    "ip6": "Use --ip with an IPv4 address.",
    "link-local-ip": "Use --ip with an IPv4 address.",
    "volumes-from": "Name the volume in both containers: -v NAME:/path.",
    "mount": "Use -v NAME:/path.",
    "device": _ADDRESSES,
    "gpus": _ADDRESSES,
    "health-cmd": "Ask the program with docker exec.",
    "health-interval": "Ask the program with docker exec.",
    "pid": _ADDRESSES,
    "ipc": _ADDRESSES,
    "uts": _ADDRESSES,
    "userns": _ADDRESSES,
    "runtime": _ADDRESSES,
    "use-api-socket": _ADDRESSES,
    "volume-driver": "Local volumes are there: -v NAME:/path.",
    "log-driver": "docker logs shows what the program printed.",
}
_BUILT_IN = ("default", "bridge", "host", "none")


@dataclass
class _Attachment:
    """One --network as typed, before it is checked."""

    target: str
    aliases: tuple[str, ...] = ()
    address: str = ""
    mac: str = ""
    gw_priority: int = 0
    links: tuple[str, ...] = ()


def is_user_defined(mode: str) -> bool:
    return mode not in _BUILT_IN and not mode.startswith("container:")


def container_config(world: World, host: str, call: Invocation) -> ContainerConfig:
    """What the daemon is asked for. Raises Failed in the client's words, ApiError in the daemon's, Refused."""
    _refuse_flags(call)
    mac = call.text("mac-address")
    if mac and not is_mac(mac.strip()):
        raise Failed(f"{mac} is not a valid mac address")
    publish = tuple(_request(spec) for text in call.all("publish") for spec in _ports(text))
    exposed = tuple(port for text in call.all("expose") for port in _exposed(text))
    restart, most = _restart(world, call)
    attachments = _attachments(call)
    mode = attachments[0].target if attachments else "default"
    links = tuple(split_link(link) for link in call.all("link"))
    networks = tuple(_network(world, host, a) for a in attachments)
    if len(networks) == 1 and not (
        attachments[0].address or networks[0].aliases or networks[0].links or networks[0].mac
    ):
        networks = ()
    _check_process(call)
    if (mac or any(a.mac for a in attachments)) and not release_of(world).speaks("1.44"):
        raise Failed(  # client 28.2.2 to 20.10.24, observed
            '"specify mac-address per network" requires API version 1.44, but the Docker daemon API version is '
            + release_of(world).api
        )
    words = call.arguments[1:]
    entrypoint = call.text("entrypoint") if call.has("entrypoint") else None
    return ContainerConfig(
        image=call.arguments[0],
        name=call.text("name"),
        command=words if words else None,
        entrypoint=None if entrypoint is None else ((entrypoint,) if entrypoint else ()),
        hostname=call.text("hostname"),
        domainname=call.text("domainname"),
        user=call.text("user"),
        working_dir=call.text("workdir"),
        tty=call.on("tty"),
        interactive=call.on("interactive"),
        attach=not call.on("detach"),
        env=tuple(value for value in call.all("env") if "=" in value),
        labels=dict(value.partition("=")[::2] for value in call.all("label")),
        network_mode=mode,
        networks=networks,
        publish=publish,
        publish_all=call.on("publish-all"),
        expose=exposed,
        dns=call.all("dns"),
        dns_search=call.all("dns-search"),
        dns_options=call.all("dns-option"),
        add_hosts=tuple(_add_host(value) for value in call.all("add-host")),
        links=() if is_user_defined(mode) else links,
        mac_address=mac or None,
        restart=restart,
        restart_max=most,
        auto_remove=call.on("rm"),
        cap_add=_capabilities(call.all("cap-add"), "CapAdd"),
        cap_drop=_capabilities(call.all("cap-drop"), "CapDrop"),
        privileged=call.on("privileged"),
        mounts=tuple(_mount(value) for value in call.all("volume")),
        sysctls=dict(value.partition("=")[::2] for value in call.all("sysctl")),
        stop_signal=call.text("stop-signal"),
        stop_timeout=call.number("stop-timeout"),
        read_only=call.on("read-only"),
        init=call.on("init"),
        memory=parse_bytes(call.text("memory")) or 0 if call.has("memory") else 0,
        cpus=float(call.text("cpus")) if call.has("cpus") and "/" not in call.text("cpus") else 0.0,
    )


def _refuse_flags(call: Invocation) -> None:
    for flag, hint in REFUSED_FLAGS.items():
        if call.has(flag) and call.text(flag) not in ("", "0s"):
            if flag == "env-file":
                raise Failed(f"open {call.text(flag)}: no such file or directory")
            raise Refused(f"docker run --{flag} is not simulated.", hint)
    for stream in call.all("attach"):
        if call.on("detach"):
            raise Failed("conflicting options: cannot specify both --attach and --detach")
        raise Refused(f"docker run -a {stream} is not simulated.", "Leave -a out: without -d both streams are shown.")
    if call.text("pull", "missing") not in ("always", "missing", "never"):
        raise Failed(f'invalid pull option: \'{call.text("pull")}\': must be one of "always", "missing" or "never"')


def _ports(text: str) -> tuple[PortSpec, ...]:
    try:
        return parse_publish(text)
    except PortError as error:
        raise Failed(str(error)) from None


def _exposed(text: str) -> tuple[str, ...]:
    try:
        return parse_expose(text)
    except PortError as error:
        raise Failed(str(error)) from None


def _request(spec: PortSpec) -> PortRequest:
    if spec.protocol == "sctp":
        raise Refused("SCTP ports are not simulated.", "Publish a tcp or udp port: -p 8080:80, -p 53:53/udp.")
    host_ip = ip_address(spec.host_ip) if spec.host_ip else None
    return PortRequest(spec.container_port, Protocol(spec.protocol), host_ip, spec.host_port, spec.host_port_end)


def _restart(world: World, call: Invocation) -> tuple[RestartPolicy, int]:
    """--restart POLICY[:MAX] (docker/cli opts.ParseRestartPolicy); the daemon names a policy it doesn't know."""
    text = call.text("restart", "no")
    name, colon, most = text.partition(":")
    if colon and not name:
        raise Failed("invalid restart policy format: no policy provided before colon")
    if most and not most.lstrip("+-").isdecimal():
        raise Failed("invalid restart policy format: maximum retry count must be an integer")
    if call.on("rm") and name not in ("no", ""):
        raise Failed("conflicting options: cannot specify both --restart and --rm")
    try:
        policy = RestartPolicy(name or "no")
    except ValueError:
        raise ApiError(release_of(world).text("bad restart policy", name=name), 400) from None
    if policy is RestartPolicy.ON_FAILURE and most.startswith("-") and int(most):
        raise ApiError(release_of(world).text("negative retries"), 400)
    return policy, int(most) if most else 0


def _attachments(call: Invocation) -> list[_Attachment]:
    found = [_parse_network(value) for value in call.all("network")] or [_Attachment("default")]
    _apply_options(found[0], call)
    seen: set[str] = set()
    for attachment in found:
        _check(attachment)
        if attachment.target in seen:
            raise Failed(f'network "{attachment.target}" is specified multiple times')
        seen.add(attachment.target)
    kinds = {is_user_defined(a.target) for a in found}
    if len(kinds) > 1:
        raise Failed("conflicting options: cannot attach both user-defined and non-user-defined network-modes")
    return found


def _parse_network(value: str) -> _Attachment:
    """NAME, or name=NAME,alias=A,ip=1.2.3.4,mac-address=…,gw-priority=N (docker/cli opts/network.go)."""
    if not LONG_NETWORK.search(value):
        return _Attachment(value)
    found = _Attachment("")
    for item in value.split(","):
        key, _, content = item.partition("=")
        key, content = key.strip().lower(), content.strip()
        if key == "name":
            found.target = content
        elif key == "alias":
            found.aliases += (content,)
        elif key == "ip":
            found.address = content
        elif key == "mac-address":
            found.mac = content
        elif key == "gw-priority":
            found.gw_priority = int(content)
        else:
            raise Refused(
                f"--network with {key}= is not simulated.", "Use name=, alias=, ip=, mac-address=, gw-priority=."
            )
    return found


def _apply_options(first: _Attachment, call: Invocation) -> None:
    """--network-alias, --ip, --link belong to the first network (opts.go applyContainerOptions)."""
    if first.aliases and call.has("network-alias"):
        raise Failed("conflicting options: cannot specify both --network-alias and per-network alias")
    if first.address and call.has("ip"):
        raise Failed("conflicting options: cannot specify both --ip and per-network IPv4 address")
    if first.mac and call.has("mac-address"):
        raise Failed("conflicting options: cannot specify both --mac-address and per-network MAC address")
    first.aliases = first.aliases or call.all("network-alias")
    first.address = first.address or call.text("ip")
    if is_user_defined(first.target):
        first.links = call.all("link")


def _check(attachment: _Attachment) -> None:
    if not attachment.target.strip():
        raise Failed("no name set for network")
    if not is_user_defined(attachment.target) and attachment.aliases:
        raise Failed("network-scoped aliases are only supported for user-defined networks")
    if attachment.mac and not is_mac(attachment.mac):
        raise Failed(f"{attachment.mac} is not a valid mac address")


def _network(world: World, host: str, attachment: _Attachment) -> NetworkAttachment:
    shown = release_of(world).default_mode if attachment.target == "default" else attachment.target
    address = address_or_error(
        world, host, attachment.address, attachment.target, f"invalid config for network {shown}: "
    )
    links = tuple(split_link(link) for link in attachment.links)
    return NetworkAttachment(
        attachment.target, address, attachment.aliases, links, attachment.mac or None, attachment.gw_priority
    )


def _add_host(value: str) -> tuple[str, str]:
    name, equals, address = value.partition("=")
    if not equals:
        name, _, address = value.partition(":")
    return name, address.removeprefix("[").removesuffix("]")


_CAPABILITIES = frozenset(  # capabilities(7)
    [
        "AUDIT_CONTROL",
        "AUDIT_READ",
        "AUDIT_WRITE",
        "BLOCK_SUSPEND",
        "BPF",
        "CHECKPOINT_RESTORE",
        "CHOWN",
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH",
        "FOWNER",
        "FSETID",
        "IPC_LOCK",
        "IPC_OWNER",
        "KILL",
        "LEASE",
        "LINUX_IMMUTABLE",
        "MAC_ADMIN",
        "MAC_OVERRIDE",
        "MKNOD",
        "NET_ADMIN",
        "NET_BIND_SERVICE",
        "NET_BROADCAST",
        "NET_RAW",
        "PERFMON",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYSLOG",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_CHROOT",
        "SYS_MODULE",
        "SYS_NICE",
        "SYS_PACCT",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "SYS_RESOURCE",
        "SYS_TIME",
        "SYS_TTY_CONFIG",
        "WAKE_ALARM",
    ]
)


def _capabilities(values: tuple[str, ...], flag: str) -> tuple[str, ...]:
    """'net_admin' -> 'CAP_NET_ADMIN'; ApiError for one the kernel doesn't have."""
    found = []
    for value in values:
        bare = value.upper().removeprefix("CAP_")
        if bare not in _CAPABILITIES and bare != "ALL":
            raise ApiError(f'invalid {flag}: unknown capability: "CAP_{bare}"', 400)
        found.append(bare if bare == "ALL" else f"CAP_{bare}")
    return tuple(found)


def _check_process(call: Invocation) -> None:
    """The working directory and the user of the program."""
    directory, user = call.text("workdir"), call.text("user")
    if directory and not directory.startswith("/"):
        raise ApiError(f"the working directory '{directory}' is invalid, it needs to be an absolute path", 400)
    if user not in ("", "root", "0", "root:root", "0:0"):
        raise Refused("Only root is simulated inside containers.", "Leave -u out.")


def _mount(value: str) -> Mount:
    """-v /path, -v NAME:/path[:ro], -v /host/path:/path[:ro]"""
    if not value:
        raise Failed("invalid empty volume spec")
    parts = value.split(":")
    if len(parts) == 1:
        return Mount(value)
    source, destination, mode = parts[0], parts[1], parts[2] if len(parts) > 2 else ""
    if (
        set(mode.split(",")) - {"", "ro", "rw", "z", "Z", "nocopy", "cached", "consistent", "delegated"}
        or len(parts) > 3
    ):
        raise ApiError(f"invalid mode: {mode}" if len(parts) == 3 else f"invalid volume specification: '{value}'", 400)
    kind = "bind" if source.startswith(("/", ".", "~")) else "volume"
    if not destination.startswith("/") and source:
        raise ApiError(
            f"invalid volume specification: '{value}': invalid mount config for type \"{kind}\": "
            f"invalid mount path: '{destination}' mount path must be absolute", 400,
        )  # fmt: skip
    return Mount(
        destination if destination.startswith("/") else f"/{destination}", source, kind, "ro" in mode.split(",")
    )
