"""hostname says what the machine, or the container, calls itself and which addresses that name has."""

from __future__ import annotations

from ipaddress import IPv4Address

from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup
from dnetlab.sim.tools.options import BadOption, busybox_usage, fail, is_busybox, parse

USAGE = """\
Usage: hostname [-b] {hostname|-F file}         set host name (from file)
       hostname [-a|-A|-d|-f|-i|-I|-s|-y]       display formatted name
       hostname                                 display host name

       {yp,nis,}domainname {nisdomain|-F file}  set NIS domain name (from file)
       {yp,nis,}domainname                      display NIS domain name

       dnsdomainname                            display dns domain name

       hostname -V|--version|-h|--help          print info and exit

Program name:
       {yp,nis,}domainname=hostname -y
       dnsdomainname=hostname -d

Program options:
    -a, --alias            alias names
    -A, --all-fqdns        all long host names (FQDNs)
    -b, --boot             set default hostname if none available
    -d, --domain           DNS domain name
    -f, --fqdn, --long     long host name (FQDN)
    -F, --file             read host name or NIS domain name from given file
    -i, --ip-address       addresses for the host name
    -I, --all-ip-addresses all addresses for the host
    -s, --short            short host name
    -y, --yp, --nis        NIS/YP domain name

Description:
   This command can get or set the host name or the NIS domain name. You can
   also get the DNS domain or the FQDN (fully qualified domain name).
   Unless you are using bind or NIS for host lookups you can change the
   FQDN (Fully Qualified Domain Name) and the DNS domain name (which is
   part of the FQDN) in the /etc/hosts file.
"""


def own_name(context: Context) -> str:
    """What gethostname(2) gives here."""
    if context.uts:
        return context.uts
    if context.container is not None:
        container = context.machine.container(context.container)
        if container is not None and container.hostname:
            return container.hostname
        if container is not None and container.namespace != "host":
            return container.short_id
    return context.host


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`hostname [-f|-i|-I|-s|-d]`."""
    busybox = is_busybox(context)
    try:
        options, words = parse(argv[1:], "sidfF:" if busybox else "aAbdfF:iIsyVh", [] if busybox else [
            "alias", "all-fqdns", "domain", "fqdn", "long", "ip-address", "all-ip-addresses", "short",
            "help"])  # fmt: skip
    except BadOption as error:
        if busybox:
            return busybox_usage("hostname", str(error))
        return Result(USAGE, f"hostname: {error}\n", 255)
    if len(words) > 1:
        return busybox_usage("hostname") if busybox else Result("", USAGE, 255)
    name = own_name(context)
    if words:
        if context.container is not None:
            refused = "sethostname: Operation not permitted" if busybox else "you must be root to change the host name"
            return fail(f"hostname: {refused}", 1)
        raise Refused("The hosts of the lab keep their names.", "docker run --hostname NAME names a container.")
    flags = {n.lstrip("-")[:1] if len(n) == 2 else _LONG[n] for n, _ in options}
    if "h" in flags:
        return Result(USAGE)
    if flags & set("ayFVb"):
        raise Refused(
            "hostname -{flag} is not part of the lab.", "It has -f -i -I -s -d.", flag=sorted(flags & set("ayFVb"))[0]
        )
    return _answer(context, name, flags)


_LONG = {"--alias": "a", "--all-fqdns": "A", "--domain": "d", "--fqdn": "f", "--long": "f", "--ip-address": "i",
         "--all-ip-addresses": "I", "--short": "s", "--help": "h"}  # fmt: skip


def _answer(context: Context, name: str, flags: set[str]) -> Result:
    if "I" in flags:
        found = [str(a.interface.ip) for i in context.stack.interfaces if i.kind.value != "loopback" and i.up
                 for a in sorted(i.addresses, key=lambda a: a.interface.version) if a.scope == "global"]  # fmt: skip
        return Result("".join(f"{address} " for address in found) + "\n")
    rows = [(ip, names) for ip, names in lookup.hosts_file(context) if name in names and ":" not in ip]
    if flags & set("ifdA") and not rows:
        if is_busybox(context):
            return fail(f"hostname: {name}: Host name lookup failure", 1)
        return fail("hostname: Temporary failure in name resolution", 1)
    if "i" in flags:
        addresses = list(dict.fromkeys(str(IPv4Address(ip)) for ip, _ in rows))
        if context.userland == "busybox":  # glibc without /etc/host.conf stops at its first line (host.conf(5), multi;
            addresses = addresses[:1]  # observed on 28.5.2); musl, and Debian's "multi on", read them all
        return Result(" ".join(addresses) + "\n")
    if "A" in flags:
        return Result(f"{rows[0][1][0]} \n")
    if "f" in flags:
        return Result(f"{rows[0][1][0]}\n")
    if "d" in flags:
        domain = rows[0][1][0].partition(".")[2]
        return Result(f"{domain}\n" if domain else "")
    return Result(f"{name.partition('.')[0] if 's' in flags else name}\n")
