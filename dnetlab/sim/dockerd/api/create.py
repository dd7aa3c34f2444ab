"""The body of `POST /containers/create` as the daemon's own values, looked at in the daemon's order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from dnetlab.model import Protocol
from dnetlab.model.changed import replace
from dnetlab.model.host import RESERVED
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import health, resources, sharing
from dnetlab.sim.dockerd.api.addresses import address_or_error
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import ContainerConfig, Limits, Mount, NetworkAttachment, PortRequest, RestartPolicy
from dnetlab.sim.dockerd.drivers.options import LINK_SYSCTLS
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

Json = dict[str, Any]
_CAPABILITIES = frozenset(
    re.findall(
        r"\w+",
        """
    AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER
    FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE
    NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE
    SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
""",
    )
)  # capabilities(7)
_MODES = {"", "ro", "rw", "z", "Z", "nocopy", "cached", "consistent", "delegated"}
# Fields of HostConfig that would change what a lab shows, and that the daemon here can't obey.
_NOT_MODELLED = ("UsernsMode", "Devices", "DeviceRequests")
_USUAL: tuple[Any, ...] = ("", "local", None, [])
_RUNTIMES = ("", "runc", "io.containerd.runc.v2")


def config_of(world: World, host: str, name: str, body: Json) -> ContainerConfig:
    """What is asked for, not yet merged with the image. Raises ApiError for values that can't be read, Refused."""
    machine: Json = body.get("HostConfig") or {}
    _check_modelled(body, machine)
    _check_values(world, body, machine)
    publish = _publish(machine.get("PortBindings") or {})
    restart, most = restart_policy(world, machine.get("RestartPolicy") or {})
    mode = machine.get("NetworkMode") or "default"
    networks = _networks(world, host, mode, (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {})
    _check_sysctls(world, mode, machine.get("Sysctls") or {})
    _check_process(body)
    entrypoint = _words(body.get("Entrypoint"))
    return replace(
        _of_machine(machine),
        image=body.get("Image", ""),
        name=name,
        command=_words(body.get("Cmd")),
        entrypoint=() if entrypoint == ("",) else entrypoint,
        hostname=body.get("Hostname", ""),
        domainname=body.get("Domainname", ""),
        user=body.get("User", ""),
        working_dir=body.get("WorkingDir", ""),
        tty=body.get("Tty", False),
        interactive=body.get("OpenStdin", False),
        attach=bool(body.get("AttachStdout") or body.get("AttachStderr")),
        env=tuple(body.get("Env") or ()),
        labels=dict(body.get("Labels") or {}),
        network_mode=mode,
        networks=networks,
        publish=publish,
        publish_all=machine.get("PublishAllPorts", False),
        expose=tuple(port if port.partition("/")[2] else f"{port.rstrip('/')}/tcp" for port in
                     body.get("ExposedPorts") or ()),
        add_hosts=tuple(_pair(row) for row in machine.get("ExtraHosts") or ()),
        links=() if _is_user_defined(mode) else tuple(_link(row) for row in machine.get("Links") or ()),
        mac_address=body.get("MacAddress") or None,
        restart=restart,
        restart_max=most,
        auto_remove=machine.get("AutoRemove", False),
        cap_add=_capabilities(machine.get("CapAdd") or (), "CapAdd"),
        cap_drop=_capabilities(machine.get("CapDrop") or (), "CapDrop"),
        privileged=machine.get("Privileged", False),
        mounts=_mounts(machine, body.get("Volumes") or ()),
        sysctls=dict(machine.get("Sysctls") or {}),
        stop_signal=body.get("StopSignal", ""),
        stop_timeout=body.get("StopTimeout"),
        read_only=machine.get("ReadonlyRootfs", False),
        init=bool(machine.get("Init")),
        limits=_limits(world, machine),
        ulimits=tuple((row["Name"], row["Soft"], row["Hard"]) for row in machine.get("Ulimits") or ()),
        log_driver=(machine.get("LogConfig") or {}).get("Type", ""),
        log_options=tuple(sorted(((machine.get("LogConfig") or {}).get("Config") or {}).items())),
        id_file=machine.get("ContainerIDFile", ""),
        health=tuple(body["Healthcheck"].items()) if body.get("Healthcheck") else None,
    )


def _check_sysctls(world: World, mode: str, sysctls: Json) -> None:
    """Since 28, for clients since API 1.48: a link's own are no part of --sysctl (api/server/router/container
    handleSysctlBC)."""
    text = release_of(world).texts["sysctl of a link"]
    if not text or mode == "host" or mode.startswith("container:"):
        return
    found = next((key for key in sysctls if re.match(r"net\.[^.]*\.[^.]*\.eth[^.]*\.", key)), None)
    if found is not None:
        raise ApiError(text.format(key=found), 500)


def _of_machine(machine: Json) -> ContainerConfig:
    """What HostConfig says and nobody looks at before it is kept."""
    return ContainerConfig(
        image="",
        dns=tuple(machine.get("Dns") or ()),
        dns_search=tuple(machine.get("DnsSearch") or ()),
        dns_options=tuple(machine.get("DnsOptions") or ()),
        volumes_from=tuple(machine.get("VolumesFrom") or ()),
        pid_mode=machine.get("PidMode", ""),
        ipc_mode=machine.get("IpcMode", ""),
        uts_mode=machine.get("UTSMode", ""),
        groups=tuple(str(group) for group in machine.get("GroupAdd") or ()),
        cgroupns=machine.get("CgroupnsMode", ""),
        isolation=machine.get("Isolation", ""),
        device_rules=tuple(machine.get("DeviceCgroupRules") or ()),
        volume_driver=machine.get("VolumeDriver", ""),
    )


def _limits(world: World, machine: Json) -> Limits:
    found = resources.limits_of(machine)
    resources.check(world, found)
    return found


def _check_modelled(body: Json, machine: Json) -> None:
    for field in _NOT_MODELLED:
        if machine.get(field) not in _USUAL:
            raise Refused(
                "HostConfig.{field} is not modelled.",
                "Leave it out: addresses, names, links and ports are what the lab is about.",
                field=field,
            )

def _check_values(world: World, body: Json, machine: Json) -> None:
    """What the daemon refuses."""
    uts = machine.get("UTSMode", "")
    if uts not in ("", "host") and release_of(world).validates_config:  # observed on 26.1.5, 28.5.2; 20.10.24 takes it
        raise ApiError(f"invalid UTS mode: {uts}", 400)
    driver, named = machine.get("VolumeDriver", ""), [bind for bind in machine.get("Binds") or () if bind[:1] != "/"]
    if driver not in ("", "local") and named:
        name = named[0].partition(":")[0]
        raise ApiError(f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found', 404)
    if machine.get("CgroupnsMode", "") not in ("", "private", "host"):
        raise ApiError(f"invalid cgroup namespace mode: {machine['CgroupnsMode']}", 400)
    if machine.get("Isolation", "") not in ("", "default"):
        raise ApiError(f"invalid isolation ({machine['Isolation']}): linux only supports 'default'", 400)
    if machine.get("Runtime", "") not in _RUNTIMES:
        raise ApiError(release_of(world).text("bad runtime", name=machine["Runtime"]), 400)
    health.check(body.get("Healthcheck") or {})
    logging: Json = machine.get("LogConfig") or {}
    sharing.check_logging(logging.get("Type", ""), logging.get("Config") or {})


def _words(value: Any) -> tuple[str, ...] | None:
    """A command: a list, one word, or nothing said."""
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def _pair(text: str) -> tuple[str, str]:
    """'name:address' (the address may have colons)."""
    name, _, address = text.partition(":")
    return name, address


def _link(text: str) -> tuple[str, str]:
    """'web1:nginx' -> ('web1', 'nginx'); without an alias the name is used (docker/cli opts.ParseLink)."""
    name, alias = _pair(text)
    return name, alias or name


def _is_user_defined(mode: str) -> bool:
    return mode not in RESERVED and not mode.startswith("container:")


# -- ports ------------------------------------------------------------------------------------------------------------


def _publish(bindings: Json) -> tuple[PortRequest, ...]:
    """{'80/tcp': [{'HostIp': '', 'HostPort': '8080-8090'}]}"""
    return tuple(_request(key, row) for key, rows in bindings.items() for row in rows or [{}])


def _request(key: str, row: Json) -> PortRequest:
    number, _, protocol = key.partition("/")
    if protocol == "sctp":
        raise Refused("SCTP ports are not simulated.", "Publish a tcp or udp port: -p 8080:80, -p 53:53/udp.")
    address, (first, _, last) = row.get("HostIp", ""), row.get("HostPort", "").partition("-")
    if not all(part.isdecimal() and int(part) <= 65535 for part in (first, last) if part):
        raise ApiError(f'invalid port specification: "{row["HostPort"]}"', 400)
    return PortRequest(
        int(number), Protocol(protocol or "tcp"), ip_address(address) if address else None,
        int(first) if first and (first != "0" or last) else None, int(last) if last else None,
    )  # fmt: skip


# -- policies, processes, capabilities --------------------------------------------------------------------------------


def restart_policy(world: World, policy: Json) -> tuple[RestartPolicy, int]:
    """Read {'Name': …, 'MaximumRetryCount': …}; the daemon names a policy it doesn't know (ApiError 400)."""
    name, most = policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0
    try:
        found = RestartPolicy(name)
    except ValueError:
        raise ApiError(release_of(world).text("bad restart policy", name=name), 400) from None
    if found is RestartPolicy.ON_FAILURE and most < 0:
        raise ApiError(release_of(world).text("negative retries"), 400)
    return found, most


def _check_process(body: Json) -> None:
    """The working directory of the program."""
    directory = body.get("WorkingDir", "")
    if directory and not directory.startswith("/"):
        raise ApiError(f"the working directory '{directory}' is invalid, it needs to be an absolute path", 400)


def _capabilities(values: Any, field: str) -> tuple[str, ...]:
    """'net_admin' -> 'CAP_NET_ADMIN'; ApiError for one the kernel doesn't have."""
    found = []
    for value in values:
        bare = value.upper().removeprefix("CAP_")
        if bare not in _CAPABILITIES and bare != "ALL":
            raise ApiError(f'invalid {field}: unknown capability: "CAP_{bare}"', 400)
        found.append(bare if bare == "ALL" else f"CAP_{bare}")
    return tuple(found)


# -- networks ---------------------------------------------------------------------------------------------------------


def _networks(world: World, host: str, mode: str, endpoints: Json) -> tuple[NetworkAttachment, ...]:
    """The networks asked for in their order, that of the mode first; () when there is no more to say than the mode."""
    names = [name for name in endpoints if name == mode] + [name for name in endpoints if name != mode]
    shown = {"default": release_of(world).default_mode}
    found = tuple(attachment_of(world, host, name, endpoints[name] or {},
                                f"invalid config for network {shown.get(name, name)}: ") for name in names)  # fmt: skip
    plain = NetworkAttachment(mode)
    return () if found in ((), (plain,)) else found


_SAID = ("IPAMConfig", "DriverOpts", "Aliases")  # what inspect shows as empty where it came so, else as null
_EMPTY: tuple[Any, ...] = ({}, [])


def attachment_of(world: World, host: str, network: str, settings: Json, frame: str = "") -> NetworkAttachment:
    """One EndpointSettings: IPAMConfig.IPv4Address, Aliases, Links, MacAddress, GwPriority.

    frame: what daemons since 25 put in front of a complaint when a container is created. Raises ApiError, Refused.
    """
    ipam: Json = settings.get("IPAMConfig") or {}
    options: Json = settings.get("DriverOpts") or {}
    if LINK_SYSCTLS in options:  # others mean nothing to the drivers of the lab, nor to those of Docker
        raise Refused("The driver option {name} of endpoints is not modelled.", "Leave it out.", name=LINK_SYSCTLS)
    address = address_or_error(world, host, ipam.get("IPv4Address", ""), network, frame)
    address6 = address_or_error(world, host, ipam.get("IPv6Address", ""), network, frame, version=6)
    links = tuple(_link(row) for row in settings.get("Links") or ())
    mac = settings.get("MacAddress") or None if release_of(world).endpoint_macs else None
    return NetworkAttachment(
        network, address, tuple(settings.get("Aliases") or ()), links, mac,
        settings.get("GwPriority", 0), address6, tuple(ip_address(text) for text in ipam.get("LinkLocalIPs") or ()),
        tuple(options.items()), tuple(name for name in _SAID if settings.get(name) in _EMPTY),
    )  # fmt: skip


# -- files ------------------------------------------------------------------------------------------------------------


def _mounts(machine: Json, volumes: Iterable[str]) -> tuple[Mount, ...]:
    """HostConfig.Binds, Mounts and Tmpfs, and the paths of nameless volumes in Config.Volumes.

    A path of Config.Volumes where something is mounted already gets no volume (moby daemon/volumes_unix.go).
    """
    asked = (
        *(_bind(row) for row in machine.get("Binds") or ()),
        *(_long(row) for row in machine.get("Mounts") or ()),
        *(Mount(path, kind="tmpfs", options=options) for path, options in (machine.get("Tmpfs") or {}).items()),
    )
    taken = {mount.destination for mount in asked}
    return (*asked, *(Mount(path) for path in volumes if path.rstrip("/") not in taken))


def _long(row: Json) -> Mount:
    """{'Type': 'bind', 'Source': …, 'Target': …, 'ReadOnly': …}"""
    settings = tuple((name, row[name]) for name in _MOUNT_OPTIONS if row.get(name))
    for name, options in settings:
        strange = [key for key, value in options.items() if value and key not in _MOUNT_OPTIONS[name]]
        driver = (options.get("DriverConfig") or {}) if name == "VolumeOptions" else {}
        if strange or driver.get("Name") not in (None, "", "local") or driver.get("Options"):
            raise Refused("The option {name} of mounts is not modelled.", "Use type, source, target and readonly.",
                          name=(strange or ["DriverConfig"])[0])  # fmt: skip
    return Mount(row.get("Target", ""), row.get("Source", ""), row.get("Type", "volume"),
                 bool(row.get("ReadOnly")), long=True, settings=settings)  # fmt: skip


_MOUNT_OPTIONS = {  # those that change nothing that a lab shows, and the labels of a new volume
    "BindOptions": ("Propagation", "CreateMountpoint"), "VolumeOptions": ("Labels", "NoCopy", "DriverConfig"),
    "TmpfsOptions": ("SizeBytes", "Mode"),
}  # fmt: skip


def _bind(text: str) -> Mount:
    """'NAME:/path[:ro]', '/host/path:/path[:ro]'"""
    source, *rest = text.split(":")
    destination, mode = rest[0] if rest else "", rest[1] if len(rest) > 1 else ""
    words = set(mode.split(","))
    if len(rest) > 2 or words - _MODES:
        raise ApiError(f"invalid mode: {mode}" if len(rest) == 2 else f"invalid volume specification: '{text}'", 400)
    kind = "bind" if source.startswith(("/", ".", "~")) else "volume"
    if not destination.startswith("/") and source:
        raise ApiError(
            f"invalid volume specification: '{text}': invalid mount config for type \"{kind}\": "
            f"invalid mount path: '{destination}' mount path must be absolute", 400,
        )  # fmt: skip
    return Mount(destination if destination.startswith("/") else f"/{destination}", source, kind, "ro" in words)
