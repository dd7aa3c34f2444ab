"""curl fetches a page over HTTP and says exactly why when it can't: curl 7.88.1, as in Debian 12.

The lab's machines have `no-progress-meter` in ~/.curlrc, so there is never a meter.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, numeric_address
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.tools import dockersocket, lookup, tree, wire
from dnetlab.sim.tools.options import chance
from dnetlab.sim.tools.web import BadUrl, NotHttp, Question, Reply, Url, parse_url, request
from dnetlab.sim.tools.web import asked as on_the_wire

TRY = "curl: try 'curl --help' or 'curl --manual' for more information\n"
VERSION = """\
curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13 brotli/1.0.9 zstd/1.5.4 libidn2/2.3.3 \
libpsl/0.21.2 (+libidn2/2.3.3) libssh2/1.10.0 nghttp2/1.52.0 librtmp/2.3 OpenLDAP/2.5.13
Release-Date: 2023-02-20, security patched: 7.88.1-10+deb12u15
Protocols: dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt pop3 pop3s rtmp rtsp scp sftp smb \
smbs smtp smtps telnet tftp
Features: alt-svc AsynchDNS brotli GSS-API HSTS HTTP2 HTTPS-proxy IDN IPv6 Kerberos Largefile libz NTLM NTLM_WB PSL \
SPNEGO SSL threadsafe TLS-SRP UnixSockets zstd
"""
HELP = """\
Usage: curl [options...] <url>
 -d, --data <data>          HTTP POST data
 -f, --fail                 Fail fast with no output on HTTP errors
 -h, --help <category>      Get help for commands
 -i, --include              Include protocol response headers in the output
 -o, --output <file>        Write to file instead of stdout
 -O, --remote-name          Write output to a file named as the remote file
 -s, --silent               Silent mode
 -T, --upload-file <file>   Transfer local FILE to destination
 -u, --user <user:password> Server user and password
 -A, --user-agent <name>    Send User-Agent <name> to server
 -v, --verbose              Make the operation more talkative
 -V, --version              Show version number and quit

This is not the full help, this menu is stripped into categories.
Use "--help category" to get an overview of all categories.
For all options use the manual or "--help all".
"""
_FLAGS = {"s": "silent", "S": "show-error", "I": "head", "i": "include", "v": "verbose", "f": "fail", "L": "location",
          "4": "ipv4", "6": "ipv6", "k": "insecure", "O": "remote-name", "V": "version", "g": "globoff", "G": "get",
          "#": "progress-bar", "N": "no-buffer", "0": "http1.0",
          "j": "junk-session-cookies", "Z": "parallel"}  # fmt: skip
_VALUED = {"o": "output", "m": "max-time", "w": "write-out", "H": "header", "X": "request", "d": "data",
           "A": "user-agent", "D": "dump-header", "e": "referer", "u": "user", "b": "cookie", "h": "help"}  # fmt: skip
_LONG_FLAGS = set(_FLAGS.values()) | {"no-progress-meter", "fail-with-body", "compressed", "http1.1", "no-keepalive"}
_LONG_VALUED = (set(_VALUED.values()) - {"help"}) | {"connect-timeout", "resolve", "url", "interface", "retry",
                "retry-delay", "retry-max-time", "data-raw", "max-redirs", "noproxy", "connect-to",
                "unix-socket"}  # fmt: skip
_SHORT_OTHERS = {"Q": True, "T": True, "x": True, "E": True, "K": True, "F": True, "r": True, "t": True, "y": True,
                 "Y": True, "z": True, "C": True, "P": True, "U": True, "c": True, "a": False, "B": False, "J": False,
                 "M": False, "n": False, "p": False, "q": False, "R": False, "l": False, "1": False, "2": False,
                 "3": False}  # fmt: skip
_NUMBERS = {"max-time", "connect-timeout", "retry", "retry-delay", "retry-max-time", "max-redirs"}


class _Wrong(Exception):
    """The command line can't be read; text is what stands after `curl: `."""


