"""docker stack deploy, ls, services, ps, rm: services, networks, secrets and configs under one name, from compose files
(docker/cli at v28.2.2 and v29.7.2, cli/command/stack; observed with client 28.2.2)."""

from __future__ import annotations

import base64
import posixpath
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from dnetlab.commands.compose import canonical, stackfile
from dnetlab.commands.compose.problem import ComposeError
from dnetlab.commands.compose.stackfile import StackFile
from dnetlab.commands.docker.reference import BadReference, parse_reference
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli import localfiles, service, stackspec, tasks
from dnetlab.sim.dockercli.listing import natural
from dnetlab.sim.dockercli.serviceform import image_name
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockercli.stackspec import IMAGE, LOCAL, NAMESPACE
from dnetlab.sim.dockercli.table import Listing
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]
STACKS = Listing("*formatter.stackContext", {"Name": "NAME", "Services": "SERVICES"}, "{{.Name}}\t{{.Services}}")
NO_MANAGER = (
    'this node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm '
    "and try again"
)
IN_THE_BACKGROUND = (
    "Since --detach=false was not specified, tasks will be created in the background.\n"
    "In a future release, --detach=false will become the default."
)


def _checked(name: str) -> str:
    if not name.strip(" \t\n'\""):
        raise Failed(f'invalid stack name: "{name}"')
    return name


def _of(session: Session, stack: str) -> dict[str, list[str]]:
    found = session.filters()
    return {**found, "label": [*found.get("label", []), *_whose(stack)["label"]]}


def _whose(stack: str) -> dict[str, list[str]]:
    """The filter that finds what belongs to a stack."""
    return {"label": [f"{NAMESPACE}={stack}"]}


# -- looking ----------------------------------------------------------------------------------------------------------


def ls(session: Session) -> int:
    services = session.ask(api.service_list, {"label": [NAMESPACE]})
    counted = Counter(one["Spec"]["Labels"][NAMESPACE] for one in services)
    rows = [STACKS.row({"Name": name, "Services": str(counted[name])}) for name in sorted(counted, key=natural)]
    session.stdout.append(STACKS.render(rows, session.call.text("format")))
    return 0


def services(session: Session) -> int:
    name = _checked(session.call.arguments[0])
    found = session.ask(api.service_list, _of(session, name), status=True)
    if not found:
        session.err(f"Nothing found in stack: {name}")
        return 0
    service.show(session, found)
    return 0


def ps(session: Session) -> int:
    name = _checked(session.call.arguments[0])
    found = session.ask(api.task_list, _of(session, name))
    if not found:
        raise Failed(f"nothing found in stack: {name}")
    tasks.show(session, found)
    return 0


# -- rm ---------------------------------------------------------------------------------------------------------------


def rm(session: Session) -> int:
    problems = [problem for name in map(_checked, session.call.arguments) if (problem := _remove(session, name))]
    if problems:
        raise Failed("\n".join(problems))
    return 0


def _remove(session: Session, stack: str) -> str:
    """What went wrong, '' when all of it went."""
    label = _whose(stack)
    own, networks = session.ask(api.service_list, label), session.ask(api.network_list, label)
    secrets, configs = (session.ask(api.content_list, kind, label) for kind in ("secret", "config"))
    if not (own or networks or secrets or configs):
        session.err(f"Nothing found in stack: {stack}")
        return ""
    parts: list[bool] = [_remove_services(session, own)]
    for kind, rows in (("secret", secrets), ("config", configs)):
        parts.append(_each(session, kind, [(one["ID"], one["Spec"]["Name"]) for one in rows],
                           _asking(session, api.content_delete, kind)))  # fmt: skip
    parts.append(_each(session, "network", [(one["Id"], one["Name"]) for one in networks],
                       _asking(session, api.network_delete)))  # fmt: skip
    return "" if all(parts) else f"failed to remove some resources from stack: {stack}"


def _remove_services(session: Session, found: Sequence[Json]) -> bool:
    rows = sorted(((one["ID"], one["Spec"]["Name"]) for one in found), key=lambda row: row[1])
    return _each(session, "service", rows, _asking(session, api.service_delete))


def _asking(session: Session, remove: Callable[..., None], *before: str) -> Callable[[str], None]:
    return lambda ident: session.ask(remove, *before, ident)


