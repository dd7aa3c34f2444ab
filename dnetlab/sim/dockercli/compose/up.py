"""docker compose create, up, start, scale: networks and volumes, then containers, each after those it depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dnetlab.commands.compose.canonical import in_order
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.compose import ask, body
from dnetlab.sim.dockercli.compose.building import build_all
from dnetlab.sim.dockercli.compose.call import LABEL, Call
from dnetlab.sim.dockercli.compose.down import remove, stop_all
from dnetlab.sim.dockercli.compose.warning import warn
from dnetlab.sim.dockercli.image import pull_lines
from dnetlab.sim.dockercli.session import Failed, told
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]
PATIENCE = 120  # looks at a container that another waits for, half a second apart


def create(call: Call) -> int:
    _prepare(call, with_needs(call, call.services()), {})
    return 0


def up(call: Call) -> int:
    words = call.words
    if not call.project.services:
        raise Failed("no service selected")
    wanted = call.services() if words.on("no-deps") else with_needs(call, call.services())
    _warn_of_orphans(call)
    _prepare(call, wanted, _scales(words.all("scale")))
    if words.on("no-start"):
        return 0
    begun = call.session.now
    _start(call, wanted, quiet=not (words.on("detach") or words.on("wait")))
    if words.on("wait"):
        _wait(call, wanted)
    if words.on("detach") or words.on("wait"):
        return 0
    return _stay(call, wanted, begun)


def start(call: Call) -> int:
    wanted = with_needs(call, call.services())
    for name in wanted:
        if not ask.of_service(call, name):
            raise Failed(f'service "{name}" has no container to start')
    _start(call, wanted, again=True)
    return 0


def scale(call: Call) -> int:
    scales = _scales(call.words.arguments)
    wanted = call.services(list(scales)) if call.words.on("no-deps") else with_needs(call, call.services(list(scales)))
    _prepare(call, wanted, scales)
    _start(call, wanted)
    return 0


def _scales(values: Sequence[str]) -> dict[str, int]:
    found = {}
    for value in values:
        name, equals, number = value.partition("=")
        if not equals or not number.isdecimal():
            raise Failed(f"invalid --scale option {value!r}. Should be SERVICE=NUM".replace("'", '"'))
        if int(number) > 100:
            raise Refused(
                "{number} containers of one service are more than the lab keeps.", "Take up to 100.", number=number
            )
        found[name] = int(number)
    return found


def with_needs(call: Call, names: Sequence[str]) -> list[str]:
    """These services and what they depend on."""
    found: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in found:
            found[name] = None
            for other in call.project.services[name].get("depends_on", {}):
                if other in call.project.services:
                    add(other)

    for name in names:
        add(name)
    return list(found)


def levels(call: Call, names: Sequence[str]) -> list[list[str]]:
    return in_order({name: call.project.services[name] for name in sorted(names)})


# -- what must be there first -------------------------------------------------------------------------------------


def _prepare(call: Call, names: Sequence[str], scales: dict[str, int], alone: Sequence[str] = ()) -> None:
    """Networks, volumes, images and containers of these services; alone: services that need all but containers."""
    _check_external(call)
    _pull(call, [*names, *alone])
    _make_places(call, [*names, *alone])
    for level in levels(call, names):
        _converge(call, level, scales)


def _make_places(call: Call, names: Sequence[str]) -> None:
    """Networks and volumes."""
    for key, found in call.project.networks.items():
        if not found.get("external") and _is_used(call, names, key):
            _make_network(call, key, found)
    for key, found in call.project.volumes.items():
        if not found.get("external") and not ask.has_volume(call, found["name"]):
            call.say("Volume", found["name"], "Creating")
            call.session.ask(api.volume_create, body.volume(call, key))
            call.say("Volume", found["name"], "Created")


def prepare(call: Call, needs: Sequence[str], service: str) -> None:
    """For `run`: the networks and volumes of a service, and what it depends on, running."""
    _prepare(call, needs, {}, [service])
    _start(call, needs)


def _is_used(call: Call, names: Sequence[str], key: str) -> bool:
    return any(key in call.project.services[name].get("networks", {}) for name in names)


def _check_external(call: Call) -> None:
    for found in call.project.networks.values():
        if found.get("external") and ask.network(call, found["name"]) is None:
            raise Failed(f"network {found['name']} declared as external, but could not be found")
    for found in call.project.volumes.values():
        if found.get("external") and not ask.has_volume(call, found["name"]):
            raise Failed(f'external volume "{found["name"]}" not found')


def _pull(call: Call, names: Sequence[str]) -> None:
    """Images that aren't there: built, or pulled (`--pull missing`, the usual policy)."""
    build_all(call, names, anew=call.words.on("build"))
    for name in sorted(names):
        image = call.project.services[name].get("image")
        policy = call.words.text("pull") or call.project.services[name].get("pull_policy", "missing")
        if not image or call.project.services[name].get("build") or policy == "never":
            continue
        if policy != "always" and body.image_id(call, image):
            continue
        call.session.err(f" {name} Pulling ")
        try:
            pull_lines(call.session, image)
        except ApiError as error:
            call.session.err(f" {name} Error {error.message}")
            raise
        call.session.err(f" {name} Pulled ")


