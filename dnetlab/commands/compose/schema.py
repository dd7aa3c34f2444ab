"""Which keys a compose file has and what they hold, as a JSON schema of our own after compose-spec.io, and the first
thing that is wrong in compose's words."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from dnetlab.commands.compose.problem import ComposeError

Json = dict[str, Any]
_TEXT: Json = {"type": "string"}
_WORD: Json = {"type": ["string", "number", "boolean", "null"]}
_NUMBER: Json = {"type": ["string", "integer"]}
_FLAG: Json = {"type": ["boolean", "string"]}
_TEXTS: Json = {"type": "array", "items": _TEXT}
_TOKENS: Json = {"type": "array", "items": {"type": ["string", "number"]}}
_SCALARS: Json = {"anyOf": [{"type": "array", "items": _TEXT}, {"type": "object", "additionalProperties": _WORD}]}
_MAP = _SCALARS
_LINES: Json = {"anyOf": [_TEXT, _TEXTS]}
_WORDS: Json = {"anyOf": [{"type": ["string", "null"]}, _TEXTS]}
_PATHS: Json = {"anyOf": [_TEXT, {"type": "array", "items": {"type": ["string", "object"]}}]}
_DEVICES: Json = {"type": "array", "items": {"type": ["string", "object"]}}

_NAMED: Json = {"type": "object"}


def holding(properties: Json, nullable: bool = False) -> Json:
    """A mapping with these keys, those of extensions, and no others."""
    return {
        "type": ["object", "null"] if nullable else "object",
        "properties": properties,
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


_WHOLE: Json = {"type": ["integer", "string"], "pattern": r"^\d{1,9}$"}
_DECIMAL: Json = {"type": ["number", "string"], "pattern": r"^\d+(\.\d+)?$"}
_SIZE: Json = {"type": ["integer", "string"], "pattern": r"^\d+(\.\d+)? ?([bkmgtBKMGT]i?[bB]?)?$"}
_HEALTH = holding(
    {
        "disable": _FLAG,
        "interval": _TEXT,
        "retries": _WHOLE,
        "start_period": _TEXT,
        "start_interval": _TEXT,
        "test": _LINES,
        "timeout": _TEXT,
    }
)
_ATTACHMENT = holding(
    {
        "aliases": _TEXTS,
        "ipv4_address": _TEXT,
        "ipv6_address": _TEXT,
        "mac_address": _TEXT,
        "link_local_ips": _TEXTS,
        "priority": {"type": "number"},
        "gw_priority": {"type": "number"},
        "interface_name": _TEXT,
        "driver_opts": {"type": "object"},
    },
    nullable=True,
)
_PORT = holding(
    {"name": _TEXT, "mode": _TEXT, "host_ip": _TEXT, "target": _WHOLE, "published": _NUMBER, "protocol": _TEXT,
     "app_protocol": _TEXT}
) | {"required": ["target"]}  # fmt: skip
_MOUNT = holding(
    {"type": _TEXT, "source": _TEXT, "target": _TEXT, "read_only": _FLAG, "consistency": _TEXT, "bind": _NAMED,
     "volume": _NAMED, "tmpfs": _NAMED}
) | {"required": ["type", "target"]}  # fmt: skip
_LIMITS: Json = {"type": "object", "properties": {"cpus": _DECIMAL, "memory": _SIZE}}
_DEPLOY: Json = {"type": "object", "properties": {
    "replicas": _WHOLE, "resources": {"type": "object", "properties": {"limits": _LIMITS}},
}}  # fmt: skip
_NEED: Json = {"type": ["object", "null"], "properties": {"condition": {
    "enum": ["service_started", "service_healthy", "service_completed_successfully"],
}}}  # fmt: skip


def each(names: str, what: Json) -> Json:
    """The same for several keys: each('image user', …)."""
    return dict.fromkeys(names.split(), what)


SERVICE: Json = {
    **each("image container_name hostname domainname network_mode restart user working_dir stop_signal platform "
            "stop_grace_period pull_policy mac_address pid ipc uts userns_mode runtime isolation cgroup cgroup_parent",
            _TEXT),
    **each("privileged read_only tty stdin_open init attach oom_kill_disable use_api_socket", _FLAG),
    **each("cap_add cap_drop external_links links security_opt volumes_from profiles device_cgroup_rules dns_opt",
            _TEXTS),
    **each("group_add expose", _TOKENS), "devices": _DEVICES,
    **each("environment labels extra_hosts sysctls annotations", _SCALARS),
    **each("command entrypoint", _WORDS), **each("dns dns_search tmpfs label_file", _LINES), "env_file": _PATHS,
    **each("cpu_count cpu_shares cpu_quota cpu_period cpuset mem_swappiness memswap_limit pids_limit oom_score_adj "
            "cpu_percent cpu_rt_period cpu_rt_runtime", _WORD),
    **each("mem_limit mem_reservation shm_size", _SIZE), "cpus": _DECIMAL, "scale": _WHOLE,
    **each("blkio_config configs secrets develop credential_spec logging ulimits storage_opt gpus models provider "
            "post_start pre_stop", {}),
    "deploy": _DEPLOY, "build": {"type": ["string", "object"]}, "extends": {"type": ["string", "object"]},
    "depends_on": {"anyOf": [{"type": "array", "items": _TEXT}, {"type": "object", "additionalProperties": _NEED}]},
    "healthcheck": _HEALTH,
    "ports": {"type": "array", "items": {"anyOf": [{"type": ["string", "integer"]}, _PORT]}},
    "volumes": {"type": "array", "items": {"anyOf": [_TEXT, _MOUNT]}},
    "networks": {"anyOf": [{"type": "array", "items": _TEXT}, {"type": "object", "additionalProperties": _ATTACHMENT}]},
}  # fmt: skip
NETWORK = {
    "name": _TEXT,
    "driver": _TEXT,
    "driver_opts": {"type": "object", "additionalProperties": _WORD},
    "external": {"type": ["boolean", "string", "object"]},
    "internal": _FLAG,
    "attachable": _FLAG,
    "enable_ipv4": _FLAG,
    "enable_ipv6": _FLAG,
    "labels": _MAP,
    "ipam": holding(
        {
            "driver": _TEXT,
            "options": _NAMED,
            "config": {
                "type": "array",
                "items": holding(
                    {
                        "subnet": _TEXT,
                        "ip_range": _TEXT,
                        "gateway": _TEXT,
                        "aux_addresses": {"type": "object", "additionalProperties": _TEXT},
                    }
                ),
            },
        }
    ),
}
VOLUME = {
    "name": _TEXT,
    "driver": _TEXT,
    "driver_opts": {"type": "object", "additionalProperties": _WORD},
    "external": {"type": ["boolean", "string", "object"]},
    "labels": _MAP,
}
FILE = holding(
    {
        "version": _TEXT,
        "name": _TEXT,
        "include": {"type": "array"},
        "services": {"type": "object", "patternProperties": {r"^[a-zA-Z0-9._-]+$": holding(SERVICE)},
                     "additionalProperties": False},
        "networks": {"type": "object", "additionalProperties": holding(NETWORK, nullable=True)},
        "volumes": {"type": ["object", "null"], "additionalProperties": holding(VOLUME, nullable=True)},
        "configs": _NAMED,
        "secrets": _NAMED,
        "models": _NAMED,
    }
)
_ARTICLES = {
    "string": "a string",
    "array": "a array",
    "object": "a mapping",
    "boolean": "a boolean",
    "number": "a number",
    "integer": "a integer",
    "null": "null",
}


@cache
def _validator() -> Any:
    from jsonschema import Draft7Validator

    return Draft7Validator(FILE)


def check(tree: Any, path: str) -> None:
    """Raises ComposeError for the first thing that doesn't fit; path: the file's, for the sentence."""
    if tree is None:
        raise ComposeError("empty compose file")
    if not isinstance(tree, dict):
        raise ComposeError("top-level object must be a mapping")
    _check_services(tree)
    errors = sorted(_validator().iter_errors(tree), key=lambda e: ([str(p) for p in e.absolute_path], e.validator))
    if errors:
        raise ComposeError(f"validating {path}: {_said(errors[0])}")


def _check_services(tree: Json) -> None:
    """What compose looks at while it fills in short forms, before it validates (observed with 2.40.3)."""
    for section in ("services", "networks", "volumes"):
        for name in tree.get(section) or {} if isinstance(tree.get(section), dict) else ():
            if not isinstance(name, str):
                raise ComposeError(f"non-string key in {section}: {name}")
    services = tree.get("services", {})
    if not isinstance(services, dict):
        raise ComposeError("services must be a mapping")
    for name, service in services.items():
        if service is not None and not isinstance(service, dict):
            raise ComposeError(f"services.{name} must be a mapping")


def _said(error: Any) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        allowed, named = error.schema.get("properties", {}), error.schema.get("patternProperties", {})
        extra = next(key for key in error.instance if key not in allowed and not any(re.search(p, key) for p in named))
        return f"{where} additional properties '{extra}' not allowed".lstrip()
    if error.validator == "enum":
        return f"{where} value must be one of {', '.join(repr(value) for value in error.validator_value)}"
    if error.validator == "type":
        kinds = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        told = [_ARTICLES[kind] for kind in kinds if kind != "null"]
        return f"{where} must be {' or '.join(told)}"
    if error.validator == "anyOf":
        return _said(min(error.context, key=lambda one: (-len(one.absolute_path), one.validator == "type")))
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{where} {missing} is required"
    return f"{where} must be a number" if error.validator == "pattern" else f"{where} {error.message}"
