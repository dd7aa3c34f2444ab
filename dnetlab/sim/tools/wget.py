"""wget fetches a page: busybox 1.35 in a container, GNU wget 1.21.3 at a host."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.tools import lookup, wire
from dnetlab.sim.tools.options import BadOption, busybox_usage, chance, fail, is_busybox, parse, shown_address
from dnetlab.sim.tools.tree import absolute
from dnetlab.sim.tools.web import BadUrl, Question, Reply, Url, parse_url, request
from dnetlab.sim.tools.web import asked as on_the_wire
from dnetlab.sim.userland.options import reason


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`wget [options] URL`; exit status 0, or 1 (busybox), 4 for the network and 8 for an HTTP error (GNU)."""
    return _busybox(context, argv) if is_busybox(context) else _gnu(context, argv)


@dataclass(frozen=True)
class Asked:
    output: str = ""  # '-' is stdout, '' the name in the URL
    quiet: bool = False
    spider: bool = False
    headers: bool = False
    timeout: float | None = None
    tries: int = 20
    post: str = ""
    folder: str = ""


def _dial(
    context: Context, found: lookup.Found, port: int, patience: float = wire.CONNECT_SECONDS
) -> tuple[wire.Attempt, IpAddress]:
    """Try the addresses in order; the last failure counts."""
    answer, address = wire.Attempt(wire.Fate.NETWORK_UNREACHABLE), found.addresses[0]
    for address in found.addresses:
        answer = wire.connect(context, address, port, patience)
        if answer.fate in (wire.Fate.ANSWERED, wire.Fate.RESET):
            break
    return answer, address


def _fetch(context: Context, answer: wire.Attempt, url: Url, question: Question, limit: float) -> Reply | str:
    """The page, or the errno that reading it gave; '' when the server closed without a word."""
    try:
        if answer.fate is wire.Fate.RESET:
            raise wire.Silent(answer.seconds)
        return request(context, answer, url, question, limit) or "Connection reset by peer"
    except wire.Silent as silent:
        wire.wait(context, min(silent.seconds, limit))
        cut_off = answer.fate is wire.Fate.RESET and answer.seconds < limit
        return wire.Fate.RESET.value if cut_off else wire.Fate.SILENCE.value
    except ConnectionResetError:
        return wire.Fate.RESET.value


def _question(method: str, url: Url, agent: str, more: list[str], body: str) -> Question:
    lines = [f"{method} {url.path} HTTP/1.1", f"Host: {url.host_header}", f"User-Agent: {agent}", *more]
    return Question(method, agent, on_the_wire(lines, body), "Connection: close" not in more)


def _keep(context: Context, asked: Asked, url: Url, body: str) -> str:
    """Write the page to a file; the name as messages show it."""
    name = asked.output or url.path.split("?", 1)[0].rsplit("/", 1)[-1] or "index.html"
    path = absolute(context, f"{asked.folder}/{name}" if asked.folder else name)
    if not path.startswith("/dev/"):
        LabFiles(context).write(path, body)
    return f"{asked.folder}/{name}" if asked.folder else name


# -- busybox ----------------------------------------------------------------------------------------------------------


