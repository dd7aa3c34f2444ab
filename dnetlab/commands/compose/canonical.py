"""A service, network or volume in compose's long form, as `docker compose config` shows it (compose-go, canonical)."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from dnetlab.commands.compose.interpolate import variables_of
from dnetlab.commands.compose.problem import ComposeError
from dnetlab.commands.compose.reading import as_map
from dnetlab.commands.docker.ports import PortError, PortSpec, parse_publish

Json = dict[str, Any]
INVALID = "invalid compose project"
NOT_THERE = (
    "configs",
    "secrets",
    "develop",
    "gpus",
    "models",
    "provider",
    "credential_spec",
    "post_start",
    "pre_stop",
    "use_api_socket",
    "blkio_config",
    "volumes_from",
    "external_links",
    "userns_mode",
    "runtime",
    "isolation",
    "devices",
)


class NotThere(Exception):
    """The lab doesn't do what this key asks for."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


# -- a service ----------------------------------------------------------------------------------------------------


def service(
    name: str, found: Json | None, directory: str, variables: Mapping[str, str], read: Callable[[str], str | None]
) -> Json:
    """The long form of one service. Raises ComposeError, NotThere."""
    raw = dict(found or {})
    for key in NOT_THERE:
        if raw.get(key):
            raise NotThere(key)
    long = {key: value for key, value in raw.items() if value is not None}
    for key in ("command", "entrypoint"):
        if key in long:
            long[key] = words_of(long[key])
    own = dict(sorted(environment_of(long, variables).items()))
    environment = {**env_files_of(long.pop("env_file", None), directory, read), **own}
    if environment or "environment" in long:
        long["environment"] = environment
    for key in ("labels", "sysctls"):
        if key in long:
            long[key] = {k: _text(v) for k, v in sorted(as_map(long[key]).items())}
    if "extra_hosts" in long:
        long["extra_hosts"] = _hosts(long["extra_hosts"])
    for key in ("dns", "dns_search", "dns_opt", "tmpfs"):
        if isinstance(long.get(key), str):
            long[key] = [long[key]]
    for key in ("expose", "cap_add", "cap_drop"):
        if key in long:
            long[key] = [str(one) for one in long[key]]
    if "ports" in long:
        long["ports"] = [row for port in long["ports"] for row in ports_of(port)]
    if "volumes" in long:
        long["volumes"] = [mount_of(row, directory) for row in long["volumes"]]
    if "build" in long:
        long["build"] = _build(long["build"], directory)
    for key in ("privileged", "read_only", "stdin_open", "tty"):
        if long.get(key) is False:
            del long[key]
    _relations(name, long)
    return long


def words_of(value: Any) -> list[str]:
    """A command line as words. Raises ComposeError for quotes that don't close."""
    if isinstance(value, list):
        return [str(word) for word in value]
    try:
        return shlex.split(value)
    except ValueError:
        raise ComposeError(f"invalid command line string: {value}") from None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def environment_of(raw: Json, variables: Mapping[str, str]) -> Json:
    """NAME without a value is the shell's, null when it isn't set there."""
    rows = as_map(raw.get("environment"))
    return {key: variables.get(key) if value is None else _text(value) for key, value in rows.items()}


def env_files_of(named: Any, directory: str, read: Callable[[str], str | None]) -> Json:
    found: Json = {}
    for row in [named] if isinstance(named, str | dict) else named or ():
        path, required = (row, True) if isinstance(row, str) else (row.get("path", ""), row.get("required", True))
        whole = posixpath.normpath(posixpath.join(directory, path))
        text = read(whole)
        if text is None and required:
            raise ComposeError(f"env file {whole} not found: stat {whole}: no such file or directory")
        found |= variables_of(text or "")
    return found


def _hosts(rows: Any) -> list[str]:
    found = []
    for name, address in rows.items() if isinstance(rows, dict) else (_host(row) for row in rows):
        found.append(f"{name}={address}")
    return sorted(found)


