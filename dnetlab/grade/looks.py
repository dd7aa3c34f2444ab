"""What a student looked at, looked at again: tables, pictures, journeys of the lab as it was then, as JSON values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dnetlab.errors import DnetError
from dnetlab.lab import Lab
from dnetlab.language import LANGUAGES, speaking
from dnetlab.model import Snapshot
from dnetlab.model.journal import Looked
from dnetlab.report.data import Data
from dnetlab.views import explain
from dnetlab.views.diagrams import Topology, topology
from dnetlab.views.frame import cells

END = ("containers", "networks", "ips", "routes")  # tables of the lab at the end of a report


def look(lab: Lab, event: Looked, draw: bool = True) -> Data | None:
    """What that look showed; None for one that shows nothing there. draw False: without SVG, which nobody compares."""
    args = dict(event.args)
    try:
        if event.what == "topology":
            return {"picture": picture(lab.topology(only=args.get("only") or None), draw)}
        if event.what == "trace":
            return _trace(lab, str(args["source"]), str(args["destination"]), draw)
        if event.what == "why":
            return {"told": _told(lambda: str(lab.why(args.get("source"), args.get("destination"))))}
        frame = lab.reach().classes if event.what == "reach" else lab.table(event.what, **args)
        return {"table": table(event.what, frame)}
    except (DnetError, TypeError, KeyError):  # a name that was never there, an argument that nobody could give
        return None


def _trace(lab: Lab, source: str, destination: str, draw: bool) -> Data:
    snapshot, exchange, _ = lab.observed(source, destination, capture=False)
    told = _told(lambda: explain.text(exchange, snapshot))
    return {"told": told, "picture": picture(topology(snapshot, path=exchange), draw)}


def _told(tell: Callable[[], str]) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        with speaking(language):
            said[language] = tell()
    return said


def table(name: str, frame: Any) -> Data:
    columns, rows = cells(frame)
    return {"name": name, "columns": columns, "rows": rows}


def picture(drawn: Topology, draw: bool = True) -> Data:
    """alt text, SVG ('' where no Graphviz can be used, or none is wanted), and the same as text."""
    try:
        svg = drawn.svg() if draw else ""
    except DnetError:
        svg = ""

    def again() -> Topology:  # a picture says its words once, in one language
        return Topology(drawn.scene, drawn.path)

    return {"alt": _told(lambda: again().summary), "svg": svg, "text": _told(lambda: again().text)}


def at_the_end(snapshot: Snapshot, draw: bool = True) -> Data:
    """The picture of a lab, and the tables that say most of it."""
    from dnetlab.views import tables

    return {
        "picture": picture(topology(snapshot), draw),
        "tables": [table(name, tables.table(name, snapshot)) for name in END],
    }
