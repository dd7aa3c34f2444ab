"""Which tool answers to which name. Each is imported when first typed, so that a lesson pays only for what it uses."""

from __future__ import annotations

from dnetlab.commands.userland import TEXT
from dnetlab.sim.context import Context, Result, Tool

Argv = tuple[str, ...]


def _docker(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.docker import run

    return run(context, argv)


def _ip(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ip import run

    return run(context, argv)


def _bridge(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.bridge import run

    return run(context, argv)


def _brctl(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.brctl import run

    return run(context, argv)


def _iptables(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.iptables import run

    return run(context, argv)


def _iptables_restore(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.iptables import restore

    return restore(context, argv)


def _iptables_legacy(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.iptables import legacy

    return legacy(context, argv)


def _nft(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.nft import run

    return run(context, argv)


def _xtables_monitor(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.xtables_monitor import run

    return run(context, argv)


def _sysctl(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.sysctl import run

    return run(context, argv)


def _ping(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ping import run

    return run(context, argv)


def _traceroute(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.traceroute import run

    return run(context, argv)


def _curl(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.curl import run

    return run(context, argv)


def _wget(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.wget import run

    return run(context, argv)


def _nslookup(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.nslookup import run

    return run(context, argv)


def _arp(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.arp import run

    return run(context, argv)


def _netstat(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.netstat import run

    return run(context, argv)


def _ss(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ss import run

    return run(context, argv)


def _nc(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.nc import run

    return run(context, argv)


def _socat(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.socat import run

    return run(context, argv)


def _ps(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ps import run

    return run(context, argv)


def _kill(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.kill import run

    return run(context, argv)


def _bynames(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.bynames import run

    return run(context, argv)


def _systemctl(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.systemctl import run

    return run(context, argv)


def _journalctl(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.journalctl import run

    return run(context, argv)


def _dmesg(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.dmesg import run

    return run(context, argv)


def _ipset(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ipset import run

    return run(context, argv)


def _ufw(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ufw import run

    return run(context, argv)


def _dockerd(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.dockerd import run

    return run(context, argv)


def _packages(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.packages import run

    return run(context, argv)


def _files(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.files import run

    return run(context, argv)


def _hostname(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.hostname import run

    return run(context, argv)


def _basics(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.basics import run

    return run(context, argv)


def _filters(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.filters import run

    return run(context, argv)


def _ifconfig(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ifconfig import run

    return run(context, argv)


def _nsenter(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.namespaces import nsenter

    return nsenter(context, argv)


def _text(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.text import run

    return run(context, argv)


def _ssh(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ssh import run

    return run(context, argv)


def _tcpdump(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.tcpdump import run

    return run(context, argv)


def _conntrack(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.conntrack import run

    return run(context, argv)


def _ethtool(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ethtool import run

    return run(context, argv)


def _arping(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.arping import run

    return run(context, argv)


def _python3(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.python3 import run

    return run(context, argv)


def _lsns(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.lsns import run

    return run(context, argv)


def _ipcalc(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.ipcalc import run

    return run(context, argv)


def _telnet(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.telnet import run

    return run(context, argv)


def _owners(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.owners import run

    return run(context, argv)


def _lookups(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.lookups import run

    return run(context, argv)


def _nmap(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.nmap import run

    return run(context, argv)


def _repeated(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.repeated import run

    return run(context, argv)


def _otherwalls(context: Context, argv: Argv) -> Result:
    from dnetlab.sim.tools.otherwalls import run

    return run(context, argv)


TOOLS: dict[str, Tool] = {  # a tool may serve several names; argv[0] tells which was typed
    "docker": _docker,
    "docker-compose": _docker,
    "ip": _ip,
    "bridge": _bridge,
    "brctl": _brctl,
    "nsenter": _nsenter,
    "iptables": _iptables,
    "iptables-save": _iptables,
    "iptables-nft": _iptables,
    "iptables-restore": _iptables_restore,
    "iptables-legacy": _iptables_legacy,
    "iptables-legacy-save": _iptables_legacy,
    "ip6tables": _iptables,
    "ip6tables-restore": _iptables_restore,
    "ip6tables-save": _iptables,
    "nft": _nft,
    "xtables-monitor": _xtables_monitor,
    "sysctl": _sysctl,
    "ping": _ping,
    "ping6": _ping,
    "traceroute": _traceroute,
    "traceroute6": _traceroute,
    "curl": _curl,
    "wget": _wget,
    "nslookup": _nslookup,
    "arp": _arp,
    "netstat": _netstat,
    "ss": _ss,
    "nc": _nc,
    "socat": _socat,
    "ps": _ps,
    "kill": _kill,
    "pkill": _kill,
    "pgrep": _kill,
    "pidof": _bynames,
    "killall": _bynames,
    "systemctl": _systemctl,
    "service": _systemctl,
    "journalctl": _journalctl,
    "dmesg": _dmesg,
    "ipset": _ipset,
    "dockerd": _dockerd,
    "yum": _packages,
    "dnf": _packages,
    "apt": _packages,
    "apt-get": _packages,
    "apk": _packages,
    "cat": _files,
    "less": _files,
    "more": _files,
    "ls": _files,
    "hostname": _hostname,
    "env": _basics,
    "printenv": _basics,
    "echo": _basics,
    "true": _basics,
    "false": _basics,
    "sleep": _basics,
    "date": _basics,
    "whoami": _basics,
    "id": _basics,
    "pwd": _basics,
    "clear": _basics,
    "uname": _basics,
    "timeout": _basics,
    "which": _basics,
    "grep": _filters,
    "egrep": _filters,
    "fgrep": _filters,
    "time": _basics,
    "tty": _basics,
    "head": _filters,
    "tail": _filters,
    "wc": _filters,
    "sort": _filters,
    "uniq": _filters,
    "ifconfig": _ifconfig,
    "route": _ifconfig,
    **dict.fromkeys((*(TEXT - {"time", "tty", "egrep", "fgrep"}), "mawk", "rev", "column", "jq"), _text),
    **dict.fromkeys(("gzip", "gunzip", "zcat"), _text),
    "ssh": _ssh,
    "scp": _ssh,
    "tcpdump": _tcpdump,
    "conntrack": _conntrack,
    "ethtool": _ethtool,
    "arping": _arping,
    "lsns": _lsns, "python3": _python3, "telnet": _telnet, "ipcalc": _ipcalc,
    "lsof": _owners,
    "fuser": _owners,
    "pstree": _owners,
    "dig": _lookups,
    "host": _lookups,
    "getent": _lookups,
    "nmap": _nmap,
    "watch": _repeated,
    "mtr": _repeated,
    "ufw": _ufw,
    "firewall-cmd": _otherwalls,
}
