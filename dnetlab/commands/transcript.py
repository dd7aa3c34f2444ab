"""Is this the output that was expected? What no two runs share (ids, MACs, times, pids) is compared by its shape."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable

# The first halves of the names that dockerd makes up (pkg/namesgenerator of moby; the same list since 2020).
_ADJECTIVES = (
    "admiring adoring affectionate agitated amazing angry awesome beautiful blissful bold boring brave busy charming "
    "clever compassionate competent condescending confident cool cranky crazy dazzling determined distracted dreamy "
    "eager ecstatic elastic elated elegant eloquent epic exciting fervent festive flamboyant focused friendly frosty "
    "funny gallant gifted goofy gracious great happy hardcore heuristic hopeful hungry infallible inspiring "
    "intelligent interesting jolly jovial keen kind laughing loving lucid magical modest musing mystifying naughty "
    "nervous nice nifty nostalgic objective optimistic peaceful pedantic pensive practical priceless quirky quizzical "
    "recursing relaxed reverent romantic sad serene sharp silly sleepy stoic strange stupefied suspicious sweet tender "
    "thirsty trusting unruffled upbeat vibrant vigilant vigorous wizardly wonderful xenodochial youthful zealous zen"
).replace(" ", "|")

_AGE = r"(?:Less than a second|About an? \w+|[0-9]+ (?:second|minute|hour|day|week|month|year)s?)"
# Longest shapes first: a 64-digit id must not be read as a short one. Each is (pattern, what stands for it).
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), shape)
    for pattern, shape in [
        (r"sha256:[0-9a-f]{64}", "sha256:<id>"),
        (r"\b[0-9a-f]{64}\b", "<id>"),
        (r"\bSWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}\b", "<token>"),
        (r"\b(?=[a-z]*[0-9])[0-9a-z]{25}\b", "<id>"),  # of what belongs to a swarm, and the short form in listings
        (r"(?m)^[0-9a-z]{12}(?= +\S+ +overlay | +\S.* (?:replicated|global|Running|Shutdown) )", "<id>"),
        (r"(?m)^(1-|lb_)[0-9a-z]{9,10}$", r"\1<id>"),
        (r"(?m)(?:^overall progress: .*\n)+(?=1/|verify)", "<progress>\n"),  # how often the client has looked
        (r"\bbr-[0-9a-f]{12}\b", "br-<id>"),
        (r"\bgateway_[0-9a-f]{12}\b", "gateway_<id>"),  # an endpoint in docker_gwbridge
        (r"\b[0-9a-f]{12}\.\.\.", "<id>..."),
        (r"\b8000\.[0-9a-f]{12}\b", "8000.<mac>"),
        (r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "<mac>"),
        (r"\bfe80::[0-9a-f:]+", "<fe80>"),
        (r"\bfd(?!0)[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}::", "<ula>::"),  # the prefix that a daemon made up
        (r"<fe80>/64 scope link(?: tentative)?", "<fe80>/64 scope link"),
        (r"\bveth[0-9a-f]{7}\b", "<veth>"),
        (r"\bdm-[0-9a-f]{12}\b", "dm-<id>"),
        (r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b", "<id>"),
        # A NIC of a lab host is a veth where real engines run in namespaces, and a plain one in the simulator.
        (r"(?m)^([0-9]+: )?(eth\d+|en[a-z]\w+)(?:@if[0-9]+)?: (<[\w,]*?)(?:,M-DOWN)?> (mtu \d+) qdisc \w+ "
         r"((?:state \w+ group default )?qlen 1000)(?: link-netnsid [0-9]+)?\s*$", r"\1\2: \3> \4 \5"),
        (r"(?m)^(eth\d+|en[a-z]\w+)@if[0-9]+(?= )", r"\1"),  # ip -br
        (r"(?m)^([0-9]+: (?:eth\d+|en[a-z]\w+): .*\n    link/ether .*) link-netnsid [0-9]+$", r"\1"),
        (rf"\b(?:{_ADJECTIVES})_[a-z]+\d?\b", "<name>"),  # a name that the daemon made up
        (r"(?m)^[0-9]+: ", "<index>: "),
        (r"@if[0-9]+", "@if<index>"),
        (r"link-netnsid [0-9]+", "link-netnsid <n>"),
        (rf"\bUp {_AGE}\b", "Up <age>"),
        (rf"\b{_AGE} ago\b", "<age> ago"),
        (r"time[ =]?<?[0-9.]+ ?ms", "time=<ms>"),
        (r"  [0-9.]+ ms(?=  |\s|$)", "  <ms>"),  # traceroute
        (r"\b\w{3}, [0-9]{2} \w{3} [0-9]{4} [0-9:]{8} GMT", "<time>"),  # HTTP
        (r"= [0-9.]+/[0-9.]+/[0-9.]+(?:/[0-9.]+)? ms", "= <rtt> ms"),
        (r"after [0-9]+ (?:ms|milliseconds)", "after <ms>"),
        (r"\b[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9:.]+(?:Z|[+-][0-9:]+)?(?: [+-][0-9]{4})?(?: UTC)?", "<time>"),
        (r"\b[0-9]{2}/\w{3}/[0-9]{4}:[0-9:]+ [+-][0-9]{4}", "<time>"),
        (r"\b\w{3} \w{3} +[0-9]+ [0-9:]{8}(?: \w+)? [0-9]{4}", "<time>"),
        (r"\b[0-9]+/(docker-proxy|dockerd|nginx|httpd|[a-z][\w-]+)", r"<pid>/\1"),
        (r"pid=[0-9]+", "pid=<pid>"),
        (r"\b(COPY|ADD) (file|dir|multi):[0-9a-f]+", r"\1 \2:<digest>"),  # docker history
        (r'execDuration(=|":")[0-9]+', r"execDuration\1<s>"),  # docker events
        (r'"Pid": [0-9]+', '"Pid": <pid>'),
        (r"OS: Linux \S+", "OS: Linux <kernel>"),  # nginx's log names the machine it runs on
        (r"getrlimit\(RLIMIT_NOFILE\): [0-9:]+", "getrlimit(RLIMIT_NOFILE): <limit>"),
        (r"worker process [0-9]+", "worker process <pid>"),
        # ps -ef, docker top, docker compose top
        (r"(?m)^((?:\S+ +[0-9]+ +)?\w+) +[0-9]+ +[0-9]+ +[0-9]+ +[0-9:]{5} ", r"\1 <pid> <pid> <time> "),
        (r"127\.0\.0\.11:[0-9]{5}", "127.0.0.11:<port>"),
        (r"--sport [0-9]{5}(?= -j SNAT --to-source :53)", "--sport <port>"),
        (r"sport [0-9]{5}(?= counter (?:packets \d+ bytes \d+ )?snat to :53)", "sport <port>"),  # the same in nft
        (r"\[::ffff:([0-9.]+)\]:[0-9]{5}", r"[::ffff:\1]:<port>"),
        (r"(?m)^\s*[0-9]+ (\?|pts/[0-9]+|tty[0-9]*) +\S+ +[0-9:]+ ", "<pid> <process> "),
    ]
)  # fmt: skip


def _in_order_of_things(text: str) -> str:
    """The lines that compose prints by what they are about: it works on several things at once, and whose line comes
    first is chance; the order of one thing's own lines is not, save that of its variables."""
    lines = text.split("\n")
    for pattern in _BESIDE:
        found = [(number, match) for number, line in enumerate(lines) if (match := pattern.match(line))]
        told = sorted((match for _, match in found), key=lambda match: match["thing"])  # a stable order
        for (number, _), line in zip(found, _variables_in_order([match.string for match in told]), strict=True):
            lines[number] = line
    return "\n".join(lines)


