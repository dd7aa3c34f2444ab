"""Lab hosts bring the real Docker Engine: docker1, docker2 and client, each a small machine of its own inside yours.

Your own network, processes and containers are never part of it. This module is what `dnetlab up`, `down`, `ps` and
the engine call; it asks every provider, and how each makes its hosts is in `providers`.
"""

from __future__ import annotations

import re
import secrets
import sys
from dataclasses import replace

from dnetlab.engines.providers import HostProvider, Hosts, Standing
from dnetlab.engines.providers.mixed import MixedHosts
from dnetlab.engines.running import Progress, tell
from dnetlab.errors import EngineError, UnknownName, UsageError
from dnetlab.language import heading, say
from dnetlab.model import Topology, default_topology
from dnetlab.place import in_browser

NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,15}")
DAEMON = 300.0  # seconds that a dockerd may take to start
WALL = (
    "The lab's hosts are apart from your machine's network, files and processes, but they run as its root: they guard "
    "against accidents, not against somebody who means harm."
)  # a template of `dnetlab.language`


def providers() -> list[HostProvider]:
    """The ways to get real lab hosts, those first that work here. Raises EngineError on Windows itself."""
    if in_browser():
        raise EngineError(
            "real lab hosts can't be made in a browser",
            hint="Install dnetlab on a computer with Linux or Docker for them; the simulator works here too.",
        )
    if sys.platform == "win32":
        raise EngineError(
            "real lab hosts can't be made by Windows itself",
            hint="Run dnetlab inside WSL; the simulator works here too.",
        )
    from dnetlab.engines.providers.containers import Containers
    from dnetlab.engines.providers.namespaces import Namespaces
    from dnetlab.engines.providers.remote import Remote

    ways: list[HostProvider] = [Namespaces(), Containers()]
    return [*sorted(ways, key=lambda provider: bool(provider.why_not())), Remote()]


def make(
    release: str | None = None,
    shape: Topology | None = None,
    progress: Progress | None = None,
    lab: str | None = None,
) -> Hosts:
    """New lab hosts, removed by their `down` and at the end of this process.

    Those that the lab's file says to be somewhere (`at`) are not made but reached. Raises EngineError with the reasons
    when this machine can't have any.
    """
    shape, lab = shape or default_topology(), lab or secrets.token_hex(3)
    if shape.kernel_lacks:
        raise EngineError("a real kernel has the modules that it has: {modules} can't be taken from it",
                          hint="Leave kernel_lacks out of lab.toml, or take the simulator.",
                          modules=", ".join(shape.kernel_lacks))  # fmt: skip
    *makers, remote = providers()
    there = [host.name for host in shape.hosts if host.at]
    here = [host.name for host in shape.hosts if not host.at]
    if here and makers[0].why_not():
        reasons = "; ".join(f"{way.name}: {way.why_not()}" for way in makers)
        raise EngineError(
            "real lab hosts can't be made here. {reasons}", hint="The simulator needs none of it.", reasons=reasons
        )
    far = remote.up(shape.part(there), release, lab, progress) if there else None
    if far is not None and not here:
        return far
    try:
        for way in makers:
            way.sweep(progress)
        near = makers[0].up(shape.part(here), release, lab, progress)
    except BaseException:
        if far is not None:
            far.down()
        raise
    return MixedHosts(shape, [near, far]) if far is not None else near


def attach(lab: str, release: str | None = None) -> Hosts:
    """The hosts of a lab that `up` made. Raises UnknownName with the labs there are, UsageError for another release."""
    rows = [row for row in standing() if row.kept]
    found = next((row for row in rows if row.lab == lab), None)
    if found is None:
        known = ", ".join(dict.fromkeys(row.lab for row in rows))
        raise UnknownName(
            "no lab {lab} stands",
            hint="There are: {known}." if known else "`dnetlab up` starts one and says its name.",
            lab=lab,
            known=known,
        )
    if release not in (None, found.release):
        raise UsageError(
            "the lab {lab} has Docker {release}", hint="Leave the release out.", lab=lab, release=found.release
        )
    parts = [_provider(name).attach(lab) for name in dict.fromkeys(row.provider for row in rows if row.lab == lab)]
    return parts[0] if len(parts) == 1 else MixedHosts(_joined([part.shape for part in parts]), parts)


def _joined(shapes: list[Topology]) -> Topology:
    """The lab of several parts: the hosts that were made first."""
    whole = shapes[0]
    for shape in shapes[1:]:
        known = {switch.name for switch in whole.switches}
        more = tuple(switch for switch in shape.switches if switch.name not in known)
        whole = replace(whole, hosts=whole.hosts + shape.hosts, nics=whole.nics + shape.nics,
                        switches=whole.switches + more)  # fmt: skip
    return whole