def _host(row: str) -> tuple[str, str]:
    name, _, address = row.partition("=") if "=" in row else row.partition(":")
    return name, address.removeprefix("[").removesuffix("]")


def ports_of(port: Any) -> list[Json]:
    """The long form of one port or range of ports."""
    if isinstance(port, dict):
        row = {"mode": port.get("mode", "ingress")}
        if "host_ip" in port:
            row["host_ip"] = port["host_ip"]
        row["target"] = int(port["target"])
        if port.get("published") is not None:
            row["published"] = str(port["published"])
        return [{**row, "protocol": port.get("protocol", "tcp")}]
    try:
        return [_port(spec) for spec in parse_publish(str(port))]
    except PortError as error:
        words = str(error)
        _, what, address = words.partition("invalid IP address: ")
        if what:  # in the words of the go-connections that compose was built with (2.40.3)
            colons = f" {address}: address {address}:: too many colons in address" if ":" in address else f": {address}"
            raise ComposeError(f"Invalid ip address{colons}") from None
        raise ComposeError(words[:1].upper() + words[1:]) from None


def _port(spec: PortSpec) -> Json:
    row: Json = {"mode": "ingress"}
    if spec.host_ip:
        row["host_ip"] = spec.host_ip
    row["target"] = spec.container_port
    if spec.host_port is not None:
        row["published"] = str(spec.host_port) + (f"-{spec.host_port_end}" if spec.host_port_end else "")
    return {**row, "protocol": spec.protocol}


def mount_of(row: Any, directory: str) -> Json:
    if isinstance(row, dict):
        long = dict(row)
        if long.get("type") == "bind" and long.get("source"):
            long["source"] = _path(long["source"], directory)
        order = ("type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs")
        return {key: long[key] for key in order if key in long}
    parts = str(row).split(":")
    if len(parts) == 1:
        return {"type": "volume", "target": parts[0], "volume": {}}
    source, target, mode = parts[0], parts[1], parts[2] if len(parts) > 2 else ""
    words = set(mode.split(","))
    shut: Json = {"read_only": True} if "ro" in words else {}
    if source.startswith(("/", ".", "~")):
        return {
            "type": "bind",
            "source": _path(source, directory),
            "target": target,
            **shut,
            "bind": {"create_host_path": True},
        }
    return {"type": "volume", "source": source, "target": target, **shut, "volume": {}}


def _path(source: str, directory: str) -> str:
    return posixpath.normpath(posixpath.join(directory, re.sub(r"^~", "/root", source)))


def _build(build: Any, directory: str) -> Json:
    long: Json = {"context": build} if isinstance(build, str) else dict(build)
    long["context"] = _path(long.get("context", "."), directory)
    long.setdefault("dockerfile", "Dockerfile")
    return long


def _relations(name: str, long: Json) -> None:
    """depends_on, networks and network_mode in long forms; what a mode or a link implies is depended on."""
    needs: Json = {}
    rows = long.get("depends_on") or {}
    for other, told in (dict.fromkeys(rows) if isinstance(rows, list) else rows).items():
        needs[other] = {"condition": "service_started", **({} if told is None else told)}
        needs[other].setdefault("required", True)
    mode = long.get("network_mode", "")
    for link in long.get("links", ()):
        needs.setdefault(link.partition(":")[0], {"condition": "service_started", "restart": True, "required": True})
    if mode.startswith("service:"):
        needs.setdefault(mode[8:], {"condition": "service_started", "restart": True, "required": True})
    long.pop("depends_on", None)
    if needs:
        order = ("condition", "restart", "required")
        long["depends_on"] = {one: {k: needs[one][k] for k in order if k in needs[one]} for one in sorted(needs)}
    networks = long.pop("networks", None)
    if mode and networks:
        raise ComposeError(f"service {name} declares mutually exclusive `network_mode` and `networks`: {INVALID}")
    if not mode:
        long["networks"] = attached(networks)