def _make_network(call: Call, key: str, found: Json) -> None:
    there, left = ask.network(call, found["name"]), list[Json]()
    if there is not None:
        labels = there["Labels"] or {}
        owner, asked = labels.get(f"{LABEL}project"), body.network(call, key)
        if owner == call.project.name and labels[f"{LABEL}config-hash"] != asked["Labels"][f"{LABEL}config-hash"]:
            left = _unmake_network(call, found["name"])
            there = None
    if there is not None:
        if owner != call.project.name:
            name, project = found["name"], call.project.name
            warn(
                call,
                f'a network with name {name} exists but was not created for project "{project}".\n'
                "Set `external: true` to use an existing network",
            )
        return
    call.say("Network", found["name"], "Creating")
    try:
        call.session.ask(api.network_create, body.network(call, key))
    except ApiError as error:
        call.say("Network", found["name"], "Error")
        raise Failed(f"failed to create network {found['name']}: {told(error)}") from None
    call.say("Network", found["name"], "Created")
    for row in left:
        _plug(call, found["name"], row)


def _plug(call: Call, network: str, row: Json) -> None:
    """A container comes back into a network that was made anew, as its service says now, where it can."""
    service = ask.service_of(row)
    if service in call.project.services:
        asked = _body(call, service, ask.number_of(row), again=True)["NetworkingConfig"]["EndpointsConfig"]
        if network in asked:
            call.session.ask(api.network_connect, network, {"Container": row["Id"], "EndpointConfig": asked[network]})


def _unmake_network(call: Call, name: str) -> list[Json]:
    """One that the files describe otherwise now is made anew; its containers stop, and leave it, first: those."""
    rows = [row for row in ask.containers(call) if name in row["NetworkSettings"]["Networks"]]
    stop_all(call, [row for row in rows if ask.is_running(row)])
    for row in rows:
        call.session.ask(api.network_disconnect, name, {"Container": row["Id"], "Force": True})
    call.session.ask(api.network_delete, name)
    call.say("Network", name, "Removed")
    return rows


def _warn_of_orphans(call: Call) -> None:
    orphans = [row for row in ask.containers(call) if ask.service_of(row) not in call.project.services]
    hidden = call.words.on("remove-orphans")
    orphans = [row for row in orphans if not _is_of_profile(call, row)]
    if orphans and hidden:
        remove(call, orphans, timeout=call.words.number("timeout"))
    elif orphans:
        names = ", ".join(ask.name_of(row) for row in orphans)
        warn(
            call,
            f"Found orphan containers ([{names}]) for this project. If you removed or renamed this service in your "
            "compose file, you can run this command with the --remove-orphans flag to clean it up.",
        )


def _is_of_profile(call: Call, row: Json) -> bool:
    return ask.service_of(row) in call.project.asleep


# -- containers ---------------------------------------------------------------------------------------------------


@dataclass
class _Steps:
    """What becomes of the containers of a level. Compose works on them side by side: all are announced, then what it
    finds wrong by itself ends everything before the daemon has done any of the rest."""

    announced: list[Callable[[], None]] = field(default_factory=list)
    looked_over: list[Callable[[], None]] = field(default_factory=list)
    done: list[Callable[[], None]] = field(default_factory=list)

    def run(self) -> None:
        for step in (*self.announced, *self.looked_over, *self.done):
            step()


def _converge(call: Call, level: Sequence[str], scales: dict[str, int]) -> None:
    """As many containers of each service as wanted, made as the files say now: one step for all, then the next."""
    steps = _Steps()
    for name in level:
        _of_service(call, name, scales.get(name), steps)
    steps.run()