@dataclass(frozen=True)
class Failure:
    """curl's error number and sentence."""

    code: int
    text: str


class _Failed(Exception):
    """One transfer failed."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.failure = Failure(code, text)


@dataclass
class Asked:
    """The command line. flags: long names; values: the last of each; urls with the -o that belongs to each."""

    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    resolves: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def seconds(self, name: str) -> float | None:
        return float(self.values[name]) or None if name in self.values else None


@dataclass
class Transfer:
    """What one URL came to; talk is what -v says."""

    url: str
    reply: Reply | None = None
    answer: wire.Attempt | None = None
    method: str = "GET"
    size: int = 0
    milliseconds: float = 0.0
    error: Failure | None = None
    talk: str = ""
    remote: str = ""


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`curl [options] URL…`; the exit status is curl's error number of the last URL that failed, else 0."""
    try:
        asked = _read(argv[1:])
    except _Wrong as wrong:
        return Result("", f"curl: {wrong}\n{TRY}", 2)
    if "version" in asked.flags:
        return Result(VERSION)
    if "help" in asked.values:
        if asked.values["help"]:
            raise Refused("Of curl's help the lab carries the first page.", "Type curl --help.")
        return Result(HELP)
    if not asked.urls:
        return Result("", TRY if len(argv) == 1 else f"curl: no URL specified!\n{TRY}", 2)
    return _fetch_all(context, asked)


# -- the command line -------------------------------------------------------------------------------------------------


def _read(words: tuple[str, ...]) -> Asked:
    asked = Asked()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            asked.urls += rest
            break
        if word.startswith("--"):
            _long(asked, word[2:], rest)
        elif word.startswith("-"):
            _short(asked, word, rest)
        else:
            asked.urls.append(word)
    return asked


def _long(asked: Asked, name: str, rest: list[str]) -> None:
    if name == "help":
        asked.values["help"] = rest.pop(0) if rest and not rest[0].startswith("-") else ""
        return
    known = sorted(n for n in _LONG_FLAGS | _LONG_VALUED if n.startswith(name))
    if name not in known:
        if name.startswith("no-") and name[3:] in _LONG_FLAGS:
            asked.flags.discard(name[3:])
            return
        if len(known) > 1:
            raise _Wrong(f"option --{name}: is ambiguous")
        if not known:
            _refuse_if_real("--" + name)
            raise _Wrong(f"option --{name}: is unknown")
        name = known[0]
    if name in _LONG_FLAGS:
        asked.flags.add(name)
    else:
        _take(asked, name, "--" + name, None, rest)


def _short(asked: Asked, word: str, rest: list[str]) -> None:
    letters = word[1:]
    if not letters:
        raise _Wrong("option -: is unknown")
    for position, letter in enumerate(letters):
        if letter == "h":
            asked.values["help"] = rest.pop(0) if rest and not rest[0].startswith("-") else ""
            return
        if letter in _VALUED:
            _take(
                asked,
                _VALUED[letter],
                word if len(letters) == 1 else "-" + letter,
                letters[position + 1 :] or None,
                rest,
            )
            return
        if letter in _FLAGS:
            asked.flags.add(_FLAGS[letter])
            continue
        if letter not in _SHORT_OTHERS:
            raise _Wrong(f"option {word}: is unknown")
        if _SHORT_OTHERS[letter] and not letters[position + 1 :] and not rest:
            raise _Wrong(f"option {word}: requires parameter")
        _refuse_if_real("-" + letter)