def _each(session: Session, kind: str, rows: Sequence[tuple[str, str]], remove: Callable[[str], object]) -> bool:
    went = True
    for ident, name in rows:
        session.out(f"Removing {kind} {name}")
        try:
            remove(ident)
        except ApiError as error:
            session.stderr.append(f"Failed to remove {kind} {ident}: {told(error)}")
            went = False
    return went


# -- deploy -----------------------------------------------------------------------------------------------------------


def deploy(session: Session) -> int:
    """Networks, secrets, configs, then services: what isn't there is made, what is there is changed."""
    stack = _checked(session.call.arguments[0])
    try:
        files, directory = _files(session)
        return _deployed(session, stack, files, directory)
    except ComposeError as error:
        raise Failed(str(error)) from None
    except canonical.NotThere as missing:
        raise Refused(
            "`{key}` in a stack's file is not simulated.",
            "Leave it out: the lab is about networks, ports and names.",
            key=missing.key,
        ) from None


def _files(session: Session) -> tuple[StackFile, str]:
    """What was read, and where relative paths begin. Failed, ComposeError."""
    named = [one for value in session.call.all("compose-file") for one in value.split(",")]
    if not named:
        raise Failed(session.own.text("no compose file"))
    texts = [(session.context.stdin or "") if name == "-" else localfiles.read(session, name) for name in named]
    files = stackfile.load(texts, session.context.environment or {})
    if files.ignored:
        session.err(f"Ignoring unsupported options: {', '.join(files.ignored)}\n")
    if files.outdated:
        session.err(f"Ignoring deprecated options:\n\n{stackfile.told(dict(files.outdated))}\n")
    for key, row in sorted(files.services.items()):
        _check_image(key, row)
    first = "." if named[0] == "-" else posixpath.dirname(named[0]) or "."
    return files, localfiles.absolute(session, first)


def _check_image(key: str, row: Json) -> None:
    image = row.get("image", "")
    if not image:
        raise Failed(f"invalid image reference for service {key}: no image specified")
    try:
        parse_reference(image)
    except BadReference as error:
        raise Failed(f"invalid image reference for service {key}: {error}") from None


def _deployed(session: Session, stack: str, files: StackFile, directory: str) -> int:
    call = session.call
    if call.text("resolve-image", "always") not in ("always", "changed", "never"):
        raise Failed(f"Invalid option {call.text('resolve-image')} for flag --resolve-image")
    if not call.has("detach"):
        session.err(IN_THE_BACKGROUND)
    if not session.ask(api.system_info)["Swarm"]["ControlAvailable"]:
        raise Failed(NO_MANAGER)
    if call.on("prune"):
        wanted = {stackspec.scoped(stack, name) for name in files.services}
        old = session.ask(api.service_list, _whose(stack))
        _remove_services(session, [one for one in old if one["Spec"]["Name"] not in wanted])
    _make_networks(session, stack, files)
    for kind, rows in (("secret", files.secrets), ("config", files.configs)):
        for name, row in stackspec.contents(stack, rows):
            _make_content(session, kind, name, stack, row, directory)
    made = _make_services(session, stack, _specs(session, stack, files, directory))
    if not call.has("detach") or call.on("detach"):
        return 0
    for ident in made:
        service.watch(session, ident, ident)
    return 0


def _make_networks(session: Session, stack: str, files: StackFile) -> None:
    wanted, outside = stackspec.networks(stack, files)
    for name in outside:
        _check_outside(session, name)
    there = {one["Name"] for one in session.ask(api.network_list, _whose(stack))}
    for name, body in wanted.items():
        if name not in there:
            session.out(f"Creating network {name}")
            _made(f"failed to create network {name}", partial(session.ask, api.network_create, body))


def _check_outside(session: Session, name: str) -> None:
    if name in LOCAL:
        return
    try:
        scope = session.ask(api.network_inspect, name)["Scope"]
    except ApiError as error:
        if error.status != 404:
            raise
        raise Failed(
            f'network "{name}" is declared as external, but could not be found. You need to create a swarm-scoped '
            "network before the stack is deployed"
        ) from None
    if scope != "swarm":
        why = f'it is not in the right scope: "{scope}" instead of "swarm"'
        raise Failed(f'network "{name}" is declared as external, but {why}')