def _of_service(call: Call, name: str, number: int | None, steps: _Steps) -> None:
    service = call.project.services[name]
    wanted = number if number is not None else _replicas(service)
    if wanted > 1 and service.get("container_name"):
        raise Failed(
            f'WARNING: The "{name}" service is using the custom container name "{service["container_name"]}". Docker '
            "requires each container to have a unique name. Remove the custom name to scale the service"
        )
    there = ask.of_service(call, name)
    for row in there[:wanted]:
        _keep_or_renew(call, name, row, steps)
    if len(there) > wanted:
        steps.done.append(lambda: remove(call, there[wanted:], timeout=call.words.number("timeout")))
    taken = {ask.number_of(row) for row in there}
    free = (one for one in range(1, wanted + len(taken) + 1) if one not in taken)
    for _ in range(wanted - len(there)):
        _make(call, name, next(free), steps)


def _replicas(service: Json) -> int:
    deploy = service.get("deploy") or {}
    return int(service.get("scale") or deploy.get("replicas", 1))


def _keep_or_renew(call: Call, name: str, row: Json, steps: _Steps) -> None:
    own = ask.name_of(row)
    same = row["Labels"].get(f"{LABEL}config-hash") == body.service_digest(call.project.services[name])
    if (same or call.words.on("no-recreate")) and not call.words.on("force-recreate"):
        if ask.is_running(row):
            steps.announced.append(lambda: call.say("Container", own, "Running"))
        return

    def renew() -> None:
        call.session.ask(api.container_stop, row["Id"], t=call.words.number("timeout"))
        call.session.ask(api.container_delete, row["Id"], force=True)
        make_container(call, _body(call, name, ask.number_of(row), again=True), own)

    _plan(call, own, ("Recreate", "Recreated"), renew, lambda: _body(call, name, ask.number_of(row)), steps)


def _make(call: Call, name: str, number: int, steps: _Steps) -> None:
    own = body.container_name(call, name, number)

    def make() -> None:
        make_container(call, _body(call, name, number, again=True), own)

    _plan(call, own, ("Creating", "Created"), make, lambda: _body(call, name, number), steps)


def _plan(
    call: Call, own: str, words: tuple[str, str], do: Callable[[], None], look: Callable[[], Json], steps: _Steps
) -> None:
    """Three steps for a container; what goes wrong is a line of progress, too."""

    def watched(step: Callable[[], object]) -> None:
        try:
            step()
        except (ApiError, Failed) as error:
            call.say("Container", own, told(error) if isinstance(error, ApiError) else str(error))
            raise

    def done() -> None:
        watched(do)
        call.say("Container", own, words[1])

    steps.announced.append(lambda: call.say("Container", own, words[0]))
    steps.looked_over.append(lambda: watched(look))
    steps.done.append(done)


def _body(call: Call, name: str, number: int, again: bool = False) -> Json:
    """again: it was looked over before, and what is to be warned of was said."""
    mode = call.project.services[name].get("network_mode", "")
    joined = ask.of_service(call, mode[8:])[0]["Id"] if mode.startswith("service:") else None
    said = len(call.session.stderr)
    made = body.container(call, name, number, joined=joined)
    if again:
        del call.session.stderr[said:]
    return made


def make_container(call: Call, asked: Json, own: str) -> str:
    """The id of the container that was asked for, in all its networks. Raises ApiError."""
    later = body.later_networks(call, asked)
    answer = call.session.ask(api.container_create, asked, own)
    made: str = answer["Id"]
    service = asked["Labels"][f"{LABEL}service"]
    for warning in answer.get("Warnings") or ():
        call.session.err(f" {service} {warning} ")
    for network, told_of_it in later.items():
        call.session.ask(api.network_connect, network, {"Container": made, "EndpointConfig": told_of_it})
    return made


# -- start --------------------------------------------------------------------------------------------------------


def _start(call: Call, names: Sequence[str], *, quiet: bool = False, again: bool = False) -> None:
    """Start what doesn't run, level by level; what a service waits for is waited for."""
    for level in levels(call, names):
        for name in level:
            _await(call, name, names)
        rows = [row for name in level for row in ask.of_service(call, name) if not ask.is_running(row)]
        for row in rows:
            if not quiet:
                call.say("Container", ask.name_of(row), "Starting")
        for row in rows:
            call.session.ask(api.container_start, row["Id"])
            if not quiet:
                call.say("Container", ask.name_of(row), "Started")


