"""Read /etc/docker/daemon.json and the arguments of dockerd as it does at its start (moby daemon/config/config.go).

What it can't read keeps it from starting, and the sentence is its own; what it can do and the lab can't is refused.
"""

from __future__ import annotations

import re
import shlex
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_network
from typing import Any

from dnetlab.language import Words
from dnetlab.model.changed import replace
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.daemonconfig import AddressPool, DaemonConfig
from dnetlab.sim.dockerd.gojson import BadJson, loads
from dnetlab.sim.profiles import EngineProfile

FILE, ARGUMENTS = "/etc/docker/daemon.json", "/run/dnetlab/arguments"
SOCKET = "unix:///var/run/docker.sock"  # what the unit says after -H
Json = dict[str, Any]
# Directive -> what its value must be. Those that change nothing the lab shows are taken and forgotten.
_MODELLED = {
    "bip": "text", "fixed-cidr": "text", "default-gateway": "text", "default-address-pools": "pools", "mtu": "number",
    "dns": "texts", "dns-search": "texts", "dns-opts": "texts", "icc": "flag", "iptables": "flag",
    "ip-forward": "flag", "ip-masq": "flag", "ip": "text", "userland-proxy": "flag", "default-network-opts": "options",
    "insecure-registries": "texts", "registry-mirrors": "texts", "debug": "flag", "experimental": "flag",
    "log-level": "text", "ipv6": "flag", "fixed-cidr-v6": "text", "default-gateway-v6": "text", "ip6tables": "flag",
    "ip-forward-no-drop": "flag", "allow-direct-routing": "flag", "firewall-backend": "text", "live-restore": "flag",
    "bridge-accept-fwmark": "text",
}  # fmt: skip
_WITHOUT_EFFECT = {
    "log-opts": "options", "max-concurrent-downloads": "number",
    "max-concurrent-uploads": "number", "max-download-attempts": "number", "shutdown-timeout": "number",
    "features": "options", "pidfile": "text", "userland-proxy-path": "text", "log-format": "text",
    "exec-opts": "texts", "storage-driver": "text",
}  # fmt: skip
_NOT_MODELLED = (
    "allow-nondistributable-artifacts", "api-cors-header", "authorization-plugins", "bridge", "cgroup-parent",
    "cluster-advertise", "cluster-store", "cluster-store-opts", "containerd", "containerd-namespace",
    "containerd-plugin-namespace", "cpu-rt-period", "cpu-rt-runtime", "cri-containerd", "data-root",
    "default-cgroupns-mode", "default-ipc-mode", "default-runtime", "default-shm-size", "default-ulimits",
    "exec-root", "graph", "group", "host-gateway-ip", "init", "init-path", "labels", "log-driver",
    "metrics-addr", "network-control-plane-mtu", "network-diagnostic-port", "no-new-privileges",
    "node-generic-resources", "oom-score-adjust", "raw-logs", "rootless", "runtimes",
    "seccomp-profile", "selinux-enabled", "storage-opts", "swarm-default-advertise-addr", "tls", "tlscacert", "tlscert",
    "tlskey", "tlsverify", "userns-remap",
)  # fmt: skip
_KINDS = {**_MODELLED, **_WITHOUT_EFFECT}
_FLAGS = {  # a flag whose directive has another name
    "default-address-pool": "default-address-pools", "default-network-opt": "default-network-opts",
    "dns-opt": "dns-opts", "insecure-registry": "insecure-registries", "registry-mirror": "registry-mirrors",
    "log-opt": "log-opts", "exec-opt": "exec-opts",
}  # fmt: skip
_RELOADED = ("debug", "insecure-registries", "registry-mirrors", "live-restore")
_LEVELS = ("panic", "fatal", "error", "warn", "info", "debug", "trace")
_WANTED = {
    "text": Words("a text in quotes"),
    "number": Words("a number"),
    "flag": Words("true or false"),
    "texts": Words('a list of texts: ["…"]'),
    "pools": Words('a list like [{{"base": "10.50.0.0/16", "size": 24}}]'),
    "options": Words("an object: {{…}}"),
}


class Unusable(Exception):
    """dockerd says this and ends with status 1."""


def read(release: EngineProfile, text: str | None, arguments: str = "") -> DaemonConfig:
    """The options in a file (None: there is none) and on the command line. Unusable, Refused."""
    return _config(_values(release, text, arguments))


