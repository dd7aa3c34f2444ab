"""Who reaches whom: the table of tests/reach/who_reaches_whom.toml, put to an engine row by row.

    python tests/engines/reach.py 28.5 [WORD …]   ask a real engine (root, Linux): tests/reach/28.5.json
    python tests/engines/reach.py                 write docs/who-reaches-whom.md

The table's answers are what moby's integration tests claim of 29.7.2, and a few beside; what older releases answer is
recorded from them.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dnetlab.commands.cell import parse_cell
from dnetlab.engines import Engine
from dnetlab.model import Output

FOLDER = Path(__file__).resolve().parent.parent / "reach"
TABLE = FOLDER / "who_reaches_whom.toml"
PAGE = FOLDER.parent.parent / "docs" / "who-reaches-whom.md"
RELEASES = ("20.10", "26.1", "28.5")
WORDS = ("page", "refused", "timeout", "empty", "reset", "answer", "silence", "unreachable", "nobody")
CURL_SAYS = {0: "page", 6: "nobody", 7: "refused", 28: "timeout", 52: "empty", 56: "reset"}
Answers = dict[str, str]  # row -> answer, in the table's order


@dataclass(frozen=True)
class Situation:
    """A fresh lab with lines typed, and rows to ask.

    claim      the name of moby's test
    stopped    lines typed while the daemon doesn't run; told: its daemon.json, '' when nobody writes one
    lines      typed then, each with a prompt or at docker1
    rows       (line, answer claimed of 29.7), in order
    releases   those beside 29.7 that have its options
    """

    name: str
    claim: str
    stopped: tuple[str, ...]
    told: str
    lines: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    releases: tuple[str, ...]

    @property
    def script(self) -> list[str]:
        """All lines that lead to the situation."""
        if not self.told:
            return list(self.lines)
        write = [f"echo '{self.told}' > /etc/docker/daemon.json", "systemctl start docker"]
        return ["systemctl stop docker", *self.stopped, *write, *self.lines]


def situations() -> list[Situation]:
    """The table; what the daemon is told in several ways gives a situation each."""
    found = []
    for entry in tomllib.loads(TABLE.read_text(encoding="utf-8"))["situation"]:
        for told in entry.get("daemon", [""]):
            found.append(_situation(entry, told))
    return found


def _situation(entry: dict[str, object], told: str) -> Situation:
    daemon, whatever = entry.get("daemon", [""]), entry.get("whatever", [])
    assert isinstance(daemon, list) and isinstance(whatever, list)
    name = f"{entry['name']}: {told}" if len(daemon) > 1 else str(entry["name"])
    rows = [(line, answer) for line, _, answer in (r.partition(" ->") for r in str(entry["rows"]).splitlines() if r)]
    asked = [(line, answer.strip()) for line, answer in rows]
    again = [row for change in whatever for row in ((change, ""), *asked)]
    stopped = [*_list(entry, "stopped"), *_list(entry, "before")]
    return Situation(
        name, str(entry["claim"]), tuple(stopped), told, tuple(str(entry["lines"]).split("\n")[:-1]),
        tuple(again or asked), tuple(_list(entry, "releases")),
    )  # fmt: skip


def _list(entry: dict[str, object], key: str) -> list[str]:
    found = entry.get(key, [])
    assert isinstance(found, list)
    return found


def line_of(row: str) -> str:
    """The cell's line of a row: short words spelled out, docker1's prompt in front where there is none."""
    spelled = re.sub(r"\bcurl (?=\S+$)", "curl -g -s -o /dev/null -m 2 ", row)
    spelled = re.sub(r"\bping (?=(-\d )?\S+$)", "ping -c 1 -W 1 ", spelled)
    return spelled if re.match(r"(docker1|client)# ", spelled) else f"docker1# {spelled}"


def answer_of(row: str, output: Output) -> str:
    """What a row says, in the table's words."""
    if output.refused:
        return f"refused by the lab: {output.refused.reason}"
    if re.search(r"\bcurl \S+$", row):
        return CURL_SAYS.get(output.exit_code, f"exit {output.exit_code}")
    if re.search(r"\bping (-\d )?\S+$", row):
        return _of_ping(output)
    return "; ".join((output.stdout + output.stderr).split("\n")).rstrip("; ")


def _of_ping(output: Output) -> str:
    said = output.stdout + output.stderr
    if output.exit_code == 0:
        return "answer"
    if "bad address" in said or "Name or service not known" in said:
        return "nobody"
    return "unreachable" if "unreachable" in said.lower() else "silence"


