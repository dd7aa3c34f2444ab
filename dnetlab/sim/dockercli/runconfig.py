"""From the flags of `docker run` and `docker create` to what the daemon is asked for (docker/cli container/opts.go).

The checks stand in the client's order, so of two mistakes the same one is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dnetlab.commands.docker.longvalues import parse_mount, parse_ulimit
from dnetlab.commands.docker.parse import Invocation
from dnetlab.commands.docker.ports import PortError, PortSpec, parse_expose, parse_publish
from dnetlab.commands.docker.units import parse_bytes, seconds_of
from dnetlab.commands.docker.values import LONG_NETWORK, is_mac
from dnetlab.model.host import RESERVED
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli import localfiles
from dnetlab.sim.dockercli.session import Failed, Session

Json = dict[str, Any]
_ADDRESSES = "Leave it out: addresses, names, links and ports are what the lab is about."
# Flags that would change what a lesson shows, and that the simulator can't obey.
REFUSED_FLAGS: dict[str, str] = {
    "device": _ADDRESSES,
    "gpus": _ADDRESSES,
    "userns": _ADDRESSES,
    "use-api-socket": _ADDRESSES,
}
MOST_PORTS = 4096


@dataclass
class _Attachment:
    """One --network as typed, before it is checked."""

    target: str
    aliases: tuple[str, ...] = ()
    address: str = ""
    address6: str = ""
    mac: str = ""
    gw_priority: int = 0
    links: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def is_user_defined(mode: str) -> bool:
    return mode not in RESERVED and not mode.startswith("container:")


def container_body(session: Session) -> Json:
    """The body of `POST /containers/create`. Raises Failed in the client's words, Refused."""
    call = session.call
    _refuse_flags(call)
    mac = call.text("mac-address")
    if mac and not is_mac(mac.strip()):
        raise Failed(f"{mac} is not a valid mac address")
    publish = [spec for text in call.all("publish") for spec in _ports(text)]
    exposed = [port for text in call.all("expose") for port in _exposed(text)]
    if (count := len(publish) + len(exposed) * call.on("publish-all")) > MOST_PORTS:
        raise Refused("This publishes {count:,} ports, and a real engine starts two docker-proxy for each.",
                      "The lab takes up to {most:,}; some show what all do.", count=count, most=MOST_PORTS)  # fmt: skip
    restart = restart_policy(call)
    attachments = _attachments(call)
    if mac or any(a.mac for a in attachments):
        session.needs("1.44", "specify mac-address per network")
    return {
        **_config(session, exposed + [_key(spec) for spec in publish]),
        "HostConfig": {
            "NetworkMode": attachments[0].target,
            "PortBindings": _port_bindings(publish),
            "RestartPolicy": restart,
            **_host_config(call),
        },
        "NetworkingConfig": {"EndpointsConfig": {a.target: _endpoint(a) for a in attachments}},
    }


def _config(session: Session, exposed: list[str]) -> Json:
    """What a container is, wherever it runs."""
    call = session.call
    attached, words = not call.on("detach"), list(call.arguments[1:])
    volumes = [value for value in call.all("volume") if ":" not in value]
    return {
        "Hostname": call.text("hostname"),
        "Domainname": call.text("domainname"),
        "User": call.text("user"),
        "AttachStdin": attached and call.on("interactive"),
        "AttachStdout": attached,
        "AttachStderr": attached,
        "ExposedPorts": {port: {} for port in exposed},
        "Tty": call.on("tty"),
        "OpenStdin": call.on("interactive"),
        "StdinOnce": attached and call.on("interactive"),
        "Env": environment(session),
        "Cmd": words or None,
        "Image": call.arguments[0],
        "Volumes": {path: {} for path in volumes},
        "WorkingDir": call.text("workdir"),
        "Entrypoint": [call.text("entrypoint")] if call.has("entrypoint") else None,
        "MacAddress": call.text("mac-address"),
        "Labels": dict(value.partition("=")[::2] for value in _labels(session)),
        **health(call),
        "StopSignal": call.text("stop-signal"),
        "StopTimeout": call.number("stop-timeout"),
    }


def environment(session: Session) -> list[str]:
    """--env-file, then -e; what has no value and no file to take it from is not set. Raises Failed."""
    found = [line for path in session.call.all("env-file") for line in localfiles.variables(session, path)]
    for value in session.call.all("env"):
        name, equals, _ = value.partition("=")
        own = (session.context.environment or {}).get(name)
        found += [value] if equals else [f"{name}={own}"] if own is not None else []
    return found


def _labels(session: Session) -> list[str]:
    files = session.call.all("label-file")
    return [line for path in files for line in localfiles.variables(session, path, "label")] + list(
        session.call.all("label"))  # fmt: skip


_HEALTH = {"health-interval": "Interval", "health-timeout": "Timeout", "health-start-period": "StartPeriod",
           "health-start-interval": "StartInterval"}  # fmt: skip


