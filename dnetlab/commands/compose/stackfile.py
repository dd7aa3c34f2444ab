"""A stack's compose file as the docker client itself reads it: version 3 of the format, which has other keys and other
words than `docker compose` (docker/cli at v28.2.2 and v29.7.2, cli/compose/loader, schema and types)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from dnetlab.commands.compose.canonical import NotThere
from dnetlab.commands.compose.interpolate import interpolated
from dnetlab.commands.compose.problem import ComposeError
from dnetlab.commands.compose.reading import merged, parsed
from dnetlab.commands.compose.schema import each, holding

Json = dict[str, Any]
VERSIONS = ("3", *(f"3.{minor}" for minor in range(14)))
IGNORED = ("build", "cgroupns_mode", "cgroup_parent", "devices", "domainname", "external_links", "ipc", "links",
           "mac_address", "network_mode", "pid", "privileged", "restart", "security_opt", "shm_size",
           "userns_mode")  # fmt: skip
OUTDATED = {
    "container_name": "Setting the container name is not supported.",
    "expose": "Exposing ports is unnecessary - services on the same network can access each other's containers on any "
    "port.",
}
_LIMITS = "Set resource limits using deploy.resources"
FORBIDDEN = {
    "extends": "Support for `extends` is not implemented yet.",
    "volume_driver": "Instead of setting the volume driver on the service, define a volume using the top-level "
    "`volumes` option and specify the driver there.",
    "volumes_from": "To share a volume between services, define it using the top-level `volumes` option and reference "
    "it from each service that shares it using the service-level `volumes` option.",
    **dict.fromkeys(("cpu_quota", "cpu_shares", "cpuset", "mem_limit", "memswap_limit"), _LIMITS),
}


@dataclass(frozen=True)
class StackFile:
    """services, networks, volumes, secrets, configs: key -> what the files say, with variables filled in
    ignored   keys of services that nothing comes of, in order
    outdated  the same for keys of older versions, each with the reason
    """

    services: Json
    networks: Json = field(default_factory=dict)
    volumes: Json = field(default_factory=dict)
    secrets: Json = field(default_factory=dict)
    configs: Json = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    outdated: tuple[tuple[str, str], ...] = ()


def load(texts: Sequence[str], variables: Mapping[str, str]) -> StackFile:
    """The files' texts, the later ones over the earlier ones. Raises ComposeError in the client's words."""
    trees = [_tree(text) for text in texts]
    version = _version(trees[0])
    whole: Json = {}
    for tree in trees:
        if _version(tree) != version:
            raise ComposeError(f"version mismatched between two composefiles : {version} and {_version(tree)}")
        _forbid(tree)
        tree = _unescaped(interpolated(tree, variables, []))
        _check(tree, version)
        whole = merged(whole, tree)
    found: set[str] = set()
    for tree in trees:
        found.update(*(service for service in _services(tree) if isinstance(service, dict)))
    parts = {name: whole.get(name) or {} for name in ("services", "networks", "volumes", "secrets", "configs")}
    outdated = [(name, OUTDATED[name]) for name in sorted(OUTDATED) if name in found]
    return StackFile(**parts, ignored=tuple(name for name in IGNORED if name in found), outdated=tuple(outdated))


def _tree(text: str) -> Json:
    tree = parsed(text)
    if not isinstance(tree, dict):
        raise ComposeError("top-level object must be a mapping")
    return tree


def _version(tree: Json) -> str:
    version = str(tree.get("version", ""))
    return "3.13" if version in ("", "3") else version


def _services(tree: Json) -> list[Any]:
    services = tree.get("services")
    return list(services.values()) if isinstance(services, dict) else []


def _forbid(tree: Json) -> None:
    found = {key for service in _services(tree) if isinstance(service, dict) for key in service if key in FORBIDDEN}
    if found:
        raise ComposeError(f"Compose file contains unsupported options:\n\n{told({k: FORBIDDEN[k] for k in found})}\n")


def told(options: Mapping[str, str]) -> str:
    return "\n\n".join(sorted(f"{name}: {why}" for name, why in options.items()))


def _unescaped(tree: Any) -> Any:
    """`$$` is a dollar sign."""
    if isinstance(tree, dict):
        return {key: _unescaped(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_unescaped(value) for value in tree]
    return tree.replace("$$", "$") if isinstance(tree, str) else tree


def path_of(row: Json, directory: str) -> str:
    """Where the file of a secret or config lies."""
    return posixpath.normpath(posixpath.join(directory, str(row["file"])))


# -- which keys there are ---------------------------------------------------------------------------------------------


def _of(*kinds: str) -> Json:
    return {"type": list(kinds) if len(kinds) > 1 else kinds[0]}


_TEXT, _LIST, _MAP, _FLAG, _WHOLE = _of("string"), _of("array"), _of("object"), _of("boolean"), _of("integer")
_EITHER: Json = {}  # a text or a list, a list or a mapping: the sentence for another is the client's secret
_UPDATES = holding({**each("parallelism", _WHOLE), **each("delay failure_action monitor order", _TEXT),
                  "max_failure_ratio": _of("number")})  # fmt: skip
_DEPLOY = holding({
    **each("mode endpoint_mode", _TEXT), "replicas": _WHOLE, "labels": _EITHER, "rollback_config": _UPDATES,
    "update_config": _UPDATES,
    "resources": holding({"limits": holding({"cpus": _TEXT, "memory": _TEXT, "pids": _WHOLE}),
                        "reservations": holding({"cpus": _TEXT, "memory": _TEXT, "generic_resources": _LIST})}),
    "restart_policy": holding({**each("condition delay window", _TEXT), "max_attempts": _WHOLE}),
    "placement": holding({"constraints": _LIST, "preferences": _LIST, "max_replicas_per_node": _WHOLE}),
}, nullable=True)  # fmt: skip
_HEALTH = holding({"disable": _FLAG, "retries": _of("number"), "test": _EITHER,
                 **each("interval timeout start_period start_interval", _TEXT)})  # fmt: skip
_SERVICE = holding({
    **each("cgroupns_mode cgroup_parent container_name domainname hostname image ipc isolation mac_address "
            "network_mode restart stop_grace_period stop_signal user userns_mode working_dir", _TEXT),
    **each("cap_add cap_drop configs depends_on devices expose external_links links ports secrets security_opt "
            "volumes", _LIST),
    **each("init privileged read_only stdin_open tty", _FLAG), "oom_score_adj": _WHOLE, "pid": _of("string", "null"),
    **each("build command dns dns_search entrypoint env_file environment extra_hosts labels networks sysctls tmpfs",
            _EITHER),
    "shm_size": _of("number", "string"), "credential_spec": _MAP, "deploy": _DEPLOY, "healthcheck": _HEALTH,
    "logging": holding({"driver": _TEXT, "options": _MAP}), "ulimits": _MAP,
})  # fmt: skip
_NETWORK = holding({
    **each("name driver", _TEXT), "driver_opts": _MAP, "external": _EITHER, **each("internal attachable", _FLAG),
    "labels": _EITHER,
    "ipam": holding({"driver": _TEXT, "config": {"type": "array", "items": holding({"subnet": _TEXT})}}),
}, nullable=True)  # fmt: skip
_VOLUME = holding({**each("name driver", _TEXT), "driver_opts": _MAP, "external": _EITHER, "labels": _EITHER,
                 "x-cluster-spec": _MAP}, nullable=True)  # fmt: skip
_CONTENT = holding({**each("name file template_driver driver", _TEXT), "driver_opts": _MAP, "external": _EITHER,
                  "labels": _EITHER})  # fmt: skip


def _named(what: Json) -> Json:
    return {"type": "object", "additionalProperties": what}


_FILE = holding({"version": _TEXT, "services": _named(_SERVICE), "networks": _named(_NETWORK),
               "volumes": _named(_VOLUME), "secrets": _named(_CONTENT), "configs": _named(_CONTENT)})  # fmt: skip
_KINDS = {"object": "mapping", "array": "list"}


@cache
def _validator() -> Any:
    from jsonschema import Draft7Validator

    return Draft7Validator(_FILE)


def _check(tree: Json, version: str) -> None:
    """Raises ComposeError for the mistake that lies deepest (schema.go getMostSpecificError)."""
    if version not in VERSIONS:
        raise ComposeError(f"unsupported Compose file version: {version}")
    errors = sorted(_validator().iter_errors(tree), key=lambda e: (-len(e.absolute_path), e.validator != "type"))
    if errors:
        raise ComposeError(_said(errors[0]))


def _said(error: Any) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "(root)"
    if error.validator == "additionalProperties":
        allowed = error.schema["properties"]
        extra = next(key for key in sorted(error.instance, key=str) if key not in allowed and str(key)[:2] != "x-")
        return f"{where} Additional property {extra} is not allowed"
    if error.validator == "type":
        kinds = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        words = [_KINDS.get(kind, kind) for kind in kinds]
        return f"{where} must be a {' or '.join(filter(None, (', '.join(words[:-1]), words[-1])))}"
    raise NotThere(where)
