"""docker events: what the daemon keeps, up to --until; without it what comes, until Ctrl-C or the end of the cell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dnetlab.commands.docker.units import seconds_of
from dnetlab.commands.gotemplate import Map, Struct, TemplateError
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture
from dnetlab.sim import jobs
from dnetlab.sim.context import Context, Result
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockercli.table import read, unescape
from dnetlab.sim.dockerd import api

Json = Mapping[str, Any]
PATIENCE = 2.0  # seconds that somebody looks on before Ctrl-C
LONGEST = 120.0  # seconds that an --until may lie ahead
_FORMS = ("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H", "%Y-%m-%d")


def events(session: Session) -> int:
    call = session.call
    form = call.text("format")
    template = None if form in ("", "json") else read(unescape(form), "template parsing error: {}", 64)
    since, until = (moment(session, flag) for flag in ("since", "until"))
    session.connect()
    started = session.now
    if until is None or until > started:
        context = session.context
        if until is not None:
            context = replace(context, deadline=min(context.deadline, context.world.clock + until - started))
        if jobs.begun(context, ("docker", *call.command.path), Capture(0, events=()),
                      _teller(session, template, form, since, until), lambda *_: False):  # fmt: skip
            return 0
        session.wait(min(PATIENCE if until is None else until - started, LONGEST))
    found = session.ask(api.system_events, since=started if since is None and until is None else since,
                        until=until if until is not None else session.now, filters=session.filters())  # fmt: skip
    session.stdout.append(_shown(found, template, form))
    if until is None:
        session.out("^C")
        return 130
    return 0


def _teller(session: Session, template: Any, form: str, since: float | None, until: float | None) -> jobs.Tell:
    started, filters = session.now if since is None and until is None else since, session.filters()

    def tell(context: Context, argv: tuple[str, ...], capture: Capture, interrupted: bool) -> Result:
        found = api.call(api.system_events, context.world, context.host, since=started,
                         until=context.now if until is None else min(context.now, until), filters=filters)  # fmt: skip
        return Result(_shown(found, template, form))

    return tell


def moment(session: Session, flag: str) -> float | None:
    """10m ago, seconds since 1970, or a date: seconds since 1970. Raises Failed for anything else."""
    text = session.call.text(flag)
    if not text:
        return None
    ago = seconds_of(text)
    if ago is not None:
        return session.now - ago
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    bare = text.removesuffix("Z").removesuffix("+00:00")
    head, dot, digits = bare.partition(".")
    for form in _FORMS:
        try:
            return datetime.strptime(head + (dot + digits[:6] if dot else ""), form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise Failed(f'Error response from daemon: failed to parse value as time or duration: "{text}"'
                 if session.own.netip else f'failed to parse value as time or duration: "{text}"')  # fmt: skip


def _shown(found: list[dict[str, Any]], template: Any, form: str) -> str:
    try:
        return "".join(_line(row, template, form) + "\n" for row in found)
    except TemplateError as error:
        raise Failed(f"template parsing error: {error}") from None


def _line(row: Json, template: Any, form: str) -> str:
    if template is None and form != "json":
        return plain(row)
    actor = Struct({"ID": row["Actor"]["ID"], "Attributes": Map(row["Actor"]["Attributes"], "")}, "events.Actor")
    fields = {**row, "Actor": actor}
    message = Struct(fields, "events.Message")
    for name, field in (("Status", "status"), ("ID", "id"), ("From", "from"), ("Scope", "scope"), ("Time", "time"),
                        ("TimeNano", "timeNano")):  # fmt: skip
        if field in fields:
            message.alias(name, field)
        else:
            message.extra[name] = ""
    if template is None:
        from dnetlab.commands.gotemplate.values import to_json

        return to_json(message)
    text: str = template.execute(message)
    return text


def plain(row: Json) -> str:
    """'2026-11-23T08:00:00.000000000Z container start ID (image=nginx, name=web1)'"""
    nano = row["timeNano"]
    time = f"{datetime.fromtimestamp(nano // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%S}.{nano % 1_000_000_000:09d}Z"
    attributes = ", ".join(f"{key}={value}" for key, value in sorted(row["Actor"]["Attributes"].items()))
    return f"{time} {row['Type']} {row['Action']} {row['Actor']['ID']}" + (f" ({attributes})" if attributes else "")