def _busybox(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, urls = parse(argv[1:], "cqSO:o:P:U:Y:T:t:", [
            "spider", "header=", "post-data=", "post-file=", "no-check-certificate", "help", "quiet",
            "output-document=",
            "server-response", "user-agent=", "directory-prefix=", "continue", "no-verbose", "passive-ftp", "no-cache",
            "no-clobber", "no-host-directories", "proxy=", "output-file=", "timeout=", "tries="])  # fmt: skip
    except BadOption as error:
        return busybox_usage("wget", str(error))
    given = dict(options)
    if "--help" in given:
        return replace(busybox_usage("wget"), exit_code=0)
    if not urls:
        return busybox_usage("wget")
    if {"-T", "--timeout"} & set(given):
        raise Refused(
            "This busybox's wget -T crashes (Debian 12, busybox-static 1.35).", "timeout 3 wget … waits 3 seconds."
        )
    if {"-o", "--output-file", "--post-file", "-c", "--continue"} & set(given):
        raise Refused("This option of wget is not part of the lab.", "The lab has -q -S -O -P --spider --post-data.")
    asked = Asked(given.get("-O", given.get("--output-document", "")), bool({"-q", "--quiet"} & set(given)),
                  "--spider" in given, bool({"-S", "--server-response"} & set(given)),
                  post=given.get("--post-data", ""), folder=given.get("-P", ""))  # fmt: skip
    stdout = stderr = ""
    for text in urls:
        one = _busybox_one(context, asked, text, given.get("-U", "Wget"))
        stdout, stderr = stdout + one.stdout, stderr + one.stderr
        if one.exit_code:
            return Result(stdout, stderr, one.exit_code)
    return Result(stdout, stderr)


def _busybox_one(context: Context, asked: Asked, text: str, agent: str) -> Result:
    try:
        url = parse_url(text)
    except BadUrl:
        return fail(f"wget: bad address '{text}'", 1)
    if url.scheme not in ("http", "https", "ftp"):
        return fail(f"wget: not an http or ftp url: {text}", 1)
    found = lookup.find(context, url.host)
    if found is None:
        return fail(f"wget: bad address '{url.host}'", 1)
    answer, address = _dial(context, found, url.port)
    shown = url.host + (f":{url.port}" if url.explicit_port else "")
    talk = "" if asked.quiet else f"Connecting to {shown} ({address}:{url.port})\n"
    if answer.fate not in (wire.Fate.ANSWERED, wire.Fate.RESET):
        context.world.clock += min(answer.seconds, wire.CONNECT_SECONDS)
        return Result("", f"{talk}wget: can't connect to remote host{shown_address(address)}: {_reason(answer)}\n", 1)
    method = "POST" if asked.post else "HEAD" if asked.spider else "GET"
    question = _question(method, url, agent, ["Connection: close"], asked.post)
    reply = _fetch(context, answer, url, question, wire.FOREVER)
    if isinstance(reply, str):
        return Result("", f"{talk}wget: error getting response: {reply}\n", 1)
    if asked.headers:
        talk += "".join(f"  {line}\n" for line in _head(reply)) + "  \n"
    if reply.status >= 300:
        return Result("", f"{talk}wget: server returned error: {reply.first_line}\n", 1)
    return _busybox_saved(context, asked, url, reply, talk)


def _reason(answer: wire.Attempt) -> str:
    return answer.fate.value


def _busybox_saved(context: Context, asked: Asked, url: Url, reply: Reply, talk: str) -> Result:
    if asked.spider:
        return Result("", talk + ("" if asked.quiet else "remote file exists\n"))
    size = len(reply.body.encode())
    if asked.output == "-":
        if not asked.quiet:
            talk += f"writing to stdout\n{_bar('-', size)}written to stdout\n"
        return Result(reply.body, talk)
    name = url.path.split("?", 1)[0].rsplit("/", 1)[-1] or "index.html"
    if not asked.output and (context.host, context.container or "", absolute(context, name)) in context.world.files:
        return Result("", f"{talk}wget: can't open '{name}': File exists\n", 1)
    try:
        name = _keep(context, asked, url, reply.body)
    except OSError as error:
        return Result("", f"{talk}wget: can't open '{asked.output or name}': {reason(error)}\n", 1)
    if not asked.quiet:
        talk += f"saving to '{name}'\n{_bar(name.rsplit('/', 1)[-1], size)}'{name}' saved\n"
    return Result("", talk)


def _bar(name: str, size: int) -> str:
    """The last state of busybox's progress bar."""
    return f"{name[:20]:<20} 100% |{'*' * 32}| {size:>5}  0:00:00 ETA\n"


def _head(reply: Reply) -> list[str]:
    return [reply.first_line, *(f"{name}: {value}" for name, value in reply.headers)]


# -- GNU --------------------------------------------------------------------------------------------------------------

USAGE = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"


def _gnu(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, urls = parse(argv[1:], "qSvO:T:t:U:P:n:46cd", [
            "spider", "quiet", "server-response", "output-document=", "timeout=", "tries=", "header=", "post-data=",
            "user-agent=", "no-verbose", "no-check-certificate", "directory-prefix=", "version", "help", "no-proxy",
            "connect-timeout=", "read-timeout=", "dns-timeout="])  # fmt: skip
    except BadOption as error:
        return Result("", f"wget: {error}\n{USAGE}", 2)
    given = dict(options)
    if "--version" in given or "--help" in given:
        raise Refused("wget's help is not part of the lab.", "wget -O - URL prints a page.")
    if not urls:
        return Result("", f"wget: missing URL\n{USAGE}", 1)
    if "-n" in given or "--no-verbose" in given or "-d" in given or "-c" in given:
        raise Refused("This option of wget is not part of the lab.", "The lab has -q -S -O -P -T -t --spider.")
    limit = given.get("-T", given.get("--timeout", given.get("--connect-timeout", "")))
    tries = given.get("-t", given.get("--tries", "20"))
    for option, value in (("--timeout", limit), ("--tries", tries)):
        if value and not value.replace(".", "", 1).isdecimal():
            return fail(f"wget: {option}: Invalid time period ‘{value}’" if option == "--timeout" else
                        f"wget: {option}: Invalid number ‘{value}’.", 2)  # fmt: skip
    asked = Asked(given.get("-O", given.get("--output-document", "")), bool({"-q", "--quiet"} & set(given)),
                  "--spider" in given, bool({"-S", "--server-response"} & set(given)), float(limit) if limit else None,
                  int(float(tries)), given.get("--post-data", ""), given.get("-P", ""))  # fmt: skip
    stdout = stderr = ""
    code = 0
    for text in urls:
        one = _gnu_one(context, asked, text, given.get("-U", "Wget/1.21.3"))
        stdout, stderr, code = stdout + one.stdout, stderr + one.stderr, code or one.exit_code
    return Result(stdout, "" if asked.quiet else stderr, code)


def _gnu_one(context: Context, asked: Asked, text: str, agent: str) -> Result:
    try:
        url = parse_url(text)
    except BadUrl:
        return fail(f"{text}: Invalid host name.", 1)
    if url.scheme not in ("http", "https", "ftp"):
        return fail(f"{text}: Unsupported scheme ‘{url.scheme}’.", 1)
    talk = "Spider mode enabled. Check if remote file exists.\n" if asked.spider else ""
    talk += f"--{moment(context.world.clock):%Y-%m-%d %H:%M:%S}--  {url}\n"
    found = lookup.find(context, url.host)
    if found is None:
        talk += f"Resolving {url.host} ({url.host})... failed: Temporary failure in name resolution.\n"
        return Result("", f"{talk}wget: unable to resolve host address ‘{url.host}’\n", 4)
    if not found.numeric:
        listed = ", ".join(map(str, found.addresses))
        talk += f"Resolving {url.host} ({url.host})... {listed}\n"
    limit = asked.timeout or wire.CONNECT_SECONDS
    answer, address = _dial(context, found, url.port, limit)
    where = str(address) if found.numeric else f"{url.host} ({url.host})|{address}|"
    talk += f"Connecting to {where}:{url.port}... "
    if answer.fate not in (wire.Fate.ANSWERED, wire.Fate.RESET):
        return _gnu_failed(context, asked, answer, talk)
    talk += "connected.\nHTTP request sent, awaiting response... "
    method = "POST" if asked.post else "HEAD" if asked.spider else "GET"
    more = ["Accept: */*", "Accept-Encoding: identity", "Connection: Keep-Alive"]
    reply = _fetch(context, answer, url, _question(method, url, agent, more, asked.post), asked.timeout or 900.0)
    if isinstance(reply, str):
        return Result("", f"{talk}Read error ({reply}) in headers.\nGiving up.\n\n", 4)
    return _gnu_reply(context, asked, url, reply, talk)


def _gnu_failed(context: Context, asked: Asked, answer: wire.Attempt, talk: str) -> Result:
    limit = asked.timeout or wire.CONNECT_SECONDS
    if answer.seconds < limit and answer.fate is not wire.Fate.SILENCE:
        context.world.clock += answer.seconds
        return Result("", f"{talk}failed: {answer.fate.value}.\n", 4)
    context.world.clock += limit
    talk += "failed: Connection timed out.\n"
    if asked.tries == 1:
        return Result("", f"{talk}Giving up.\n\n", 4)
    # It would try twenty times; a student presses Ctrl-C.
    return Result("", f"{talk}Retrying.\n\n^C\n", 130)


def _gnu_reply(context: Context, asked: Asked, url: Url, reply: Reply, talk: str) -> Result:
    now = f"{moment(context.world.clock):%Y-%m-%d %H:%M:%S}"
    if asked.headers:
        talk += "\n" + "".join(f"  {line}\n" for line in _head(reply))
    else:
        talk += f"{reply.status} {reply.reason}\n"
    if reply.status >= 400:
        if asked.spider:
            return Result("", f"{talk}Remote file does not exist -- broken link!!!\n\n", 8)
        return Result("", f"{talk}{now} ERROR {reply.status}: {reply.reason}.\n\n", 8)
    size = len(reply.body.encode())
    kind = reply.header("Content-Type")
    length = reply.header("Content-Length")
    talk += f"Length: {length} [{kind}]\n" if length else f"Length: unspecified [{kind}]\n"
    if asked.spider:
        return Result("", f"{talk}Remote file exists and could contain further links,\n"
                          "but recursion is disabled -- not retrieving.\n\n")  # fmt: skip
    rate = 2 + 8 * chance(context, "wget")
    body, name = "", "STDOUT"
    if asked.output == "-":
        body = reply.body
        saved = "written to stdout"
    else:
        name = _keep(context, asked, url, reply.body)
        saved = f"‘{name}’ saved"
    talk += f"Saving to: ‘{name}’\n\n     0K{' ' * 55}100% {rate:.2f}M=0s\n\n"
    return Result(body, f"{talk}{now} ({rate:.2f} MB/s) - {saved} [{size}/{length or size}]\n\n")