def _variables_in_order(lines: list[str]) -> list[str]:
    """Lines NAME=value that stand together by their names: compose keeps `environment` in a Go map."""
    found: list[str] = []
    for variables, run in itertools.groupby(lines, key=lambda line: _VARIABLE.match(line) is not None):
        together = list(run)
        found += sorted(together, key=lambda line: line.partition("=")[0]) if variables else together
    return found


# Progress; what containers say to who stays with them; their ends.
_BESIDE = (
    re.compile(r" (?P<thing>(?:Container|Network|Volume) \S+)  \S"),
    re.compile(r"(?P<thing>\S+-[0-9]+) +\| "),
    re.compile(r"\r\x1b\[K(?P<thing>\S+-[0-9]+) exited with code "),
)
_VARIABLE = re.compile(r"\S+-[0-9]+ +\| [A-Z_]+=")


def by_shape(text: str) -> str:
    """The text with what differs from run to run replaced by its shape, and runs of spaces made one."""
    text = _in_order_of_things(text)
    for pattern, shape in _SHAPES:
        text = pattern.sub(shape, text)
    lines = [re.sub(r"[ \t]+", " ", line).rstrip() for line in text.split("\n")]
    return "\n".join(lines).strip("\n")


def has_no_order(command: str, restarted: bool, reattached: bool = False) -> bool:
    """Does the engine itself list this in no fixed order? Then lines are compared as a set.

    brctl sorts bridges by name, and the names of two networks are random ids. After a restart dockerd restores its
    networks in Go's map order, which is random too, and everything that lists bridges, their rules or routes follows
    (observed on 20.10.24, 28.5.2 and 29.7.2).

    restarted: dockerd has been restarted. reattached: a container of several networks has been started again; from 28
    on its networks are plugged in in map order, so which of them is eth0 changes from start to start (28.5.2).
    """
    listing = command.startswith(("iptables", "ip6tables", "ip route", "ip addr", "ip link", "bridge", "nft"))
    inside = bool(plug_numbers(command, reattached))
    if command.count("--link ") > 1 and "/etc/hosts" in command:  # dockerd keeps links in a Go map (20.10.24)
        return True
    if _OF_A_MAP.match(command):
        return True
    command = _EXEC.sub("", command)
    return command.startswith(_NO_ORDER) or ".Containers" in command or (restarted and listing) or inside


