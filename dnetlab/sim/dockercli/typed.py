"""The daemon's JSON as the client's Go types: what is a map, which fields may be missing, which have other names.

A template sees the difference: a field that a struct lacks is an error, a key that a map lacks has no value.
"""

from __future__ import annotations

from typing import Any

from dnetlab.commands.gotemplate import Map, Struct

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
    "Config": {"ExposedPorts": Map({}), "Healthcheck": None, "StopSignal": "", "StopTimeout": None, "MacAddress": "",
               "Shell": [], "NetworkDisabled": False, "ArgsEscaped": False},
    "HostConfig": {"Annotations": Map({}), "Tmpfs": Map({}), "Sysctls": Map({}), "Mounts": [], "Init": None},
    "": {"SizeRw": None, "SizeRootFs": None, "ImageManifestDescriptor": None},
}  # fmt: skip
# Go's name of a field -> its name in JSON.
_GO_NAMES = {"ID": "Id", "DNS": "Dns", "DNSOptions": "DnsOptions", "DNSSearch": "DnsSearch", "CPUShares": "CpuShares",
             "CPUPeriod": "CpuPeriod", "CPUQuota": "CpuQuota", "AuxAddress": "AuxiliaryAddresses"}  # fmt: skip
_POINTERS = {"Networks"}


def typed(kind: str, document: dict[str, Any]) -> Struct:
    """The document of a container, image, network or volume as a Struct."""
    name = {"container": "*container.InspectResponse", "network": "network.Inspect", "image": "*image.InspectResponse",
            "volume": "volume.Volume"}[kind]  # fmt: skip
    return _struct(document, "", name)


def _struct(fields: dict[str, Any], name: str, type_name: str, pointer: bool = False) -> Struct:
    inside = {key: _value(key, value, name) for key, value in fields.items()}
    extra = {key: value for key, value in _OPTIONAL.get(name, {}).items() if key not in fields}
    found = Struct(inside, type_name, extra, pointer)
    for go_name, json_name in _GO_NAMES.items():
        if json_name in inside:
            found.alias(go_name, json_name)
    return found


def _value(key: str, value: Any, parent: str) -> Any:
    is_map = key in _MAPS or (key == "Config" and parent == "LogConfig")
    if value is None:
        return Map({}, _MAPS.get(key)) if is_map else [] if key in _LISTS else None
    if isinstance(value, dict):
        if is_map:
            items = {k: _value("", v, key) if not isinstance(v, dict) else _struct(v, "", "struct", key in _POINTERS)
                     for k, v in value.items()}  # fmt: skip
            return Map(items, _MAPS.get(key, ""))
        return _struct(value, key, f"container.{key}")
    if isinstance(value, list):
        return [_struct(v, key, "struct") if isinstance(v, dict) else v for v in value]
    return value