def _refuse_if_real(option: str) -> None:
    names = ("upload-file", "proxy", "cert", "cacert", "form", "json", "trace", "trace-ascii", "config",
             "data-binary", "data-urlencode", "cookie-jar", "range", "limit-rate", "tlsv1.2", "http2", "netrc", "ssl",
             "socks5", "dns-servers", "local-port", "ciphers", "create-dirs", "remote-header-name", "tcp-nodelay",
             "keepalive-time", "happy-eyeballs-timeout-ms", "retry-connrefused", "retry-all-errors",
             "path-as-is")  # fmt: skip
    if option.startswith("--") and option[2:] not in names:
        return
    raise Refused(
        "curl {option} is not part of the lab.",
        "The lab has -s -S -I -i -v -o -O -m -w -f -L -H -X -d -4 --resolve --unix-socket.",
        option=option,
    )


def _take(asked: Asked, name: str, shown: str, glued: str | None, rest: list[str]) -> None:
    if glued is None and not rest:
        raise _Wrong(f"option {shown}: requires parameter")
    value = glued if glued is not None else rest.pop(0)
    if name in _NUMBERS and not re.fullmatch(r"\d{1,9}(\.\d*)?|\.\d+", value):
        raise _Wrong(f"option {shown}: expected a proper numerical parameter")
    lists = {"header": asked.headers, "output": asked.outputs, "resolve": asked.resolves, "url": asked.urls,
             "data": asked.data, "data-raw": asked.data}  # fmt: skip
    if name in lists:
        lists[name].append(value)
        return
    asked.values[name] = value


# -- transfers ----------------------------------------------------------------------------------------------------


def _fetch_all(context: Context, asked: Asked) -> Result:
    stdout = stderr = ""
    code = 0
    urls = [(url, n) for n, text in enumerate(asked.urls) for url in _spread(asked, text)]
    for url, number in urls[:50]:
        transfer = _fetch(context, asked, url)
        if "verbose" in asked.flags:
            stderr += transfer.talk
        output = asked.outputs[number] if number < len(asked.outputs) else ""
        text, complaint, code = _deliver(context, asked, transfer, output)
        stdout += text
        if complaint and ("silent" not in asked.flags or "show-error" in asked.flags):
            stderr += complaint
        if "write-out" in asked.values:
            written, warned = _write_out(context, asked.values["write-out"], transfer, code)
            stdout += written
            stderr += warned
    return Result(stdout, stderr, code)


def _spread(asked: Asked, text: str) -> list[str]:
    """URL globbing: {a,b} and [1-3]."""
    if "globoff" in asked.flags or not re.search(r"[{\[]", text) or re.match(r"(\w+://)?\[[0-9a-fA-F:]+\]", text):
        return [text]
    parts = re.split(r"(\{[^{}]*\}|\[\d+-\d+\])", text)
    choices = []
    for part in parts:
        numbers = re.fullmatch(r"\[(\d+)-(\d+)\]", part)
        if numbers:
            low, high = int(numbers[1][:6]), int(numbers[2][:6])
            choices.append(
                [
                    str(n).zfill(len(numbers[1]) if numbers[1][0] == "0" else 0)
                    for n in range(low, min(high, low + 50) + 1)
                ]
            )
        elif part.startswith("{"):
            choices.append(part[1:-1].split(","))
        else:
            choices.append([part])
    return ["".join(c) for c in itertools.islice(itertools.product(*choices), 50)]


def _fetch(context: Context, asked: Asked, text: str) -> Transfer:
    """One URL, followed through redirects with -L."""
    transfer = Transfer(text)
    begin = context.world.clock
    try:
        _follow(context, asked, transfer)
    except _Failed as error:
        transfer.error = error.failure
    waited = (context.world.clock - begin) * 1000
    transfer.milliseconds = waited + 0.4 + 0.5 * chance(context, "curl")
    return transfer


def _follow(context: Context, asked: Asked, transfer: Transfer) -> None:
    for _ in range(50):
        _one(context, asked, transfer)
        target = transfer.reply.header("Location") if transfer.reply else ""
        if "location" not in asked.flags or not target or transfer.reply is None or transfer.reply.status // 100 != 3:
            return
        transfer.url = urljoin(transfer.url, target)  # it may be a path only
    raise _Failed(47, "Maximum (50) redirects followed")