def attached(networks: Any) -> Json:
    """network -> what is said of the service in it; `default` when none is named."""
    if not networks:
        return {"default": None}
    if isinstance(networks, list):
        return dict.fromkeys(sorted(networks))
    return {key: None if networks[key] is None else dict(sorted(networks[key].items())) for key in sorted(networks)}


# -- networks, volumes --------------------------------------------------------------------------------------------

_NETWORK_ORDER = (
    "name",
    "driver",
    "driver_opts",
    "ipam",
    "external",
    "internal",
    "attachable",
    "labels",
    "enable_ipv4",
    "enable_ipv6",
)


def networks(project: str, tree: Json, services: Json) -> Json:
    """Those that a service is in: `default` without having been named."""
    given: Json = tree.get("networks") or {}
    used = {name for one in services.values() for name in one.get("networks", {})}
    return {
        key: _named(project, key, given.get(key), _NETWORK_ORDER)
        for key in sorted(used)
        if key in given or key == "default"
    }


def volumes(project: str, tree: Json, services: Json) -> Json:
    given: Json = tree.get("volumes") or {}
    used = {
        row["source"]
        for one in services.values()
        for row in one.get("volumes", ())
        if row["type"] == "volume" and row.get("source")
    }
    for key, one in services.items():
        for row in one.get("volumes", ()):
            if row["type"] == "volume" and row.get("source") and row["source"] not in given:
                source = row["source"]
                raise ComposeError(f'service "{key}" refers to undefined volume {source}: {INVALID}')
    return {
        key: _named(project, key, given.get(key), ("name", "driver", "driver_opts", "external", "labels"))
        for key in sorted(used)
    }


def _named(project: str, key: str, found: Json | None, order: tuple[str, ...]) -> Json:
    long = dict(found or {})
    external = long.get("external")
    if isinstance(external, dict):
        long["name"], external = external.get("name", key), True
    if external in (True, "true"):
        long["external"], long["name"] = True, long.get("name", key)
    else:
        long.pop("external", None)
        long.setdefault("name", f"{project}_{key}")
    if "labels" in long:
        long["labels"] = {k: _text(v) for k, v in sorted(as_map(long["labels"]).items())}
    if "driver_opts" in long:
        long["driver_opts"] = {k: _text(v) for k, v in long["driver_opts"].items()}
    return {name: long[name] for name in order if name in long}


# -- what must fit together ---------------------------------------------------------------------------------------


def check_together(services: Json, every: Json, known: Json) -> None:
    """References that lead somewhere, and no circle. Raises ComposeError."""
    for name, one in services.items():
        if not one.get("image") and not one.get("build"):
            raise ComposeError(f'service "{name}" has neither an image nor a build context specified: {INVALID}')
        for network in one.get("networks", {}):
            if network not in known:
                raise ComposeError(f'service "{name}" refers to undefined network {network}: {INVALID}')
        for other, told in one.get("depends_on", {}).items():
            if other not in every and told.get("required", True):
                raise ComposeError(f'service "{name}" depends on undefined service "{other}": {INVALID}')
    for name in services:
        _check_circle(name, services, ())


def _check_circle(name: str, services: Json, seen: tuple[str, ...]) -> None:
    if name in seen:
        circle = (*seen[seen.index(name) :], name)
        raise ComposeError(f"dependency cycle detected: {' -> '.join(circle)}")
    for other in services.get(name, {}).get("depends_on", {}):
        _check_circle(other, services, (*seen, name))


def in_order(services: Json) -> list[list[str]]:
    """Levels of services: each depends on earlier levels only."""
    left, levels, placed = dict(services), [], set()
    while left:
        level = sorted(
            name
            for name, one in left.items()
            if all(other in placed or other not in services for other in one.get("depends_on", {}))
        )
        levels.append(level)
        placed.update(level)
        left = {name: one for name, one in left.items() if name not in placed}
    return levels