def reread(release: EngineProfile, text: str | None, arguments: str, now: DaemonConfig) -> DaemonConfig:
    """What a daemon that runs makes of its file when it gets SIGHUP: the few options that it takes then, of those the
    ones that the file names (moby daemon/reload.go). Unusable, Refused."""
    values = _values(release, text, arguments)
    read_anew = _config(values)
    taken = {key.replace("-", "_"): getattr(read_anew, key.replace("-", "_")) for key in _RELOADED if key in values}
    return replace(now, **taken)


def _values(release: EngineProfile, text: str | None, arguments: str) -> Json:
    flags = _from_arguments(release, arguments)
    if text is None or not text.strip():
        values: Json = {}
    else:
        try:
            values = _from_file(release, text, flags)
        except BadJson as error:
            raise _unconfigured(release.text("bad daemon file", problem=str(error))) from None
    merged = {**flags, **values}
    _check_meaning(release, merged, from_file=text is not None)
    return merged


def _unconfigured(problem: str) -> Unusable:
    return Unusable(f"unable to configure the Docker daemon with file {FILE}: {problem}")


def _from_file(release: EngineProfile, text: str, flags: Json) -> Json:
    instead = 'It begins with {{ and ends with }}: {{"mtu": 1400}}'
    try:
        values = loads(text)
    except RecursionError:
        raise Refused("{file} is nested deeper than the lab reads.", instead, file=FILE) from None
    if not isinstance(values, dict):
        raise Refused("{file} must hold one JSON object.", instead, file=FILE)
    unknown = [key for key in values if key not in (*_known(release), "hosts")]
    if unknown:
        text = f"the following directives don't match any configuration option: {', '.join(unknown)}"
        raise _unconfigured(text)
    told = {"hosts": f"[{SOCKET}]", **{key: _as_go(value) for key, value in flags.items()}}
    twice = [f"{key}: (from flag: {told[key]}, from file: {_as_go(value)})" for key, value in values.items()
             if key in told]  # fmt: skip
    if twice:
        conflict = "the following directives are specified both as a flag and in the configuration file"
        raise _unconfigured(f"{conflict}: {', '.join(twice)}")
    for key, value in values.items():
        _check_modelled(key, value)
        _check_kind(key, value)
    return values


def _known(release: EngineProfile) -> tuple[str, ...]:
    newer = {"default-network-opts", "log-format", "firewall-backend", "bridge-accept-fwmark"}
    own = [key for key in _KINDS if key not in newer or key in release.directives]
    return (*own, *_NOT_MODELLED, *release.directives)


def _check_modelled(key: str, value: object) -> None:
    if key in _KINDS or value in (False, "", [], {}):
        return
    raise Refused("The lab's daemon doesn't model {key}.", "Take it out of {file}.", key=key, file=FILE)


