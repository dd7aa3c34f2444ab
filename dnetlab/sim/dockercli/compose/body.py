"""What the daemon is asked for: the bodies of a service's container, of a network, of a volume."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from dnetlab.commands.docker.units import parse_bytes
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.compose.call import LABEL, VERSION, Call
from dnetlab.sim.dockercli.compose.warning import warn
from dnetlab.sim.dockercli.session import Failed
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]


def digest_of(value: Json) -> str:
    """Changes when what was asked for does; compose's own digest is of Go's JSON of the same."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def service_digest(service: Json) -> str:
    return digest_of({key: value for key, value in service.items() if key not in ("scale", "deploy", "depends_on")})


def plain(text: str) -> str:
    """`$$` of the file is one `$`."""
    return text.replace("$$", "$")


def container_name(call: Call, service: str, number: int) -> str:
    return str(call.project.services[service].get("container_name") or f"{call.project.name}-{service}-{number}")


def mode_of(call: Call, service: Json, joined: str | None) -> str:
    """HostConfig.NetworkMode; joined: the container that `service:` stands for."""
    mode = str(service.get("network_mode", ""))
    if mode.startswith("service:"):
        return f"container:{joined}"
    if mode:
        return mode
    return str(call.project.networks[_main_network(service)]["name"])


def _main_network(service: Json) -> str:
    """The network of the most priority, '' where there is none."""
    found: Json = service.get("networks", {})
    return min(found, key=lambda key: (-((found[key] or {}).get("priority") or 0), key), default="")


def container(
    call: Call,
    name: str,
    number: int,
    *,
    joined: str | None = None,
    one_off: bool = False,
    over: Json | None = None,
    aliases: bool = True,
) -> Json:
    """The body of POST /containers/create; over: keys of the service that `run` sets anew."""
    service = {**call.project.services[name], **(over or {})}
    own = container_name(call, name, number)
    ports = service.get("ports", [])
    return {
        "Hostname": service.get("hostname", ""),
        "Domainname": service.get("domainname", ""),
        "User": service.get("user", ""),
        "WorkingDir": service.get("working_dir", ""),
        "Image": image_of(call, name),
        "Tty": _flag(service, "tty"),
        "OpenStdin": _flag(service, "stdin_open"),
        "AttachStdout": True,
        "AttachStderr": True,
        "Cmd": [plain(word) for word in service["command"]] if "command" in service else None,
        "Entrypoint": [plain(word) for word in service["entrypoint"]] if "entrypoint" in service else None,
        "Env": [f"{key}={plain(value)}" for key, value in service.get("environment", {}).items() if value is not None],
        "ExposedPorts": dict.fromkeys([*(_key(row) for row in ports), *map(_exposed, service.get("expose", ()))], {}),
        "Labels": _labels(call, name, service, number, one_off),
        "StopSignal": service.get("stop_signal", ""),
        "Volumes": {
            row["target"]: {} for row in service.get("volumes", ()) if not row.get("source") and row["type"] == "volume"
        },
        **_health(call, service),
        "MacAddress": _own_mac(call, service),
        "HostConfig": _host_config(call, service, mode_of(call, service, joined)),
        "NetworkingConfig": {"EndpointsConfig": _endpoints(call, name, service, [own, *([name] if aliases else [])])},
    }


def _own_mac(call: Call, service: Json) -> str:
    """Config.MacAddress, which from API 1.44 on stands at the main network instead (compose 2.40 pkg/compose/create.go,
    prepareContainerMACAddress; moby client/container_create.go; observed on 20.10.24). Raises Failed."""
    mac, main = str(service.get("mac_address", "")), _main_network(service)
    macs = {key: told["mac_address"] for key, told in service.get("networks", {}).items()
            if told and told.get("mac_address")}  # fmt: skip
    if mac and macs.get(main, mac) != mac:
        raise Failed(f"the service-level mac_address should have the same value as network {main}")
    if call.session.speaks("1.44"):
        return ""
    if len(macs) > 1:
        raise Failed(
            f"a MAC address is specified for multiple networks ({', '.join(macs)}), but this feature requires Docker "
            "Engine v25 or later"
        )
    if main in macs:
        call.session.needs("1.44", "specify mac-address per network")
    return mac


def later_networks(call: Call, asked: Json) -> dict[str, Json]:
    """Networks that a daemon of an API before 1.44 is told of one by one once the container is there; they leave the
    body, in which only the one of the most priority stays (compose 2.40 pkg/compose/convergence.go,
    createMobyContainer)."""
    found: dict[str, Json] = asked["NetworkingConfig"]["EndpointsConfig"]
    if call.session.speaks("1.44"):
        return {}
    mode = asked["HostConfig"]["NetworkMode"]
    asked["NetworkingConfig"] = {"EndpointsConfig": {name: told for name, told in found.items() if name == mode}}
    return {name: told for name, told in found.items() if name != mode}


