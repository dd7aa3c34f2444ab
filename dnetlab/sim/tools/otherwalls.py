"""firewall-cmd: a firewall for INPUT, which a published port goes around; the lab says so."""

from __future__ import annotations

from dnetlab.sim.context import Context, Refused, Result

CLASH = (
    "{tool} writes its rules for what the host itself takes (INPUT); a published port is sent on to its container "
    "(PREROUTING, then FORWARD), and meets none of them."
)
INSTEAD = "iptables -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 -j DROP closes a published port."


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """It isn't switched on here: `firewall-cmd --state` says so."""
    tool, words = argv[0].rsplit("/", 1)[-1], argv[1:]
    if tool == "firewall-cmd" and words[:1] == ("--state",):
        return Result("", "not running\n", 252)
    raise Refused(CLASH, INSTEAD, tool=tool)