def _made(what: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except ApiError as error:
        raise Failed(f"{what}: {told(error)}") from None


def _make_content(session: Session, kind: str, name: str, stack: str, row: Json, directory: str) -> None:
    if "file" not in row:
        raise canonical.NotThere(f"{kind}s without a file")
    data = localfiles.read_bytes(session, stackfile.path_of(row, directory))
    body = {"Name": name, "Labels": stackspec.labelled(stack, row.get("labels")),
            "Data": base64.b64encode(data).decode()}  # fmt: skip
    if row.get("template_driver"):
        body["Templating"] = {"Name": row["template_driver"]}
    old = next((one for one in session.ask(api.content_list, kind, {"names": [name]})), None)
    if old is None:
        session.out(f"Creating {kind} {name}")
        _made(f"failed to create {kind} {name}", partial(session.ask, api.content_create, kind, body))
        return
    change = partial(session.ask, api.content_update, kind, old["ID"], body)
    _made(f"failed to update {kind} {name}", change)


# -- its services -----------------------------------------------------------------------------------------------------


def _specs(session: Session, stack: str, files: StackFile, directory: str) -> dict[str, Json]:
    """key -> specification; the client goes through them in no order, the lab by name."""
    found = {}
    for key, row in sorted(files.services.items()):
        try:
            references = {word: value for kind, word in (("secret", "Secrets"), ("config", "Configs"))
                          if (value := _references(session, kind, stack, row, files))}  # fmt: skip
            found[key] = stackspec.service(
                stack, key, row, files, _environment(session, row, directory),
                [canonical.mount_of(one, directory) for one in row.get("volumes") or ()], references,
            )  # fmt: skip
        except Failed as failed:
            raise Failed(f"service {key}: {failed.text}") from None
    return found


def _environment(session: Session, row: Json, directory: str) -> Json:
    def read(path: str) -> str | None:
        try:
            return localfiles.read(session, path)
        except Failed:
            return None

    own = canonical.environment_of(row, session.context.environment or {})
    return {**canonical.env_files_of(row.get("env_file"), directory, read), **own}


def _references(session: Session, kind: str, stack: str, row: Json, files: StackFile) -> list[Json]:
    known: Mapping[str, Json] = files.secrets if kind == "secret" else files.configs
    names = dict(stackspec.contents(stack, known))
    found = []
    for told_of in row.get(f"{kind}s") or ():
        one: Json = {"source": told_of} if isinstance(told_of, str) else told_of
        source = one.get("source", "")
        if source not in known:
            raise Failed(f'undefined {kind} "{source}"')
        outside = str(known[source].get("name", source))
        name = next((name for name, own in names.items() if own is known[source]), outside)
        file = {"Name": one.get("target") or source, "UID": str(one.get("uid", "0")), "GID": str(one.get("gid", "0")),
                "Mode": one.get("mode", 0o444)}  # fmt: skip
        there = next((c for c in session.ask(api.content_list, kind, {"names": [name]})), None)
        if there is None:
            raise Failed(f"{kind} not found: {name}")
        word = kind.capitalize()
        found.append({"File": file, f"{word}ID": there["ID"], f"{word}Name": name})
    return sorted(found, key=lambda one: str(one[f"{kind.capitalize()}Name"]))


def _make_services(session: Session, stack: str, specs: Mapping[str, Json]) -> list[str]:
    """Their ids."""
    there = {one["Spec"]["Name"]: one for one in session.ask(api.service_list, _whose(stack))}
    made = []
    for spec in specs.values():
        container = spec["TaskTemplate"]["ContainerSpec"]
        container["Image"] = image_name(container["Image"])
        old = there.get(spec["Name"])
        made.append(_update(session, old, spec) if old else _create(session, spec))
    return made


def _create(session: Session, spec: Json) -> str:
    session.out(f"Creating service {spec['Name']}")
    made = _made(f"failed to create service {spec['Name']}", partial(session.ask, api.service_create, spec))
    return str(made["ID"])


def _update(session: Session, old: Json, spec: Json) -> str:
    """No registry answers the lab, so the client tells that the image has no digest; of a new service it doesn't."""
    session.out(f"Updating service {spec['Name']} (id: {old['ID']})")
    spec["TaskTemplate"]["ForceUpdate"] = old["Spec"]["TaskTemplate"].get("ForceUpdate", 0)
    change = partial(session.ask, api.service_update, old["ID"], spec)
    _made(f"failed to update service {spec['Name']}", change)
    how, same = session.call.text("resolve-image", "always"), old["Spec"]["Labels"].get(IMAGE) == spec["Labels"][IMAGE]
    if how == "always" or how == "changed" and not same:
        session.err(service.unpinned(spec["TaskTemplate"]["ContainerSpec"]["Image"]))
    return str(old["ID"])
