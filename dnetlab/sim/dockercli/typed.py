"""The daemon's JSON as the client's Go types: what is a map, which fields may be missing, which have other names.

A template sees the difference: a field that a struct lacks is an error, a key that a map lacks has no value.
"""

from __future__ import annotations

from typing import Any

from dnetlab.commands.gotemplate import Map, NilList, Struct
from dnetlab.commands.gotemplate.values import Duration, Netip

# Objects that are maps in Go, and what `index` gives for a missing key (api/types/container, network, image, volume).
_MAPS: dict[str, Any] = {
    "Labels": "", "Options": "", "Networks": None, "Ports": [], "PortBindings": [], "ExposedPorts": Struct({}),
    "Volumes": Struct({}), "Containers": None, "DriverOpts": "", "Sysctls": "", "AuxiliaryAddresses": "", "Tmpfs": "",
    "Annotations": "", "Data": "", "StorageOpt": "", "Services": None,
}  # fmt: skip
_LISTS = {
    "Env", "Cmd", "Entrypoint", "Links", "Aliases", "DNSNames", "Binds", "CapAdd", "CapDrop", "Mounts", "ExecIDs",
    "Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd", "SecurityOpt", "VolumesFrom", "OnBuild", "Args",
    "RepoTags",    "RepoDigests", "Devices", "Ulimits", "BlkioWeightDevice", "DeviceCgroupRules", "DeviceRequests",
}  # fmt: skip
# Fields of a struct that JSON leaves out when empty: object name -> field -> value.
_OPTIONAL: dict[str, dict[str, Any]] = {
    "State": {"Health": None},
    "Healthcheck": {"Interval": Duration(0), "Timeout": Duration(0), "StartPeriod": Duration(0),
                    "StartInterval": Duration(0), "Retries": 0},
    "Config": {"ExposedPorts": Map({}), "Healthcheck": None, "StopSignal": "", "StopTimeout": None, "MacAddress": "",
               "Shell": [], "NetworkDisabled": False, "ArgsEscaped": False},
    "HostConfig": {"Annotations": Map({}), "Tmpfs": Map({}), "Sysctls": Map({}), "Mounts": [], "Init": None},
    "ipam config": {"Subnet": "", "IPRange": "", "Gateway": "", "AuxAddress": Map({})},
    "container": {"SizeRw": None, "SizeRootFs": None, "ImageManifestDescriptor": None},
    "service": {"PreviousSpec": None, "UpdateStatus": None, "ServiceStatus": None, "JobStatus": None},
}  # fmt: skip
# Fields that are nanoseconds of Go's time.Duration: of health checks, and of services (api/types/swarm).
_DURATIONS = frozenset(("Interval", "Timeout", "StartPeriod", "StartInterval", "StopGracePeriod", "Delay", "Monitor",
                        "Window"))  # fmt: skip
_TIMED = ("Healthcheck", "ContainerSpec", "RestartPolicy", "UpdateConfig", "RollbackConfig")
# Go's name of a field -> its name in JSON.
_GO_NAMES = {"ID": "Id", "DNS": "Dns", "DNSOptions": "DnsOptions", "DNSSearch": "DnsSearch", "CPUShares": "CpuShares",
             "CPUPeriod": "CpuPeriod", "CPUQuota": "CpuQuota", "AuxAddress": "AuxiliaryAddresses"}  # fmt: skip
_JSON_NAMES = frozenset(_GO_NAMES.values())
_OPAQUE = {"container", "network", "image", "Config", "HostConfig", "NetworkSettings", "IPAM", "GraphDriver",
           "ipam config"}  # fmt: skip
# What the client keeps of an image's configuration, empty fields left out (docker-image-spec).
_IMAGE_CONFIG = ("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
                 "Healthcheck", "OnBuild", "Shell")  # fmt: skip