def image_of(call: Call, service: str) -> str:
    found = call.project.services[service]
    return str(found.get("image") or f"{call.project.name}-{service}")


def _flag(service: Json, key: str) -> bool:
    return service.get(key) in (True, "true")


def _key(row: Json) -> str:
    return f"{row['target']}/{row.get('protocol', 'tcp')}"


def _exposed(port: str) -> str:
    return port if "/" in port else f"{port}/tcp"


def _labels(call: Call, name: str, service: Json, number: int, one_off: bool) -> Json:
    needs = ",".join(
        f"{other}:{told['condition']}:{str(told.get('restart', False)).lower()}"
        for other, told in service.get("depends_on", {}).items()
    )
    project = call.project
    return {
        **service.get("labels", {}),
        f"{LABEL}config-hash": service_digest(call.project.services[name]),
        f"{LABEL}container-number": str(number),
        f"{LABEL}depends_on": needs,
        f"{LABEL}image": image_id(call, image_of(call, name)),
        f"{LABEL}oneoff": str(one_off),
        f"{LABEL}project": project.name,
        f"{LABEL}project.config_files": ",".join(project.files),
        f"{LABEL}project.working_dir": project.directory,
        f"{LABEL}service": name,
        f"{LABEL}version": VERSION,
    }


def image_id(call: Call, image: str) -> str:
    try:
        return str(call.session.ask(api.image_inspect, image)["Id"])
    except ApiError:
        return ""


def _health(call: Call, service: Json) -> Json:
    found = service.get("healthcheck")
    if not found:
        return {}
    test = ["NONE"] if found.get("disable") else found.get("test") or []
    words = ["CMD-SHELL", plain(test)] if isinstance(test, str) else [plain(str(word)) for word in test]
    if "start_interval" in found:
        _check_start_interval(call, found)
    names = ("interval", "timeout", "start_period", "start_interval")
    seconds = {key: _nanoseconds(found[key]) for key in names if key in found}
    return {
        "Healthcheck": {
            "Test": words,
            "Interval": seconds.get("interval", 0),
            "Timeout": seconds.get("timeout", 0),
            "StartPeriod": seconds.get("start_period", 0),
            "StartInterval": seconds.get("start_interval", 0),
            "Retries": int(found.get("retries", 0)),
        }
    }


def _check_start_interval(call: Call, health: Json) -> None:
    """compose 2.40 pkg/compose/convert.go, ToMobyHealthCheck. Raises Failed."""
    if not call.session.speaks("1.44"):
        raise Failed("can't set healthcheck.start_interval as feature require Docker Engine v25 or later")
    if "start_period" not in health:
        raise Failed("healthcheck.start_interval requires healthcheck.start_period to be set")


def _nanoseconds(text: str) -> int:
    from dnetlab.commands.docker.units import seconds_of

    found = seconds_of(str(text))
    if found is None:
        raise Failed(f'time: invalid duration "{text}"')
    return round(found * 1e9)


