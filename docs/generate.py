"""python docs/generate.py: write the pages that are made from the code, so that they can't say anything else.

not-modelled.md  every sentence with which a line can be refused, and the alternative it offers
releases.md      what differs between the releases of Docker, as dnetlab/sim/profiles holds it
tables.md        the tables of %dnet and their columns
checks.md        the kinds of checks that lessons are made of; lesson.schema.json: what lesson.toml may hold
work.schema.json what a report and a verified result hold, as JSON
conformance.md   what the simulator was compared with, and where it is known to differ
commands.md      the reference of commands, from the parsers and grammars (docs/commands.py)
parity.md        command by option by release: the recording that shows it, or the gap (docs/parity.py)
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import sys
import textwrap
import tomllib
from pathlib import Path
from string import Formatter

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
REFUSING = ("Refused", "ShellRefused", "Refusal")


def _text(node: ast.expr | None) -> str:
    """The words of a template; what is filled in when it runs shows as `…`."""
    if node is None:
        return ""
    if isinstance(node, ast.Call):  # Words("…", …)
        return _text(node.args[0])
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return "".join(text + ("" if field is None else "…") for text, field, _, _ in Formatter().parse(node.value))
    return "…"


def refusals() -> list[tuple[str, str, str]]:
    """(module, reason, hint) of every refusal in the code, in the order of the files."""
    found: list[tuple[str, str, str]] = []
    for path in sorted((ROOT / "dnetlab").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in REFUSING:
                continue
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            reason = _text(node.args[0] if node.args else named.get("reason"))
            hint = _text(node.args[1] if len(node.args) > 1 else named.get("hint"))
            row = (str(path.relative_to(ROOT / "dnetlab").with_suffix("")), reason, hint)
            if reason.strip("… ") and row not in found:
                found.append(row)
    return found


def commands_left_out() -> list[tuple[str, str]]:
    """(command, what to use instead): tables of whole commands and flags that are refused."""
    from dnetlab.sim.dockercli.dispatch import REFUSED
    from dnetlab.sim.dockercli.runconfig import REFUSED_FLAGS
    from dnetlab.sim.shell import NOT_MODELLED

    rows = list(NOT_MODELLED.items())
    rows += [(f"docker {name}", f"{reason} {hint}") for name, (reason, hint) in REFUSED.items()]
    return rows + [(f"docker run --{flag}", hint) for flag, hint in REFUSED_FLAGS.items()]


def not_modelled() -> str:
    lines = [
        "# What is not modelled",
        "",
        "Made from the code by `python docs/generate.py`. A line that asks for one of these is *refused*:",
        "a sentence says why, and what to do instead; nothing of the line is done.",
        "",
        "## Commands",
        "",
        "| command | instead |",
        "|---|---|",
        *(f"| `{name}` | {_cell(hint)} |" for name, hint in sorted(commands_left_out())),
        "",
        "## Options and situations",
        "",
        "| the simulator says | instead |",
        "|---|---|",
        *(f"| {_cell(reason)} | {_cell(hint)} |" for _, reason, hint in refusals()),
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def releases() -> str:
    from dnetlab.sim import profiles

    engines = profiles.ENGINES
    lines = [
        "# How releases differ",
        "",
        "Made from `dnetlab/sim/profiles` by `python docs/generate.py`; each value there names the engine that",
        "was asked. The client is the `docker` command of the lab of that release.",
        "",
        *_compared(profiles.EngineProfile, engines, without=("release", "firewall", "texts", "documents", "build")),
        "",
        "## The firewall",
        "",
        *_compared(profiles.Firewall, {name: one.firewall for name, one in engines.items()}),
        "",
        "## What the server says of itself",
        "",
        *_compared(profiles.Build, {name: one.build for name, one in engines.items()}),
        "",
        "## Documents of `docker inspect`",
        "",
        *_compared(profiles.Documents, {name: one.documents for name, one in engines.items()}),
        "",
        "## The client",
        "",
        *_compared(profiles.ClientProfile, profiles.CLIENTS, without=("texts", "helps")),
        "",
        "## Sentences of the client",
        "",
        *_sentences({name: one.texts for name, one in profiles.CLIENTS.items()}),
        "",
        "## Sentences of the daemon",
        "",
        *_sentences({name: one.texts for name, one in engines.items()}),
    ]
    return "\n".join(lines) + "\n"


def _sentences(texts: dict[str, dict[str, str]]) -> list[str]:
    """A table: a row for each sentence and the releases that say it so."""
    lines = ["| when | release | it says |", "|---|---|---|"]
    for key in dict.fromkeys(key for one in texts.values() for key in one):
        said: dict[str, list[str]] = {}
        for name, one in texts.items():
            said.setdefault(one.get(key, ""), []).append(name)
        lines += [f"| {key} | {', '.join(which)} | {_cell(text)} |" for text, which in said.items() if text]
    return lines


def _compared(kind: type, values: dict[str, object], without: tuple[str, ...] = ()) -> list[str]:
    """A table: a row for each field of the dataclass, in the words of its docstring; a column for each release."""
    meaning = _described(kind.__doc__ or "")
    lines = ["| what | " + " | ".join(values) + " |", "|---|" + "---|" * len(values)]
    for field in dataclasses.fields(kind):
        if field.name not in without:
            shown = " | ".join(_value(getattr(one, field.name)) for one in values.values())
            lines.append(f"| {_cell(' '.join(meaning[field.name].split()))} | {shown} |")
    return lines


def _described(text: str) -> dict[str, str]:
    """field -> what its docstring says of it; two fields may share a line."""
    rows = re.findall(r"^ {4}(\w+(?:, \w+)*) {2,}(.*(?:\n {6,}.*)*)", text, re.M)
    return {name: what for names, what in rows for name in names.split(", ")}


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"`{v}`" for v in value)
    return f"`{_cell(str(value))}`" if value != "" else "–"


def tables() -> str:
    from dnetlab.views import tables as module

    lines = ["# Tables", "", textwrap.dedent(module.__doc__ or "").strip(), ""]
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("_") or function.__module__ != module.__name__ or name == "table":
            continue
        lines += [f"## `{name}`", "", "```text", inspect.cleandoc(function.__doc__ or ""), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def conformance() -> str:
    """From tests/recordings and its differences.toml."""
    from dnetlab.model.releases import RELEASES

    folder = ROOT / "tests" / "recordings"
    data = tomllib.loads((folder / "differences.toml").read_text(encoding="utf-8"))
    lines = [
        "# How the simulator is held against real engines",
        "",
        "Made from `tests/recordings` by `python docs/generate.py`. Answers are compared by text, with ids, MACs,",
        "times and pids by their shape (`dnetlab/commands/transcript.py` also names the few things that a real engine",
        "answers differently from run to run, each with its reason); snapshots field by field (`tests/snapshots.py`).",
        "",
        "## What is replayed on every machine",
        "",
        "| release | lessons | commands | other recordings | commands | random scripts | commands |",
        "|---|---|---|---|---|---|---|",
    ]
    for release in RELEASES:
        kinds = [f"{release}/lesson?.dnet", f"{release}/*.jsonl", f"random/{release}/*.jsonl"]
        counts = [(len(paths), sum(map(_commands, paths))) for paths in (sorted(folder.glob(kind)) for kind in kinds)]
        lines.append(f"| {release} | " + " | ".join(f"{files} | {commands}" for files, commands in counts) + " |")
    lines += [
        "",
        "Where real engines can run, `tests/engines` also runs lessons and random scripts on both sides at once and",
        "compares snapshots on the way, and holds the journeys of packets against what captures saw.",
        "",
        "## What no engine was asked",
        "",
        "ipvlan (modes l2, l3 and l3s) and 802.1Q are simulated from the documents of Linux and Docker: the kernels",
        "that the lab was held against have neither. VXLAN made by hand was typed on a real kernel and real lab hosts.",
        "",
        "## Random scripts",
        "",
        "`python tests/differential.py --docker 20.10 --seeds 0:500 --shrink` runs as many as one likes. Each",
        "divergence that was found has become a fix and a test (`tests/sim/test_found_by_differential.py`).",
        "",
        "| engine | scripts | commands | diverged at first | now | cut short | which |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        "| " + " | ".join(str(run[key]) for key in RUN) + " |"
        for run in data.get("run", [])
    ]
    lines += [
        "",
        "Cut short: compared up to a name such as `c6` that no container has, but that began a random id, so that the",
        "line hit something else; the generator's names are ones no id begins with since.",
    ]
    lines += ["", "## Differences with a name", "", "| where | what | why |", "|---|---|---|"]
    for row in data.get("difference", []):
        where = f"{row['release']}, {row['recording']} line {row['line']}: `{row['command']}`"
        lines.append(f"| {_cell(where)} | {_cell(row['what'])} | {_cell(row['reason'])} |")
    for row in data.get("field", []):
        lines.append(f"| snapshots | {_cell(row['what'])} | {_cell(row['reason'])} |")
    lines.append(f"| swarm | virtual addresses of services, ingress ports | {NO_IPVS} |")
    return "\n".join([*lines, *_public_cases()]) + "\n"


def _public_cases() -> list[str]:
    """The figures and what is left of tests/public_cases.py, from a run of it."""
    sys.path.insert(0, str(ROOT / "tests"))
    from public_cases import RELEASES as ASKED
    from public_cases import all_counted, differences, figures

    lines = [
        "",
        "## Public reports and lab sheets",
        "",
        "`python tests/public_cases.py` runs scripts after public bug reports, threads and lab sheets (`tests/cases`)",
        "and compares each line with what real engines answered. Left out of both shares are lines that the lab",
        "refuses (and those that need what a refused line would have made), and facts of the machine that recorded;",
        "the last two columns count those as differences, too. Cases that met a module which that machine's kernel",
        "hasn't (802.1Q, dummy) are played in a lab without it (`kernel_lacks`, see labs.md).",
        "",
        "| release | lines | refused | the machine's | exit status equal | text equal | all counted: exit | text |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for release in ASKED:
        for name, begins in ((release, ""), (f"{release}, cases of several hosts", "two-")):
            f = figures(release, begins)
            if f.commands:
                shares = (f.exit_status, f.text, *all_counted(release, begins))
                cells = " | ".join(f"{share:.1%}" for share in shares)
                lines.append(f"| {name} | {f.commands} | {f.refused} | {f.machine} | {cells} |")
    lines += ["", "What differs, by its reason:", "", "| why | lines | for example |", "|---|---|---|"]
    found: dict[str, list[str]] = {}
    for one in (d for release in ASKED for d in differences(release)):
        found.setdefault(one.reason, []).append(f"{one.release}, {one.case} line {one.number}: `{one.command}`")
    for why, where in sorted(found.items(), key=lambda pair: -len(pair[1])):
        lines.append(f"| {_cell(why)} | {len(where)} | {_cell(where[0])} |")
    lines += ["", "Every line of the cases of several hosts that differs:", ""]
    lines += ["| line | differs in | why |", "|---|---|---|"]
    for one in (d for release in ASKED for d in differences(release) if d.case.startswith("two-")):
        where = f"{one.release}, {one.case} line {one.number}: `{one.command}`"
        about = {"exit": "exit status", "refused": "refused"}.get(one.about, one.about)
        lines.append(f"| {_cell(where)} | {about} | {_cell(one.reason)} |")
    lines += ["", "What the lab refuses, and what it says:", "", "| line | the lab says |", "|---|---|"]
    refused = {d.command: d.simulated for release in ASKED for d in differences(release) if d.about == "refused"}
    return [*lines, *(f"| {_cell(f'`{command}`')} | {_cell(said)} |" for command, said in sorted(refused.items()))]


RUN = ("engine", "scripts", "commands", "diverged", "left", "cut", "what")
NO_IPVS = (
    "the kernel of the recording machine has no IPVS: names were compared, packets were not; they are simulated from "
    "Docker's documents and sources (dnetlab/sim/dockerd/mesh.py)"
)


def _commands(path: Path) -> int:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return len(text.splitlines())
    from dnetlab.commands.cell import parse_cell

    return len(parse_cell(text))


def checks() -> str:
    from dnetlab.checks.kinds import ALLOWED, KINDS

    lines = ["# Checks of a lesson", "", "Made from `dnetlab/checks` by `python docs/generate.py`. A check is a table "
             "`[[tasks.checks]]` of `lesson.toml`; [lessons.md](lessons.md) shows them at work. A place is a host or a "
             "container (`docker1`, `web1`, `docker2/web1`); a target is a place or an address, `:PORT` behind it or "
             "not.",
             "", "Every check may also have `weight` (1; 0 makes it a condition of all credit), `not = true` (it shall "
             "not be so), and `engine = \"docker\"` (only a real engine can judge it)."]  # fmt: skip
    for name, kind in KINDS.items():
        lines += ["", f"## {name}", "", textwrap.dedent(kind.function.__doc__ or "").strip(), "",
                  "| field | type | must it stand there? |", "|---|---|---|"]  # fmt: skip
        for field, type_ in kind.fields.items():
            allowed = " ".join(f"`{value}`" for value in ALLOWED.get(field, ()))
            lines.append(f"| `{field}` | {allowed or type_} | {'' if field in kind.takes else 'needed'} |")
    return "\n".join(_dedented(lines)) + "\n"


def _dedented(lines: list[str]) -> list[str]:
    """Docstrings as paragraphs: without the indentation of their later lines."""
    return [row.strip() if row.startswith("    ") else row for line in lines for row in line.split("\n")]


def lesson_schema() -> str:
    from dnetlab.lessons.schema import schema

    return json.dumps(schema(), indent=1) + "\n"


def parity() -> str:
    sys.path.insert(0, str(DOCS))
    from parity import page

    return page()


def commands() -> str:
    sys.path.insert(0, str(DOCS))
    from commands import page

    return page()


def work_schema() -> str:
    from dnetlab.report.schema import schema

    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


PAGES = {
    "not-modelled.md": not_modelled, "releases.md": releases, "tables.md": tables, "conformance.md": conformance,
    "commands.md": commands, "parity.md": parity, "checks.md": checks, "lesson.schema.json": lesson_schema,
    "work.schema.json": work_schema,
}  # fmt: skip


def main() -> None:
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