_DROPPED = {"Container", "KernelMemory", "KernelMemoryTCP"}  # of 20.10; the client no longer knows them
_INNER = {"Networks": "endpoint"}  # what the values of these maps are
# What the client's own structs have, in their order, whatever the daemon sent: name -> empty value; the rest follows.
_ORDER: dict[str, dict[str, Any]] = {
    "endpoint": {"IPAMConfig": None, "Links": NilList(), "Aliases": NilList(), "MacAddress": "",
                 "DriverOpts": Map({}, nil=True), "GwPriority": 0, "NetworkID": "", "EndpointID": "", "Gateway": "",
                 "IPAddress": "", "IPPrefixLen": 0, "IPv6Gateway": "", "GlobalIPv6Address": "",
                 "GlobalIPv6PrefixLen": 0, "DNSNames": NilList()},
    "NetworkSettings": {"Bridge": "", "SandboxID": "", "SandboxKey": "", "Ports": Map({}, [])},
    "network": {"Name": "", "Id": "", "Created": "", "Scope": "", "Driver": "", "EnableIPv4": False,
                "EnableIPv6": False, "IPAM": None, "Internal": False, "Attachable": False, "Ingress": False,
                "ConfigFrom": None,
                "ConfigOnly": False, "Containers": Map({}), "Options": Map({}), "Labels": Map({})},
}  # fmt: skip


# Fields that are Go's netip values in clients that have them (moby api/types/network at v29.7.2): prefix or address.
_NETIP: dict[str, dict[str, bool]] = {
    "endpoint": {"Gateway": False, "IPAddress": False, "IPv6Gateway": False, "GlobalIPv6Address": False},
    "ipam config": {"Subnet": True, "IPRange": True, "Gateway": False},
    "endpoint resource": {"IPv4Address": True, "IPv6Address": True},
    "IPAMConfig": {"IPv4Address": False, "IPv6Address": False},
}
# The structs of such a client: what it has in other places than `_ORDER` says.
_NETIP_ORDER: dict[str, dict[str, Any]] = {
    "endpoint": {"IPAMConfig": None, "Links": NilList(), "Aliases": NilList(), "DriverOpts": Map({}, nil=True),
                 "GwPriority": 0, "NetworkID": "", "EndpointID": "", "Gateway": Netip(""), "IPAddress": Netip(""),
                 "MacAddress": "", "IPPrefixLen": 0, "IPv6Gateway": Netip(""), "GlobalIPv6Address": Netip(""),
                 "GlobalIPv6PrefixLen": 0, "DNSNames": NilList()},
    "NetworkSettings": {"SandboxID": "", "SandboxKey": "", "Ports": Map({}, [])},
    "network": {**{k: v for k, v in _ORDER["network"].items() if k != "Containers"}, "Containers": Map({})},
}  # fmt: skip


# Fields in which no such address stands, however deep.
_NO_ADDRESSES = {"State", "HostConfig", "GraphDriver", "Mounts", "Labels", "Options", "Ports", "Storage", "Env"}


def typed(kind: str, document: dict[str, Any], netip: bool = False) -> Struct:
    """The document of a container, image, network or volume as a Struct.

    netip: as the structs of a client whose addresses are Go's netip values.
    """
    found = _typed(kind, document)
    return _with_netip(found, kind) if netip else found


def _with_netip(value: Any, name: str) -> Any:
    """The same value with its addresses as Netip, fields in the order of the newer structs."""
    if isinstance(value, Struct):
        return _struct_with_netip(value, name)
    if isinstance(value, Map):
        return Map({key: _with_netip(one, name) for key, one in value.items()}, value.zero, value.nil)
    if isinstance(value, list) and not isinstance(value, NilList):
        return [_with_netip(one, name) for one in value]
    return value