def health(call: Invocation) -> Json:
    """Raises Failed for what can't go together."""
    given = [flag for flag in ("health-cmd", "health-retries", *_HEALTH) if call.has(flag)]
    if call.on("no-healthcheck"):
        if given:
            raise Failed("--no-healthcheck conflicts with --health-* options")
        return {"Healthcheck": {"Test": ["NONE"]}}
    if not given:
        return {}
    found: Json = {"Test": ["CMD-SHELL", call.text("health-cmd")]} if call.text("health-cmd") else {}
    for flag, field in _HEALTH.items():
        length = seconds_of(call.text(flag)) or 0.0
        if length < 0:
            raise Failed(f"--{flag} cannot be negative")
        found |= {field: round(length * 1e9)} if length else {}
    retries = call.number("health-retries", 0) or 0
    if retries < 0:
        raise Failed("--health-retries cannot be negative")
    found |= {"Retries": retries} if retries else {}
    return {"Healthcheck": found} if found else {}


def _modes(call: Invocation) -> Json:
    """Raises Failed (docker/cli container/opts.go)."""
    pid, uts = call.text("pid"), call.text("uts")
    if pid not in ("", "host") and not (pid.startswith("container:") and pid != "container:"):
        raise Failed("--pid: invalid PID mode")
    if uts not in ("", "host"):
        raise Failed("--uts: invalid UTS mode")
    return {"PidMode": pid, "UTSMode": uts, "IpcMode": call.text("ipc"), "Runtime": call.text("runtime")}


def _long_mounts(call: Invocation) -> list[Json]:
    return [long_mount(text) for text in call.all("mount")]


def long_mount(text: str) -> Json:
    """One --mount as the API has it (docker/cli opts/mount.go)."""
    flag = parse_mount(text)
    row: Json = {"Type": flag.kind, "Source": flag.source, "Target": flag.target, "ReadOnly": flag.read_only}
    return row | {name: options for name, options in flag.options.items() if options}


def _logging(call: Invocation) -> Json:
    options = dict(value.partition("=")[::2] for value in call.all("log-opt"))
    if call.text("log-driver") == "none" and options:
        raise Failed('invalid logging opts for driver none')
    return {"LogConfig": {"Type": call.text("log-driver"), "Config": options}}


def _host_config(call: Invocation) -> Json:
    """What concerns the machine it runs on."""
    if "" in call.all("volume"):
        raise Failed("invalid empty volume spec")
    return {
        "Binds": [value for value in call.all("volume") if ":" in value],
        "AutoRemove": call.on("rm"),
        "CapAdd": list(call.all("cap-add")),
        "CapDrop": list(call.all("cap-drop")),
        "Dns": list(call.all("dns")),
        "DnsOptions": list(call.all("dns-option")),
        "DnsSearch": list(call.all("dns-search")),
        "ExtraHosts": [_add_host(value) for value in call.all("add-host")],
        "Links": list(call.all("link")),
        "Privileged": call.on("privileged"),
        "PublishAllPorts": call.on("publish-all"),
        "ReadonlyRootfs": call.on("read-only"),
        "Sysctls": dict(value.partition("=")[::2] for value in call.all("sysctl")),
        **limits(call),
        **_modes(call),
        **_logging(call),
        "Init": call.on("init"),
        "Mounts": _long_mounts(call),
        "Tmpfs": dict(value.partition(":")[::2] for value in call.all("tmpfs")),
        "VolumesFrom": list(call.all("volumes-from")) or None,
        "Ulimits": [{"Name": name, "Soft": soft, "Hard": hard}
                    for name, soft, hard in (parse_ulimit(text) for text in call.all("ulimit"))],
        "ContainerIDFile": call.text("cidfile"),
        "GroupAdd": list(call.all("group-add")) or None,
        "CgroupnsMode": _cgroupns(call),
        "DeviceCgroupRules": list(call.all("device-cgroup-rule")) or None,
        "Isolation": call.text("isolation"),
        "VolumeDriver": call.text("volume-driver"),
    }  # fmt: skip


def _cgroupns(call: Invocation) -> str:
    """Raises Failed."""
    if call.text("cgroupns") not in ("", "host", "private"):
        raise Failed("--cgroupns: invalid CGROUP mode")
    return call.text("cgroupns")


_BYTES = {"memory": "Memory", "memory-swap": "MemorySwap", "memory-reservation": "MemoryReservation",
          "kernel-memory": "KernelMemory"}  # fmt: skip
_NUMBERS = {"cpu-shares": "CpuShares", "cpu-period": "CpuPeriod", "cpu-quota": "CpuQuota",
            "cpu-rt-period": "CpuRealtimePeriod", "cpu-rt-runtime": "CpuRealtimeRuntime",
            "blkio-weight": "BlkioWeight", "pids-limit": "PidsLimit"}  # fmt: skip