def _host_config(call: Call, service: Json, mode: str) -> Json:
    policy, _, most = str(service.get("restart", "no")).partition(":")
    resources = ((service.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    memory = service.get("mem_limit") or resources.get("memory")
    cpus = service.get("cpus") or resources.get("cpus")
    return {
        "NetworkMode": mode,
        "PortBindings": _bindings(service.get("ports", ())),
        "RestartPolicy": {"Name": policy or "no", "MaximumRetryCount": int(most) if most.isdecimal() else 0},
        "Binds": [_bind(call, row) for row in service.get("volumes", ()) if row.get("source")],
        "CapAdd": service.get("cap_add", []),
        "CapDrop": service.get("cap_drop", []),
        "Dns": service.get("dns", []),
        "DnsOptions": service.get("dns_opt", []),
        "DnsSearch": service.get("dns_search", []),
        "ExtraHosts": [row.replace("=", ":", 1) for row in service.get("extra_hosts", ())],
        "Privileged": _flag(service, "privileged"),
        "ReadonlyRootfs": _flag(service, "read_only"),
        "Sysctls": service.get("sysctls", {}),
        "Init": _flag(service, "init"),
        "Memory": parse_bytes(str(memory)) or 0 if memory else 0,
        "NanoCpus": round(float(cpus) * 1e9) if cpus else 0,
        "PidMode": service.get("pid", ""),
        "IpcMode": service.get("ipc", ""),
        "UTSMode": service.get("uts", ""),
    }


def _bindings(ports: Any) -> Json:
    found: dict[str, list[Json]] = {}
    for row in ports:
        found.setdefault(_key(row), []).append({"HostIp": row.get("host_ip", ""), "HostPort": row.get("published", "")})
    return found


def _bind(call: Call, row: Json) -> str:
    source = call.project.volumes[row["source"]]["name"] if row["type"] == "volume" else row["source"]
    if row["type"] not in ("volume", "bind"):
        raise Refused("A mount of type {kind} is not simulated.", "Use a volume or a bind mount.", kind=row["type"])
    return f"{source}:{row['target']}:{'ro' if row.get('read_only') else 'rw'}"


_LINK_NAME = "com.docker.network.endpoint.ifname"


def _endpoints(call: Call, name: str, service: Json, names: list[str]) -> Json:
    """names: what the container is called in each network, beside the aliases it has in one."""
    found: Json = {}
    main = _main_network(service) if call.session.speaks("1.44") else None
    for key, told in service.get("networks", {}).items():
        wanted = told or {}
        fixed = {"IPv4Address": wanted.get("ipv4_address", ""), "IPv6Address": wanted.get("ipv6_address", ""),
                 "LinkLocalIPs": wanted.get("link_local_ips", [])}  # fmt: skip
        links = [link for link in service.get("links", ())]
        found[call.project.networks[key]["name"]] = {
            "Aliases": [*names, *wanted.get("aliases", ())],
            "IPAMConfig": {field: address for field, address in fixed.items() if address} or None,
            "Links": [_link(call, link) for link in links],
            "MacAddress": wanted.get("mac_address") or (service.get("mac_address", "") if key == main else ""),
            "GwPriority": wanted.get("gw_priority", 0),
            "DriverOpts": _driver_options(call, f"services.{name}.networks.{key}", wanted),
        }
    return found


def _driver_options(call: Call, place: str, wanted: Json) -> Json | None:
    """Of a service in a network; `interface_name` is one of them (compose 2.40 createEndpointSettings; observed on
    26.1.5 and 28.5.2). Raises Failed."""
    found, name = dict(wanted.get("driver_opts") or {}), wanted.get("interface_name", "")
    if name and found.get(_LINK_NAME, name) != name:
        warn(call, f"ignoring {place}.interface_name as {_LINK_NAME} driver_opts is already declared")
    if name and not call.session.speaks("1.49"):
        raise Failed("interface_name requires Docker Engine v28.1 or later")
    return (found | ({_LINK_NAME: name} if name else {})) or None


def _link(call: Call, link: str) -> str:
    """'b:database' -> 'two-b-1:database'"""
    service, _, alias = link.partition(":")
    return f"{container_name(call, service, 1)}:{alias or service}"


# -- networks, volumes --------------------------------------------------------------------------------------------


def network(call: Call, key: str) -> Json:
    found = call.project.networks[key]
    ipam = found.get("ipam") or {}
    rows = [
        {
            "Subnet": row.get("subnet", ""),
            "IPRange": row.get("ip_range", ""),
            "Gateway": row.get("gateway", ""),
            "AuxiliaryAddresses": row.get("aux_addresses", {}),
        }
        for row in ipam.get("config", ())
    ]
    return {
        "Name": found["name"],
        "Driver": found.get("driver", "bridge"),
        "Options": found.get("driver_opts", {}),
        "IPAM": {
            "Driver": ipam.get("driver", "default"),
            "Options": ipam.get("options") or None,
            "Config": [{name: value for name, value in row.items() if value} for row in rows],
        },
        "Internal": _flag(found, "internal"),
        "Attachable": _flag(found, "attachable"),
        "EnableIPv6": _flag(found, "enable_ipv6"),
        "EnableIPv4": found.get("enable_ipv4") not in (False, "false"),
        "Labels": {
            **found.get("labels", {}),
            f"{LABEL}config-hash": digest_of(found),
            f"{LABEL}network": key,
            f"{LABEL}project": call.project.name,
            f"{LABEL}version": VERSION,
        },
    }


def volume(call: Call, key: str) -> Json:
    found = call.project.volumes[key]
    return {
        "Name": found["name"],
        "Driver": found.get("driver", "local"),
        "DriverOpts": found.get("driver_opts", {}),
        "Labels": {
            **found.get("labels", {}),
            f"{LABEL}config-hash": digest_of(found),
            f"{LABEL}project": call.project.name,
            f"{LABEL}version": VERSION,
            f"{LABEL}volume": key,
        },
    }