def _struct_with_netip(value: Struct, name: str) -> Struct:
    places = _NETIP.get(name, {})
    order = _NETIP_ORDER.get(name, {})
    lost = _ORDER.get(name, {}).keys() - order.keys() if order else ()
    inside = {**order, **({key: one for key, one in value.items() if key not in lost} if lost else value)}
    for key, one in inside.items():
        if isinstance(one, (dict, list)):
            if key not in _NO_ADDRESSES and (key, name) != ("Config", "container"):
                inside[key] = _with_netip(one, _inner_name(name, key))
        elif key in places and isinstance(one, str):
            inside[key] = Netip(one, places[key])
    extra = dict(value.extra)
    extra |= {key: Netip("", prefix) for key, prefix in places.items() if key in extra}
    found = Struct(inside, value.type_name, extra, value.pointer)
    found.opaque, found.aliases = value.opaque, dict(value.aliases)
    return found


def _inner_name(parent: str, key: str) -> str:
    """What the structs in a field are, for `_NETIP`."""
    inside = {"Networks": "endpoint", "Containers": "endpoint resource"}
    return inside.get(key) or ("ipam config" if parent == "IPAM" and key == "Config" else key)


def _typed(kind: str, document: dict[str, Any]) -> Struct:
    name = {"container": "*container.InspectResponse", "network": "network.Inspect", "image": "*image.InspectResponse",
            "volume": "volume.Volume", "node": "swarm.Node", "service": "swarm.Service",
            "task": "swarm.Task", "secret": "swarm.Secret", "config": "swarm.Config"}[kind]  # fmt: skip
    fields = dict(document)
    if kind == "image" and "Author" in fields:  # the client has Config behind Author, daemons since 28 send it last
        order = [key for key in fields if key != "Config"]
        order.insert(order.index("Author") + 1, "Config")
        fields = {key: fields[key] for key in order if key in fields}
    return _struct(fields, kind, name)


def _struct(fields: dict[str, Any], name: str, type_name: str, pointer: bool = False) -> Struct:
    inside = dict(_ORDER.get(name, {}))
    if name == "HostConfig" and "VolumesFrom" in fields:
        for key in list(fields)[: list(fields).index("VolumesFrom") + 1]:
            inside[key] = None
        inside["ConsoleSize"] = [0, 0]
    for key, value in fields.items():
        if key not in _DROPPED:
            inside[key] = value if isinstance(value, (str, int)) else _value(key, value, name)
    for key in _DURATIONS & inside.keys() if name in _TIMED else ():
        if isinstance(inside[key], int):
            inside[key] = Duration(inside[key])
    optional = _OPTIONAL.get(name)
    extra = {key: value for key, value in optional.items() if key not in fields} if optional else {}
    found = Struct(inside, type_name, extra, pointer)
    found.opaque = name in _OPAQUE or "Condition" in fields or name == "Healthcheck" and not _is_begun(fields)
    if not _JSON_NAMES.isdisjoint(inside):
        found.aliases = {go_name: json_name for go_name, json_name in _GO_NAMES.items() if json_name in inside}
    return found


def _is_begun(check: dict[str, Any]) -> bool:
    """Are the fields that a health check has its first ones? Then those that it lacks stand behind them."""
    return tuple(check) == ("Test", *_OPTIONAL["Healthcheck"])[: len(check)]


def _value(key: str, value: Any, parent: str) -> Any:
    is_map = key in _MAPS or (key == "Config" and parent == "LogConfig")
    if value is None:
        return Map({}, _MAPS.get(key), nil=True) if is_map else NilList() if key in _LISTS else None
    if isinstance(value, dict):
        if is_map:
            inner = _INNER.get(key, "")
            items = {k: _struct(v, inner, "struct", inner != "") if isinstance(v, dict) else _value("", v, key)
                     for k, v in value.items()}  # fmt: skip
            return Map(items, _MAPS.get(key, ""))
        if parent == "image" and key == "Config":
            value = {name: value[name] for name in _IMAGE_CONFIG if value.get(name)}
        return _struct(value, key, f"container.{key}", pointer=key == "IPAMConfig")
    if isinstance(value, list):
        return [
            _struct(v, "ipam config" if parent == "IPAM" else "", "struct") if isinstance(v, dict) else v for v in value
        ]
    return value