def plug_numbers(command: str, reattached: bool) -> list[str]:
    """Patterns for `same`: which ethN is which can't be told inside a reattached container (see `has_no_order`)."""
    inside = re.match(r"docker exec \S+ (ip|ifconfig|route|cat /etc/hosts|hostname)\b", command)
    return [r"\beth[0-9]+"] if inside and reattached else []


def is_reattached(command: str) -> bool:
    """May this line plug a container into its networks again? See `has_no_order`."""
    return re.match(r"docker (container )?(restart|start)\b|systemctl (re)?start docker", command) is not None


# compose keeps extra_hosts and environment in Go maps (2.40 on 26.1.5 and 28.5.2); shop-web-1 is a name of its making
_OF_A_MAP = re.compile(r"docker compose (?:exec|run) .*(?:/etc/hosts|\benv)$|docker inspect .*\.ExtraHosts.*-[0-9]+$")
# the tool at the end of the line
_EXEC = re.compile(r"^docker (?:compose )?(?:exec|run) .*?(?=netstat|nslookup|ss |brctl|ip (?:-6 )?neigh|arp\b)")
# netstat and ss: the kernel's hash table of sockets; neighbours are in one with a random seed (net/core/neighbour.c
# neigh_get_hash_rnd). nslookup: the answers for A and AAAA come as they come. prune, rm, diff, images, .Containers:
# Go's map order. ip -6 route: the rows of one network stand as links came to it. Observed on 20.10.24 and 28.5.2.
_NO_ORDER = ("brctl", "netstat", "ss ", "nslookup", "ip neigh", "ip -6 neigh", "ip -6 route", "arp ",
             "docker network prune", "docker network rm", "docker system prune", "docker diff", "docker images",
             "docker events", "docker compose config --")  # fmt: skip

# Words that a real engine says one time and not the next, in one situation each; `same` leaves them out of both texts.
# A bridge that lost its last port: the kernel's link watch looks once a second, so a route is marked up to a second
# late (observed on 6.18: no `linkdown` right after docker stop, there 0.2 s later). src is the bridge's own address.
LINKDOWN = r"(?<=src {address}) linkdown"
# A container that can't have two of its networks: dockerd goes through them in Go's map order and names the first
# (observed on 20.10.24 and 28.5.2: the same `docker start` named one network, then the other).
ONE_OF_ITS_NETWORKS = (
    r"(?:could not find a network matching network mode \S+: )?network \S+ not found|Address already in use|"
    r"[Nn]o available addresses on this pool"
)


_BETWEEN_WORDS = re.compile(r"[\s,()\[\]]+")


def same(expected: str, found: str, unordered: bool = False, unsettled: Iterable[str] = ()) -> bool:
    """Equal by shape; with `unordered`, in any order of words; without what the patterns of `unsettled` match."""
    for pattern in unsettled:
        expected, found = re.sub(pattern, "", expected), re.sub(pattern, "", found)
    left, right = by_shape(expected), by_shape(found)
    return left == right or (unordered and sorted(_BETWEEN_WORDS.split(left)) == sorted(_BETWEEN_WORDS.split(right)))


def difference(expected: str, stdout: str, stderr: str, unordered: bool = False, unsettled: Iterable[str] = ()) -> str:
    """'' when the output is the expected one, else a unified diff of both by shape.

    A transcript doesn't tell the streams apart, so either order of stdout and stderr is taken.
    """
    if any(same(expected, found, unordered, unsettled) for found in (stdout + stderr, stderr + stdout)):
        return ""
    want, have = by_shape(expected).split("\n"), by_shape(stdout + stderr).split("\n")
    return "\n".join(difflib.unified_diff(want, have, "expected", "found", lineterm="", n=2))