def _await(call: Call, name: str, names: Sequence[str]) -> None:
    for other, need in call.project.services[name].get("depends_on", {}).items():
        if other not in names or need["condition"] == "service_started":
            continue
        for row in ask.of_service(call, other):
            _await_one(call, other, row, need["condition"])


def _await_one(call: Call, service: str, row: Json, condition: str) -> None:
    own = ask.name_of(row)
    call.say("Container", own, "Waiting")
    for _ in range(PATIENCE):
        state = call.session.ask(api.container_inspect, row["Id"])["State"]
        if condition == "service_completed_successfully" and not state["Running"]:
            if state["ExitCode"]:
                why = f'service "{service}" didn\'t complete successfully: exit {state["ExitCode"]}'
                call.say("Container", own, why)
                raise Failed(why)
            call.say("Container", own, "Exited")
            return
        health = (state.get("Health") or {}).get("Status", "")
        if condition == "service_healthy" and (health == "healthy" or not health):
            if not health:
                raise Failed(f"container {own} has no healthcheck configured")
            call.say("Container", own, "Healthy")
            return
        if health == "unhealthy":
            call.say("Container", own, "Error")
            raise Failed(f"dependency failed to start: container {own} is unhealthy")
        call.session.wait(0.5)
    raise Refused(
        "{service} takes longer than the lab waits.", "Look with docker compose logs {service}.", service=service
    )


def _wait(call: Call, names: Sequence[str]) -> None:
    """--wait: until all are healthy; one without a health check is as soon as it runs."""
    rows = [row for name in sorted(names) for row in ask.of_service(call, name)]
    for row in rows:
        call.say("Container", ask.name_of(row), "Waiting")
    for row in rows:
        _await_state(call, row)


def _await_state(call: Call, row: Json) -> None:
    own = ask.name_of(row)
    for _ in range(PATIENCE):
        state = call.session.ask(api.container_inspect, row["Id"])["State"]
        health = (state.get("Health") or {}).get("Status", "healthy")
        if not state["Running"] or health == "unhealthy":
            call.say("Container", own, "Error")
            raise Failed(f"container {own} is unhealthy" if state["Running"] else
                         f"container {own} exited ({state['ExitCode']})")  # fmt: skip
        if health == "healthy":
            call.say("Container", own, "Healthy")
            return
        call.session.wait(0.5)
    service = ask.service_of(row)
    raise Refused(
        "{service} takes longer than the lab waits.", "Look with docker compose logs {service}.", service=service
    )


def _stay(call: Call, names: Sequence[str], begun: float) -> int:
    """`up` without -d stays with the containers until all have ended."""
    rows = [row for name in sorted(names) for row in ask.of_service(call, name)]
    still = [ask.name_of(row) for row in rows if ask.is_running(row)]
    if still:
        raise Refused(
            "docker compose up would stay with {name}, which doesn't end by itself.",
            "Add -d, and read docker compose logs.",
            name=still[0],
        )
    from dnetlab.sim.dockercli.compose.looks import log_lines, short_name

    call.session.out(f"Attaching to {', '.join(short_name(call, row) for row in rows)}")
    call.session.stdout += log_lines(call, rows, prefix=not call.words.on("no-log-prefix"),
                                     since={row["Id"]: begun for row in rows})  # fmt: skip
    for row in rows:
        code = call.session.ask(api.container_inspect, row["Id"])["State"]["ExitCode"]
        call.session.out(f"\r\x1b[K{short_name(call, row)} exited with code {code}")
    return _ended(call, rows)


def _ended(call: Call, rows: Sequence[Json]) -> int:
    """--exit-code-from SERVICE and --abort-on-container-exit: the first that ends takes the others with it."""
    chosen = call.words.text("exit-code-from")
    if not chosen and not call.words.on("abort-on-container-exit"):
        return 0
    call.session.err("\x1b[31m\x1b[1mAborting on container exit...\x1b[0m")
    stop_all(call, rows, call.words.number("timeout"))
    own = [row for row in rows if ask.service_of(row) == chosen] if chosen else rows
    codes = [int(call.session.ask(api.container_inspect, row["Id"])["State"]["ExitCode"]) for row in own]
    if codes and codes[0]:
        raise Failed("\n", codes[0])
    return 0
