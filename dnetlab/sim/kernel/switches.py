"""Is IPv6 switched on for a link? `disable_ipv6` of the link itself, else of `default`, which new links get."""

from __future__ import annotations

from dnetlab.model import Namespace


def has_ipv6(space: Namespace, dev: str) -> bool:
    """May the link have IPv6 addresses? (Documentation/networking/ip-sysctl: disable_ipv6)"""
    sysctls = space.sysctls
    own = sysctls.get(f"net.ipv6.conf.{dev.replace('.', '/')}.disable_ipv6")
    return (own or sysctls.get("net.ipv6.conf.default.disable_ipv6", "0")) != "1"
