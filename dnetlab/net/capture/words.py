"""What tcpdump 4.99 says of protocols that are text: HTTP, SMTP, FTP (print-ascii.c, txtproto_print)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TEXTS = {80: "HTTP", 8080: "HTTP", 25: "SMTP", 587: "SMTP", 21: "FTP"}
_HTTP_WORDS = frozenset((
    "GET", "PUT", "COPY", "HEAD", "LOCK", "MOVE", "POLL", "POST", "BCOPY", "BMOVE", "MKCOL", "TRACE", "LABEL", "MERGE",
    "DELETE", "SEARCH", "UNLOCK", "REPORT", "UPDATE", "NOTIFY", "BDELETE", "CONNECT", "OPTIONS", "CHECKIN", "PROPFIND",
    "CHECKOUT", "CCM_POST", "SUBSCRIBE", "PROPPATCH", "BPROPFIND", "BPROPPATCH", "UNCHECKOUT", "MKACTIVITY",
    "MKWORKSPACE", "UNSUBSCRIBE", "RPC_CONNECT", "VERSION-CONTROL", "BASELINE-CONTROL",
))  # fmt: skip


def spoken(data: bytes, sport: int, dport: int, verbose: bool) -> str:
    """': HTTP: GET / HTTP/1.1' for what stands behind a TCP head, '' where tcpdump has nothing to say."""
    if not data:
        return ""
    if 22 in (sport, dport) and data.startswith(b"SSH-"):
        return ": SSH: " + next(_lines(data, "ssh"), "")
    if 6379 in (sport, dport):
        return ": RESP " + _inline(data)
    name = next((_TEXTS[port] for port in sorted((sport, dport)) if port in _TEXTS), "")
    if not name:
        return ""
    if name == "HTTP" and not _begins(data):
        return ": HTTP"
    lines = list(_lines(data, name.lower()))
    if not verbose:
        return f": {name}" + (f": {lines[0]}" if lines else "")
    return f": {name}, length: {len(data)}" + "".join(f"\n\t{line}" for line in lines)


def _inline(data: bytes) -> str:
    """Lines at the port of redis, as commands typed by hand (print-resp.c)."""
    said: list[str] = []
    for line in re.findall(rb"([^\r\n]*)(\r?\n|\r|\Z)", data):
        if not line[0] and not line[1]:
            break
        if not line[0] or not line[1]:
            return " ".join([*said, "[|resp]"])
        said.append(f'"{line[0].decode("latin-1")}"')
    return " ".join(said)


def _begins(data: bytes) -> bool:
    """Is it the beginning of a request or of an answer, not of what follows one?"""
    first = re.match(rb"([!-~]+)[ \t\r\n]", data)
    if first is None:
        return False
    return first[1].decode().upper() in _HTTP_WORDS or re.match(rb"[!-~]+[ \t]+\d{3}\s", data) is not None


def _lines(data: bytes, name: str) -> Iterator[str]:
    """The lines of a text, until something stands there that isn't text; an unfinished one is marked."""
    at = 0
    while at < len(data):
        found = re.compile(rb"[\t -~]*").match(data, at)
        assert found is not None
        behind = data[found.end() : found.end() + 2]
        text = found[0].decode()
        if not behind:
            yield f"{text} [|{name}]"
            return
        if behind[:1] != b"\n" and behind != b"\r\n":
            return
        yield text
        at = found.end() + (1 if behind[:1] == b"\n" else 2)