def _provider(name: str) -> HostProvider:
    return next(way for way in providers() if way.name == name)


def standing() -> list[Standing]:
    """Every host of every lab that is there, whoever made it; [] for none."""
    return [row for way in providers() for row in way.standing()]


# -- the three commands -------------------------------------------------------------------------------------------


def up(
    release: str | None = None, lab: str | None = None, shape: Topology | None = None, progress: Progress | None = None
) -> Hosts:
    """Start lab hosts that stay until `down`; labs that stand already are left as they are.

    With the name of one that stands, its hosts that have ended are made anew, and those of its daemons that don't run
    are started. Raises UsageError for a name that can't
    be one, EngineError when this machine can't have a lab.
    """
    if lab is not None and not NAME.fullmatch(lab):
        raise UsageError("{lab!r} can't be a lab's name", hint="Up to 16 small letters, digits and _.", lab=lab)
    if lab is not None and any(row.lab == lab for row in standing()):
        return _healed(lab, release, progress)
    hosts = make(release, shape, progress, lab)
    hosts.keep()
    tell(progress, "the lab {lab} is up: dnetlab run --engine docker --attach {lab} FILE", lab=hosts.lab)
    tell(progress, WALL)
    return hosts


def _healed(lab: str, release: str | None, progress: Progress | None) -> Hosts:
    hosts = attach(lab, release)
    made = hosts.heal()
    started = _without_daemon(standing(), lab)
    for host in started:
        hosts.run(host, "systemctl start docker", timeout=DAEMON)
    if made:
        tell(progress, "the lab {lab} is up; made anew: {names}", lab=lab, names=", ".join(made))
    if started:
        tell(progress, "the lab {lab} is up; dockerd started: {names}", lab=lab, names=", ".join(started))
    if not made + started:
        tell(progress, "the lab {lab} is up, and nothing of it was gone", lab=lab)
    return hosts


def _without_daemon(found: list[Standing], lab: str) -> list[str]:
    """The hosts of a lab that are up and whose dockerd isn't: killed, or stopped by a student."""
    return [row.host for row in found if (row.lab, row.state, row.daemon) == (lab, "up", "stopped")]


def down(lab: str | None = None, progress: Progress | None = None) -> list[str]:
    """Remove a lab that `up` made, and whatever crashed labs left; the names of those removed.

    Without a name: the only one there is. Raises UsageError when there are several, UnknownName when none is called so.
    """
    gone = [name for way in providers() for name in way.sweep(None)]
    kept: dict[str, set[str]] = {}
    for row in standing():
        if row.kept or row.lab == lab:
            kept.setdefault(row.lab, set()).add(row.provider)
    if lab is None and len(kept) > 1:
        raise UsageError(
            "{number} labs are up: {labs}",
            hint="Say which one: dnetlab down NAME",
            number=len(kept),
            labs=", ".join(kept),
        )
    if lab is not None and lab not in (*kept, *gone):
        raise UnknownName(
            "no lab {lab} is up", hint="There are: {kept}." if kept else "", lab=lab, kept=", ".join(kept)
        )
    for name in kept if lab is None else {lab} & set(kept):
        for provider in sorted(kept[name]):
            _provider(provider).down(name)
        gone.append(name)
    for name in gone:
        tell(progress, "removed the lab {name}", name=name)
    if not gone:
        tell(progress, "no lab was up")
    return gone


def ps() -> str:
    """A table of the lab hosts that stand, one row per host; a sentence when there are none."""
    rows = [tuple(map(heading, ("LAB", "DOCKER", "HOST", "ADDRESS", "DOCKERD", "STATE")))]
    found = standing()
    for row in found:
        state = heading(row.state) if row.kept else say("{state}, in use", state=heading(row.state))
        rows.append((row.lab, row.release, row.host, row.address, row.daemon, state))
    if not found:
        return say("No lab hosts are up. Start them with: dnetlab up")
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *_to_mend(found)])


def _to_mend(found: list[Standing]) -> list[str]:
    """A sentence for each kept lab of which something is gone."""
    gone = dict.fromkeys(row.lab for row in found if row.state == "gone" and row.kept)
    silent = {row.lab: _without_daemon(found, row.lab) for row in found if row.kept}
    anew = [say("A host of {lab} has ended. Make it anew: dnetlab up {lab}", lab=lab) for lab in gone]
    return anew + [
        say("dockerd doesn't run on {names}. Start it: dnetlab up {lab}", names=", ".join(names), lab=lab)
        for lab, names in silent.items()
        if names
    ]