def _as_go(value: object) -> str:
    """As fmt's %v prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + " ".join(_as_go(one) for one in value) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_as_go(one)}" for key, one in sorted(value.items())) + "]"
    return str(value)


def _check_kind(key: str, value: object) -> None:
    """Refused for a value of the wrong type: dockerd would not start, in words that no recording tells."""
    right = {
        "text": isinstance(value, str), "flag": isinstance(value, bool), "options": isinstance(value, dict),
        "number": isinstance(value, int) and not isinstance(value, bool),
        "texts": isinstance(value, list) and all(isinstance(one, str) for one in value),
        "pools": isinstance(value, list) and all(isinstance(one, dict) for one in value),
    }  # fmt: skip
    kind = _KINDS.get(key)
    if kind is not None and not right[kind]:
        raise Refused(
            "{key} in {file} must be {wanted}; dockerd would not start.",
            "Write it so and restart.",
            key=key,
            file=FILE,
            wanted=_WANTED[kind],
        )


# -- the command line -----------------------------------------------------------------------------------------------


def _from_arguments(release: EngineProfile, text: str) -> Json:
    """'--icc=false --mtu 1400' as directives and values. Unusable for an unknown flag."""
    found: Json = {}
    words = shlex.split(text)
    while words:
        name, equals, value = words.pop(0).removeprefix("--").partition("=")
        key = _FLAGS.get(name, name)
        if key not in _known(release):
            raise Unusable(f"unknown flag: --{name}\nSee 'dockerd --help'.")
        if key not in _KINDS:
            raise Refused("The lab's daemon doesn't model --{name}.", "Leave it out.", name=name)
        if not equals:
            value = "true" if _KINDS[key] == "flag" else words.pop(0) if words else ""
        found[key] = _value(key, value, found.get(key))
    return found


def _value(key: str, text: str, before: Any) -> Any:
    match _KINDS[key]:
        case "flag":
            return text in ("1", "t", "T", "true", "TRUE", "True")
        case "number":
            return int(text) if text.lstrip("-").isdecimal() else text
        case "texts":
            return [*(before or []), text]
        case "pools":
            parts = dict(part.partition("=")[::2] for part in text.split(","))
            size = parts.get("size", "")
            return [*(before or []), {"base": parts.get("base", ""), "size": int(size) if size.isdecimal() else 0}]
        case "options":
            driver, _, pair = text.partition("=")
            name, _, value = pair.partition("=")
            return {**(before or {}), driver: {**(before or {}).get(driver, {}), name: value}}
    return text


# -- what the values mean -------------------------------------------------------------------------------------------


def _check_meaning(release: EngineProfile, values: Json, from_file: bool) -> None:
    """Values that dockerd reads and refuses, in its words; Refused where the lab doesn't know them."""
    merged = "merged configuration validation from file and command line flags failed"
    level, mtu = values.get("log-level", "info"), values.get("mtu", 0)
    if level.lower() not in _LEVELS or mtu < 0:
        problem = f"invalid logging level: {level}" if level.lower() not in _LEVELS else f"invalid default MTU: {mtu}"
        raise _unconfigured(f"{merged}: {problem}") if from_file else Unusable(problem)
    if values.get("firewall-backend", "") not in ("", "iptables", "nftables"):
        problem = 'invalid firewall-backend: allowed values are "iptables" and "nftables"'
        raise _unconfigured(f"{merged}: {problem}") if from_file else Unusable(problem)
    try:
        mark = _mark(values.get("bridge-accept-fwmark", ""))
    except ValueError as error:
        raise (_unconfigured(f"{merged}: {error}") if from_file else Unusable(str(error))) from None
    if mark is not None and mark[1] is not None and values.get("firewall-backend") == "nftables":
        raise Refused("A mask in bridge-accept-fwmark is not modelled with nftables.", "Give the mark alone: 0x2.")
    if not values.get("icc", True) and not values.get("iptables", True):
        raise Unusable("failed to start daemon: You specified --iptables=false with --icc=false. ICC=false uses "
                       "iptables to function. Please set --icc or --iptables to true")  # fmt: skip
    if not release.ip6tables and values.get("ip6tables") and not values.get("experimental"):
        problem = "ip6tables rules are only available if experimental features are enabled"
        raise Unusable(f"failed to start daemon: {problem}")
    v6_apart = values.get("ipv6", False) and not values.get("icc", True)
    if release.icc_asks_ip6tables and v6_apart and not values.get("ip6tables", True):
        raise Unusable("failed to start daemon: You specified --ip6tables=false with --icc=false. ICC=false uses "
                       "ip6tables to function. Please set --icc or --ip6tables to true")  # fmt: skip
    for key, kind in (("bip", IPv4Interface), ("fixed-cidr", IPv4Interface), ("fixed-cidr-v6", IPv6Interface)):
        if values.get(key) and not _is(kind, values[key], "/"):
            problem = release.text("bad bip", option=key, problem=f"invalid CIDR address: {values[key]}")
            raise Unusable(f"failed to start daemon: Error initializing network controller: {problem}")
    addresses = [*values.get("dns", []), *(values[key] for key in ("ip", "default-gateway") if values.get(key))]
    wrong = [one for one in addresses if not _is(IPv4Address, one)]
    if wrong:
        raise Refused(
            "{wrong} in {file} is no IPv4 address; dockerd would not start.",
            "Correct it and restart.",
            wrong=wrong[0],
            file=FILE,
        )
    _check_subnets(values)
    _check_ipv6(release, values)


def _check_ipv6(release: EngineProfile, values: Json) -> None:
    """Up to 26 docker0 has no IPv6 pool of its own: without fixed-cidr-v6 the daemon does not start (observed on
    20.10.24 and 26.1.5; its words are those of moby's source)."""
    pools = any(":" in str(row.get("base", "")) for row in values.get("default-address-pools", []))
    if values.get("ipv6") and not (values.get("fixed-cidr-v6") or pools or release.ula_pools):
        problem = f'Error creating default "bridge" network: {release.text("ipv6 pools exhausted")}'
        raise Unusable(f"failed to start daemon: Error initializing network controller: {problem}")
    gateway, part = values.get("default-gateway-v6"), values.get("fixed-cidr-v6")
    fits = part and _is(IPv6Address, gateway or "") and IPv6Address(gateway) in IPv6Interface(part).network
    if gateway and not fits:
        raise Refused("default-gateway-v6 must be an address of fixed-cidr-v6.",
                      'Give both: "fixed-cidr-v6" and "default-gateway-v6".')  # fmt: skip