def _one(context: Context, asked: Asked, transfer: Transfer) -> None:
    try:
        url = parse_url(transfer.url)
    except BadUrl:
        raise _Failed(3, "URL using bad/illegal format or missing URL") from None
    if url.scheme not in ("http", "https", "ftp"):
        if url.scheme in ("telnet", "file", "ldap", "scp", "sftp", "smtp", "tftp", "dict", "gopher"):
            raise Refused(
                "curl speaks only HTTP in the lab, not {scheme}.",
                "Use http:// or leave the scheme out.",
                scheme=url.scheme,
            )
        raise _Failed(1, f'Protocol "{url.scheme}" not supported or disabled in libcurl')
    if asked.data and "get" in asked.flags:
        glue = "&" if "?" in url.path else "?"
        url = replace(url, path=url.path + glue + "&".join(asked.data))
    default = "HEAD" if "head" in asked.flags else "POST" if asked.data and "get" not in asked.flags else "GET"
    transfer.method = asked.values.get("request", default)
    transfer.url = str(url)
    if "unix-socket" in asked.values:
        _over_socket(context, asked, transfer, url)
        return
    answer = _connect(context, asked, transfer, url)
    _ask(context, asked, transfer, url, answer)


def _over_socket(context: Context, asked: Asked, transfer: Transfer, url: Url) -> None:
    """--unix-socket: who is asked sits behind a path of the host, whatever name the URL has."""
    path, data = asked.values["unix-socket"], "&".join(asked.data)
    kind = next((h.split(":", 1)[1].strip() for h in asked.headers if h.lower().startswith("content-type:")),
                "application/x-www-form-urlencoded")  # fmt: skip
    transfer.talk += f"*   Trying {path}:0...\n"
    try:
        reply = dockersocket.ask(context, path, transfer.method, url.path, kind, data)
    except dockersocket.NobodyListens:
        text = f"Failed to connect to {url.host} port {url.port} after 0 ms: Couldn't connect to server"
        raise _Failed(7, text) from None
    transfer.talk += f"* Connected to {url.host} ({path}) port {url.port} (#0)\n"
    transfer.reply = reply
    transfer.size = len(reply.body.encode())


def _addresses(context: Context, asked: Asked, transfer: Transfer, url: Url) -> list[IpAddress]:
    """The addresses to try in curl's order; `localhost` it resolves itself, IPv4 first (observed with 7.88)."""
    for entry in asked.resolves:
        parts = entry.lstrip("+").split(":", 2)
        if len(parts) == 3 and parts[0] in (url.host, "*") and parts[1] == str(url.port):
            given = numeric_address(parts[2]) or lookup.numeric_ipv6(context, parts[2].strip("[]"))
            if given:
                transfer.talk += f"* Added {parts[0]}:{parts[1]}:{parts[2]} to DNS cache\n"
                transfer.talk += f"* Hostname {url.host} was found in DNS cache\n"
                return [given]
    family = 6 if "ipv6" in asked.flags else 4 if "ipv4" in asked.flags else 0
    asked_at = context.world.clock
    known = lookup.find(context, url.host)
    _resolved_in_time(context, asked, transfer, asked_at)
    found = known.of_family(family) if known else None
    if found is None:
        if known is not None and known.numeric:
            raise _Failed(7, "Couldn't connect to server")
        transfer.talk += f"* Could not resolve host: {url.host}\n* Closing connection 0\n"
        raise _Failed(6, f"Could not resolve host: {url.host}")
    if url.host == "localhost":
        return sorted(found.addresses, key=lambda address: address.version)
    return list(found.addresses)