def ask(engine: Engine, situation: Situation) -> Answers:
    """Bring a fresh lab into the situation and ask every row. A row asked twice is numbered."""
    for text in situation.script:
        output = engine.run(parse_cell(line_of(text) + "\n")[0])
        assert output.exit_code == 0 and not output.refused, (text, output)
    return dict(_asked(engine, situation))


def numbered(situation: Situation) -> list[str]:
    """The rows' names: their line, from the second time on with a number."""
    seen: dict[str, int] = {}
    names = []
    for row, _ in situation.rows:
        seen[row] = seen.get(row, 0) + 1
        names.append(row if seen[row] == 1 else f"{row} ({seen[row]})")
    return names


def _asked(engine: Engine, situation: Situation) -> Iterator[tuple[str, str]]:
    for name, (row, _) in zip(numbered(situation), situation.rows, strict=True):
        yield name, answer_of(row, engine.run(parse_cell(line_of(row) + "\n")[0]))


def claimed(situation: Situation) -> Answers:
    """What moby's tests say of 29.7.2."""
    return {name: answer for name, (_, answer) in zip(numbered(situation), situation.rows, strict=True)}


def recorded(release: str) -> dict[str, Answers]:
    """What a real engine of that release answered, situation by situation."""
    return json.loads((FOLDER / f"{release}.json").read_text(encoding="utf-8"))["situations"]


def record(release: str, names: list[str]) -> None:
    """Ask a real engine; only situations whose name has one of the words, when there are any."""
    from dnetlab.engines.docker import DockerEngine

    path = FOLDER / f"{release}.json"
    found = recorded(release) if path.exists() else {}
    said = ""
    for situation in situations():
        if release not in situation.releases or (names and not any(n in situation.name for n in names)):
            continue
        with closing(DockerEngine(release)) as engine:
            asked = "docker version -f '{{.Server.Version}}'", "docker version -f '{{.Client.Version}}'", "iptables -V"
            server, client, iptables = (engine.hosts.run("docker1", text).stdout.strip() for text in asked)
            said = f"a real Docker Engine {server}, client {client}, {iptables}, on lab hosts in namespaces"
            found[situation.name] = ask(engine, situation)
        print(f"{release}: {situation.name}", flush=True)
    order = [s.name for s in situations() if s.name in found]
    head = {
        "recorded": datetime.date.today().isoformat(),
        "from": said,
        "made by": f"python tests/engines/reach.py {release}",
    }
    text = json.dumps({**head, "situations": {name: found[name] for name in order}}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


# -- the page ------------------------------------------------------------------------------------------------------

HEAD = """\
# Who reaches whom

Made by `python tests/engines/reach.py` from `tests/reach`. 29.7 is what moby's own integration tests claim of it
(the test is named), and what follows for a few questions beside, told with the lab's images and addresses; the other
releases are what real engines of them answered. The simulator gives the same answers, row for row:
`tests/test_reach.py`.

*page*: nginx answered. *refused*: the kernel says that nobody listens; the packet got there. *timeout*: nothing comes
back. *answer*, *silence*: of a ping. *unreachable*: no route. *nobody*: the name is unknown. Other lines print what
stands there. Lines without a prompt are typed at docker1; curl and ping give up after a second or two.
"""


def page() -> str:
    """A section for each situation: what was typed, and a table of rows by release."""
    found = {release: recorded(release) for release in RELEASES}
    return HEAD + "".join(_section(situation, found) for situation in situations())


def _section(situation: Situation, found: dict[str, dict[str, Answers]]) -> str:
    columns = {release: found[release][situation.name] for release in RELEASES if release in situation.releases}
    columns["29.7"] = claimed(situation)
    typed = "".join(f"    {line}\n" for line in situation.script)
    head = f"\n## {situation.name[0].upper()}{situation.name[1:]}\n\nmoby: {situation.claim}.\n\n{typed}\n"
    rows = f"| asked | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n"
    for name in numbered(situation):
        answers = [_shown(column[name]) for column in columns.values()]
        rows += f"| `{name.replace('|', chr(92) + '|')}` | {' | '.join(answers)} |\n"
    return head + rows


def _shown(answer: str) -> str:
    """An answer in a cell: words as they are, what a line printed as code."""
    return answer if answer in WORDS or not answer else f"`{answer}`"


if __name__ == "__main__":
    if sys.argv[1:]:
        record(sys.argv[1], sys.argv[2:])
    else:
        PAGE.write_text(page(), encoding="utf-8")