def limits(call: Invocation) -> Json:
    """The limits among the flags, those given; of run, create and update."""
    found: Json = {field: parse_bytes(call.text(flag)) or 0 for flag, field in _BYTES.items() if call.has(flag)}
    found |= {field: call.number(flag, 0) for flag, field in _NUMBERS.items() if call.has(flag)}
    found |= {field: call.text(flag) for flag, field in (("cpuset-cpus", "CpusetCpus"), ("cpuset-mems", "CpusetMems"))
              if call.has(flag)}  # fmt: skip
    if call.has("cpus"):
        found["NanoCpus"] = round(float(Fraction(call.text("cpus"))) * 1e9)
    return found


def _refuse_flags(call: Invocation) -> None:
    for flag, hint in REFUSED_FLAGS.items():
        if call.has(flag) and call.text(flag) not in ("", "0s", "local"):
            raise Refused("docker run --{flag} is not simulated.", hint, flag=flag)
    for stream in call.all("attach"):
        if call.on("detach"):
            raise Failed("conflicting options: cannot specify both --attach and --detach")
        raise Refused(
            "docker run -a {stream} is not simulated.",
            "Leave -a out: without -d both streams are shown.",
            stream=stream,
        )
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


def _key(spec: PortSpec) -> str:
    return f"{spec.container_port}/{spec.protocol}"


def _port_bindings(publish: list[PortSpec]) -> Json:
    """{'80/tcp': [{'HostIp': '', 'HostPort': '8080'}]}"""
    found: dict[str, list[Json]] = {}
    for spec in publish:
        port = "" if spec.host_port is None else str(spec.host_port)
        if spec.host_port_end is not None:
            port = f"{spec.host_port or 0}-{spec.host_port_end}"
        found.setdefault(_key(spec), []).append({"HostIp": spec.host_ip, "HostPort": port})
    return found


def restart_policy(call: Invocation) -> Json:
    """--restart POLICY[:MAX] (docker/cli opts.ParseRestartPolicy); the daemon names a policy it doesn't know."""
    text = call.text("restart", "no")
    name, colon, most = text.partition(":")
    if colon and not name:
        raise Failed("invalid restart policy format: no policy provided before colon")
    if most and not most.lstrip("+-").isdecimal():
        raise Failed("invalid restart policy format: maximum retry count must be an integer")
    if call.on("rm") and name not in ("no", ""):
        raise Failed("conflicting options: cannot specify both --restart and --rm")
    return {"Name": name or "no", "MaximumRetryCount": int(most) if most else 0}


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
        elif key == "ip6":
            found.address6 = content
        elif key == "mac-address":
            found.mac = content
        elif key == "gw-priority":
            found.gw_priority = int(content)
        elif key == "link-local-ip":
            found.local += (content,)
        elif key == "driver-opt":
            found.options += (content,)
        else:
            raise Refused(
                "--network with {key}= is not simulated.",
                "Use name=, alias=, ip=, ip6=, mac-address=, gw-priority=, link-local-ip=, driver-opt=.",
                key=key,
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
    if first.address6 and call.has("ip6"):
        raise Failed("conflicting options: cannot specify both --ip6 and per-network IPv6 address")
    first.address = first.address or call.text("ip")
    first.address6 = first.address6 or call.text("ip6")
    first.local = first.local or call.all("link-local-ip")
    if is_user_defined(first.target):
        first.links = call.all("link")


def _check(attachment: _Attachment) -> None:
    if not attachment.target.strip():
        raise Failed("no name set for network")
    if not is_user_defined(attachment.target) and attachment.aliases:
        raise Failed("network-scoped aliases are only supported for user-defined networks")
    if attachment.mac and not is_mac(attachment.mac):
        raise Failed(f"{attachment.mac} is not a valid mac address")


def _endpoint(attachment: _Attachment) -> Json:
    """One EndpointSettings; an address that is none is the daemon's business."""
    fixed: Json = {"IPv4Address": attachment.address, "IPv6Address": attachment.address6,
                   "LinkLocalIPs": list(attachment.local)}  # fmt: skip
    return {
        "IPAMConfig": {key: address for key, address in fixed.items() if address} or None,
        "Links": list(attachment.links),
        "Aliases": list(attachment.aliases) or None,
        "MacAddress": attachment.mac,
        "GwPriority": attachment.gw_priority,
        "DriverOpts": dict(option.partition("=")[::2] for option in attachment.options) or None,
    }


def _add_host(value: str) -> str:
    """'name=address' and 'name:[address]' as the daemon wants it: 'name:address'."""
    name, equals, address = value.partition("=")
    if not equals:
        name, _, address = value.partition(":")
    return f"{name}:{address.removeprefix('[').removesuffix(']')}"