def _resolved_in_time(context: Context, asked: Asked, transfer: Transfer, since: float) -> None:
    """curl's timers run while the resolver is asked, too (observed with 7.88 and a resolver that never answers)."""
    timers = [timer for timer in (asked.seconds("max-time"), asked.seconds("connect-timeout")) if timer is not None]
    if timers and context.world.clock - since > min(timers):
        context.world.clock = since + min(timers)
        text = f"Resolving timed out after {int(min(timers) * 1000) + 1} milliseconds"
        transfer.talk += f"* {text}\n* Closing connection 0\n"
        raise _Failed(28, text)


def _connect(context: Context, asked: Asked, transfer: Transfer, url: Url) -> wire.Attempt:
    """Try each address; curl's own timers decide how long it waits."""
    waited = 0.0
    limit, connect_limit = asked.seconds("max-time"), asked.seconds("connect-timeout")
    addresses = _addresses(context, asked, transfer, url)
    for address in addresses:
        shown = f"[{address}]" if ":" in str(address) else str(address)
        transfer.talk += f"*   Trying {shown}:{url.port}...\n"
        timers = [timer for timer in (limit, connect_limit, wire.CONNECT_SECONDS) if timer is not None]
        answer = wire.connect(context, address, url.port, min(timers) - waited)
        if answer.fate in (wire.Fate.ANSWERED, wire.Fate.RESET):
            transfer.remote = str(address)
            transfer.answer = answer
            host = url.host
            transfer.talk += f"* Connected to {host} ({address}) port {url.port} (#0)\n"
            return answer
        seconds = min(answer.seconds, wire.CONNECT_SECONDS)
        for timer, sentence in (
            (limit, "Connection timed out after {ms} milliseconds"),
            (connect_limit, f"Failed to connect to {url.host} port {url.port} after {{ms}} ms: Timeout was reached"),
        ):
            if timer is not None and waited + seconds >= timer and timer == min(t for t in (limit, connect_limit) if t):
                context.world.clock += timer
                text = sentence.format(ms=int(timer * 1000) + 1)
                transfer.talk += f"* {text}\n* Closing connection 0\n"
                raise _Failed(28, text)
        waited += seconds
        if answer.fate in (wire.Fate.NETWORK_UNREACHABLE, wire.Fate.NO_ADDRESS) and not answer.sender:
            transfer.talk += f"* Immediate connect fail for {address}: {answer.fate.value}\n"
        else:
            transfer.talk += f"* connect to {address} port {url.port} failed: {answer.fate.value}\n"
    context.world.clock += waited
    milliseconds = int(waited * 1000) + (int(60 * chance(context, "curl")) if waited >= 1 else 0)
    text = f"Failed to connect to {url.host} port {url.port} after {milliseconds} ms: Couldn't connect to server"
    transfer.talk += f"* {text}\n* Closing connection 0\n"
    raise _Failed(28 if answer.fate is wire.Fate.SILENCE else 7, text)