def _mark(text: str) -> tuple[int, int | None] | None:
    """'2/3' as mark and mask. ValueError with what is wrong, in dockerd's words (daemon/config/config_linux.go)."""
    words = text.partition("/")
    if not text:
        return None
    numbers = []
    for what, word in (("mark", words[0]), ("mask", words[2]))[: 1 + bool(words[1])]:
        base = 8 if re.fullmatch(r"0[0-7]+", word) else 0
        wrong = f'invalid firewall {what} "{text}": strconv.ParseUint: parsing "{word}"'
        if not re.fullmatch(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0", word):
            raise ValueError(f"{wrong}: invalid syntax")
        if int(word, base) >= 1 << 32:
            raise ValueError(f"{wrong}: value out of range")
        numbers.append(int(word, base))
    return numbers[0], numbers[1] if len(numbers) > 1 else None


def _is(kind: type[IPv4Address | IPv6Address | IPv4Interface | IPv6Interface], text: str, needs: str = "") -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return needs in text


def _check_subnets(values: Json) -> None:
    """Refused for addresses of docker0 that don't fit together: dockerd's words for them are not recorded."""
    bip, part, gateway = values.get("bip"), values.get("fixed-cidr"), values.get("default-gateway")
    whole = IPv4Interface(bip).network if bip else IPv4Interface(part).network if part else None
    if bip and part and whole is not None and not IPv4Interface(part).network.subnet_of(whole):
        raise Refused(
            "fixed-cidr {part} is not inside bip's subnet {whole}.",
            "Choose a part of that subnet.",
            part=part,
            whole=whole,
        )
    if gateway and (whole is None or IPv4Address(gateway) not in whole):
        raise Refused("default-gateway must be an address of bip's subnet.", 'Give both: "bip" and "default-gateway".')
    for row in values.get("default-address-pools", []):
        base, size = str(row.get("base", "")), row.get("size", 0)
        six = ":" in base
        if (
            not _is(IPv6Interface if six else IPv4Interface, base, "/")
            or not isinstance(size, int)
            or not (ip_network(base, strict=False).prefixlen <= size <= (128 if six else 30))
        ):
            raise Refused(
                "A default address pool with base {base!r} and size {size!r} can't be cut.",
                "For example {wanted}; size is the length of the networks' prefix.",
                base=base,
                size=size,
                wanted=_WANTED["pools"],
            )


def _config(values: Json) -> DaemonConfig:
    pools = tuple(AddressPool(ip_network(row["base"], strict=False), row["size"])
                  for row in values.get("default-address-pools", []))  # fmt: skip
    options = {driver: {key: str(value) for key, value in given.items()}
               for driver, given in values.get("default-network-opts", {}).items()}  # fmt: skip
    return DaemonConfig(
        bip=values.get("bip", ""), fixed_cidr=values.get("fixed-cidr", ""),
        default_gateway=values.get("default-gateway", ""), pools=pools, mtu=values.get("mtu", 0) or 1500,
        dns=tuple(values.get("dns", ())), dns_search=tuple(values.get("dns-search", ())),
        dns_options=tuple(values.get("dns-opts", ())), icc=values.get("icc", True),
        iptables=values.get("iptables", True), ip_forward=values.get("ip-forward", True),
        ip_masq=values.get("ip-masq", True) and values.get("iptables", True), ip=values.get("ip", ""),
        userland_proxy=values.get("userland-proxy", True), network_options=options,
        insecure_registries=tuple(values.get("insecure-registries", ())),
        registry_mirrors=tuple(values.get("registry-mirrors", ())), debug=values.get("debug", False),
        experimental=values.get("experimental", False), ipv6=values.get("ipv6", False),
        fixed_cidr_v6=values.get("fixed-cidr-v6", ""), default_gateway_v6=values.get("default-gateway-v6", ""),
        ip6tables=values.get("ip6tables"), ip_forward_no_drop=values.get("ip-forward-no-drop", False),
        allow_direct_routing=values.get("allow-direct-routing", False),
        firewall_backend=values.get("firewall-backend") or "iptables",
        accept_mark=_mark(values.get("bridge-accept-fwmark", "")), live_restore=values.get("live-restore", False),
    )  # fmt: skip