def _ask(context: Context, asked: Asked, transfer: Transfer, url: Url, answer: wire.Attempt) -> None:
    """Send the request and read what comes."""
    if url.scheme != "http":
        transfer.talk += "* Closing connection 0\n"
        if url.scheme == "https" and answer.fate is wire.Fate.ANSWERED:
            raise _Failed(35, "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number")
        raise _Failed(56, "Recv failure: Connection reset by peer")
    agent = asked.values.get("user-agent", "curl/7.88.1")
    version = "1.0" if "http1.0" in asked.flags else "1.1"
    lines = [f"{transfer.method} {url.path} HTTP/{version}", *_request_headers(asked, url, agent)]
    transfer.talk += "".join(f"> {line}\n" for line in lines) + "> \n"
    sent = len("&".join(asked.data)) if transfer.method == "POST" and asked.data else 0
    if sent:
        transfer.talk += f"}} [{sent} bytes data]\n"
    host_line = next((h.split(":", 1)[1].strip() for h in asked.headers if h.lower().startswith("host:")), "")
    asked_of = replace(url, host=host_line, explicit_port=False) if host_line else url
    reply = None
    question = Question(transfer.method, agent, on_the_wire(lines, "&".join(asked.data) if sent else ""))
    try:
        if answer.fate is wire.Fate.ANSWERED:
            reply = request(context, answer, asked_of, question, asked.seconds("max-time") or wire.FOREVER)
        else:
            _nothing_comes(context, asked, transfer, answer.seconds, "Connection reset by peer")
    except wire.Silent as silent:
        _nothing_comes(context, asked, transfer, silent.seconds, "Connection timed out")
    except NotHttp:
        transfer.talk += "* Received HTTP/0.9 when not allowed\n* Closing connection 0\n"
        raise _Failed(1, "Received HTTP/0.9 when not allowed") from None
    except ConnectionResetError:
        pass
    if reply is None:  # closed before it was asked, or with the question unread
        early = answer.server is None and answer.fate is wire.Fate.ANSWERED
        code, text = (52, "Empty reply from server") if early else (56, "Recv failure: Connection reset by peer")
        transfer.talk += f"* {text}\n* Closing connection 0\n"
        raise _Failed(code, text)
    transfer.reply = reply
    transfer.size = 0 if transfer.method == "HEAD" else len(reply.body.encode())
    transfer.talk += "".join(f"< {line}\n" for line in _head(reply)) + "< \n"
    if transfer.size:
        transfer.talk += f"{{ [{transfer.size} bytes data]\n"
    kept = reply.header("Connection").lower() != "close"
    transfer.talk += f"* Connection #0 to host {url.host} left intact\n" if kept else "* Closing connection 0\n"


def _nothing_comes(context: Context, asked: Asked, transfer: Transfer, seconds: float, end: str) -> None:
    """The connection is open, but the answer does not come: -m ends it, or after `seconds` the kernel does."""
    limit = asked.seconds("max-time")
    if limit is not None and limit <= seconds:
        context.world.clock += limit
        code, text = 28, f"Operation timed out after {int(limit * 1000) + 1} milliseconds with 0 bytes received"
    else:
        wire.wait(context, seconds)
        code, text = 56, f"Recv failure: {end}"
    transfer.talk += f"* {text}\n* Closing connection 0\n"
    raise _Failed(code, text)


def _request_headers(asked: Asked, url: Url, agent: str) -> list[str]:
    own = {h.split(":", 1)[0].lower() for h in asked.headers}
    lines = []
    for name, value in (("Host", url.host_header), ("User-Agent", agent), ("Accept", "*/*")):
        given = [h for h in asked.headers if h.lower().startswith(name.lower() + ":")]
        if name.lower() not in own:
            lines.append(f"{name}: {value}")
        elif name == "Host" and given:
            lines.append(given[-1])
    lines += [h for h in asked.headers if not h.lower().startswith("host:")]
    if asked.data and "get" not in asked.flags:
        lines.append(f"Content-Length: {len('&'.join(asked.data))}")
        lines.append("Content-Type: application/x-www-form-urlencoded")
    return lines


def _head(reply: Reply) -> list[str]:
    return [reply.first_line, *(f"{name}: {value}" for name, value in reply.headers)]


# -- what is printed --------------------------------------------------------------------------------------------------


def _deliver(context: Context, asked: Asked, transfer: Transfer, output: str) -> tuple[str, str, int]:
    """stdout, the complaint, and curl's number for one transfer."""
    if transfer.error:
        return "", f"curl: ({transfer.error.code}) {transfer.error.text}\n", transfer.error.code
    assert transfer.reply is not None
    reply = transfer.reply
    failed = reply.status >= 400 and ("fail" in asked.flags or "fail-with-body" in asked.flags)
    complaint = f"curl: (22) The requested URL returned error: {reply.status}\n" if failed else ""
    head = "\n".join(_head(reply)) + "\n\n"
    text = ""
    if "include" in asked.flags or transfer.method == "HEAD" and "head" in asked.flags:
        text += head
    if transfer.method != "HEAD" and not (failed and "fail-with-body" not in asked.flags):
        text += reply.body
    dumped = head if asked.values.get("dump-header") == "-" else ""
    if "remote-name" in asked.flags and not output:
        output = transfer.url.split("?", 1)[0].rsplit("/", 1)[-1]
        if not output:
            return (
                "",
                "curl: Remote file name has no length!\ncurl: (23) Failed writing received data to disk/application\n",
                23,
            )
    if output and output != "-":
        if output not in ("/dev/null", "/dev/stdout", "/dev/stderr"):
            try:
                LabFiles(context).write(tree.absolute(context, output), text)
            except OSError:
                return "", "curl: (23) Failure writing output to destination\n", 23
        text = text if output == "/dev/stdout" else ""
    return dumped + text, complaint, 22 if failed else 0


def _write_out(context: Context, form: str, transfer: Transfer, code: int) -> tuple[str, str]:
    """-w: the text, and warnings for names that curl does not know."""
    values = _variables(transfer, code)
    warned = ""

    def fill(match: re.Match[str]) -> str:
        nonlocal warned
        if match[0].startswith("\\"):
            return {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[0])
        if match[0] == "%%":
            return "%"
        name = match[2]
        if name.startswith("header{") or name in ("json", "header_json"):
            raise Refused("curl's %{{{name}}} is not part of the lab.", "Use %{{http_code}} or curl -i.", name=name)
        if name not in values:
            warned += f"curl: unknown --write-out variable: '{name}'\n"
            return ""
        return values[name]

    return re.sub(r"\\(.)|%%|%\{([^}]*)\}", fill, form, flags=re.S), warned


def _variables(transfer: Transfer, code: int) -> dict[str, str]:
    reply, answer = transfer.reply, transfer.answer
    status = f"{reply.status:03d}" if reply else "000"
    total = transfer.milliseconds / 1000
    connected = total * 0.4 if answer else 0.0
    local = answer.local if answer and answer.local else None
    header_size = len("\r\n".join(_head(reply))) + 4 if reply else 0
    remote_port = re.search(r":(\d+)(?:/|$)", transfer.url.split("//", 1)[-1])
    return {
        "http_code": status, "response_code": status, "http_connect": "000",
        "size_download": str(transfer.size), "size_header": str(header_size), "size_upload": "0",
        "size_request": str(70 + len(transfer.url) if reply else 0),
        "url_effective": transfer.url, "url": transfer.url,
        "content_type": reply.header("Content-Type") if reply else "",
        "num_connects": "1" if answer else "0", "num_redirects": "0", "redirect_url": "", "num_headers": "0",
        "remote_ip": transfer.remote, "remote_port": (remote_port[1] if remote_port else "80") if answer else "0",
        "local_ip": str(local[0]) if local else "", "local_port": str(local[1]) if local else "0",
        "exitcode": str(code), "errormsg": transfer.error.text if transfer.error else "",
        "time_total": f"{total:.6f}", "time_connect": f"{connected:.6f}", "time_namelookup": f"{total * 0.05:.6f}",
        "time_starttransfer": f"{total * 0.9 if reply else 0:.6f}", "time_pretransfer": f"{connected * 1.05:.6f}",
        "time_redirect": "0.000000", "time_appconnect": "0.000000",
        "speed_download": str(int(transfer.size / total) if total else 0), "speed_upload": "0",
        "scheme": "HTTP" if answer else "", "http_version": "1.1" if reply else "0", "method": transfer.method,
        "filename_effective": "", "ssl_verify_result": "0", "proxy_ssl_verify_result": "0", "urlnum": "0",
        "onerror": "", "stdout": "", "stderr": "", "certs": "", "ftp_entry_path": "", "referer": "",
    }  # fmt: skip
