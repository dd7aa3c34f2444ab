"""Life of containers: states, exit statuses, names, restart policies, daemon restarts; texts of real engines."""

from __future__ import annotations

import pytest

from dnetlab.model import ContainerState
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import api, containers, system
from dnetlab.sim.dockerd.api.containers import container_prune
from dnetlab.sim.dockerd.api.streams import container_attach
from dnetlab.sim.dockerd.config import ContainerConfig, NetworkAttachment, RestartPolicy
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.lab import new_world
from dnetlab.sim.programs.launch import stays_for_a_terminal
from dnetlab.sim.world import World

HOST = "docker1"


def run(world: World, image: str, *command: str, **settings: object) -> str:
    config = ContainerConfig(image=image, command=command or None, **settings)
    created = containers.create(world, HOST, config)
    containers.start(world, HOST, created.id)
    return created.id


def state(world: World, name: str) -> tuple[str, int]:
    container = containers.find(world, HOST, name)
    return container.state.value, container.exit_code


def wait_seconds(world: World, seconds: float) -> None:
    world.clock += seconds
    containers.let_time_pass(world)


def message(call, *arguments: object, **keywords: object) -> str:
    with pytest.raises(ApiError) as caught:
        call(*arguments, **keywords)
    return caught.value.message


def test_nginx_runs_until_it_is_stopped_and_then_has_exit_status_0():
    world = new_world()
    run(world, "nginx", name="web1")
    assert state(world, "web1") == ("running", 0)
    containers.stop(world, HOST, "web1")
    assert state(world, "web1") == ("exited", 0)


def test_a_program_without_a_handler_is_killed_after_ten_seconds_with_137():
    world = new_world()
    run(world, "busybox", "sleep", "100", name="s1")
    before = world.clock
    containers.stop(world, HOST, "s1")
    assert (state(world, "s1"), world.clock - before) == (("exited", 137), 10)


def test_with_init_the_same_program_ends_at_once_with_143():
    world = new_world()
    run(world, "busybox", "sleep", "100", name="s2", init=True)
    before = world.clock
    containers.stop(world, HOST, "s2")
    assert (state(world, "s2"), world.clock - before) == (("exited", 143), 0)


def test_kill_ends_with_137_and_kill_with_term_lets_nginx_end_in_order():
    world = new_world()
    run(world, "nginx", name="a1")
    run(world, "nginx", name="a2")
    containers.kill(world, HOST, "a1")
    containers.kill(world, HOST, "a2", "TERM")
    assert [state(world, name) for name in ("a1", "a2")] == [("exited", 137), ("exited", 0)]


def test_sleep_ends_when_the_clock_has_passed():
    world = new_world()
    run(world, "busybox", "sleep", "3", name="nap")
    wait_seconds(world, 2)
    assert state(world, "nap") == ("running", 0)
    wait_seconds(world, 1)
    assert state(world, "nap") == ("exited", 0)
    assert containers.find(world, HOST, "nap").finished == 3


@pytest.mark.parametrize(
    ("release", "text"),
    [
        ("20.10", "failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
                  'container process: exec: "foo": executable file not found in $PATH: unknown'),
        ("28.5", "failed to create task for container: failed to create shim task: OCI runtime create failed: runc "
                 "create failed: unable to start container process: error during container init: "
                 'exec: "foo": executable file not found in $PATH'),
    ],
)  # fmt: skip
def test_a_program_the_image_lacks_leaves_the_container_created_with_127(release: str, text: str):
    """Observed on 20.10.24 and 28.5.2."""
    world = new_world(release)
    created = containers.create(world, HOST, ContainerConfig(image="busybox", name="bad", command=("foo",)))
    assert message(containers.start, world, HOST, created.id) == text
    assert state(world, "bad") == ("created", 127)
    assert containers.spec(world, HOST, "bad").error == text


def test_a_directory_as_program_is_126_and_rm_takes_a_failed_start_away():
    world = new_world()
    created = containers.create(world, HOST, ContainerConfig(image="busybox", command=("/etc",)))
    message(containers.start, world, HOST, created.id)
    assert containers.find(world, HOST, created.id).exit_code == 126
    gone = containers.create(world, HOST, ContainerConfig(image="busybox", command=("foo",), auto_remove=True))
    message(containers.start, world, HOST, gone.id)
    assert message(containers.find, world, HOST, gone.id) == f"No such container: {gone.id}"


def test_the_texts_for_removing_what_runs():
    """Observed on 20.10.24, 28.5.2 and 29.7.2."""
    for release in ("28.5", "29.7"):
        world = new_world(release)
        run(world, "nginx", name="web1")
        assert message(containers.remove, world, HOST, "web1") == (
            'cannot remove container "web1": container is running: stop the container before removing or force remove'
        )
        containers.pause(world, HOST, "web1")
        assert message(containers.remove, world, HOST, "web1") == (
            'cannot remove container "web1": container is paused and must be unpaused first'
        )
    world = new_world("20.10")
    full = run(world, "nginx", name="web1")
    assert message(containers.remove, world, HOST, "web1") == (
        f"You cannot remove a running container {full}. Stop the container before attempting removal or force remove"
    )


def test_the_texts_for_what_does_not_run():
    """Observed on 20.10.24 and 28.5.2."""
    world = new_world("28.5")
    full = run(world, "busybox", "true", name="done")
    assert message(containers.execute, world, HOST, "done", ("ls",)) == f"container {full} is not running"
    stopped = f"container {full} is not running"
    assert message(containers.kill, world, HOST, "done") == f"cannot kill container: done: {stopped}"
    assert message(containers.kill, world, HOST, "nosuch") == "cannot kill container: nosuch: No such container: nosuch"
    assert message(containers.unpause, world, HOST, "done") == f"Container {full} is not paused"
    world = new_world("20.10")
    full = run(world, "busybox", "true", name="done")
    assert message(containers.top, world, HOST, "done") == f"Container {full} is not running"


def test_a_paused_container_takes_no_exec_and_no_start():
    world = new_world()
    full = run(world, "nginx", name="web1")
    containers.pause(world, HOST, "web1")
    assert message(containers.execute, world, HOST, "web1", ("ls",)) == (
        "Container web1 is paused, unpause the container before exec"
    )
    assert message(containers.start, world, HOST, "web1") == "cannot start a paused container, try unpause instead"
    assert message(containers.pause, world, HOST, "web1") == f"Container {full} is already paused"
    containers.unpause(world, HOST, "web1")
    assert state(world, "web1") == ("running", 0)


def test_names_must_be_free_and_of_two_characters():
    world = new_world()
    full = run(world, "nginx", name="web1")
    run(world, "nginx", name="web2")
    taken = (f'Conflict. The container name "/web1" is already in use by container "{full}". '
             "You have to remove (or rename) that container to be able to reuse that name.")  # fmt: skip
    assert message(containers.create, world, HOST, ContainerConfig(image="nginx", name="web1")) == taken
    assert message(containers.rename, world, HOST, "web2", "web1") == f"Error when allocating new name: {taken}"
    assert message(containers.rename, world, HOST, "web2", "a") == (
        "Error when allocating new name: Invalid container name (/a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
    )
    assert message(containers.rename, world, HOST, "web2", "web2") == (
        "Renaming a container with the same name as its current name"
    )
    containers.rename(world, HOST, "web2", "web9")
    assert containers.find(world, HOST, "web9").name == "web9"


def test_the_same_seed_invents_the_same_names():
    names = []
    for _ in range(2):
        world = new_world(seed=7)
        run(world, "nginx")
        names.append(containers.find(world, HOST, world.hosts[HOST].containers[0].id).name)
    assert names[0] == names[1]
    assert "_" in names[0]


def test_a_prefix_of_an_id_finds_one_container_and_is_refused_for_several():
    world = new_world()
    ids = [run(world, "nginx") for _ in range(17)]
    assert containers.find(world, HOST, ids[3][:12]).id == ids[3]
    first = {digit: sum(i.startswith(digit) for i in ids) for digit in "0123456789abcdef"}
    several = next(digit for digit, count in first.items() if count > 1)
    assert message(containers.find, world, HOST, several) == f"multiple IDs found with provided prefix: {several}"


def test_rm_leaves_nothing_behind():
    world = new_world()
    full = run(world, "busybox", "sleep", "5", name="short", auto_remove=True)
    wait_seconds(world, 6)
    assert world.hosts[HOST].containers == ()
    assert full[:12] not in world.hosts[HOST].namespaces
    assert [key for key in (*world.files, *world.logs) if full in key] == []
    assert [p for p in world.hosts[HOST].processes if full in p.argv or p.container == full] == []


def attached(world: World, name: str) -> tuple[str, int]:
    """`docker start -a NAME`: what it printed, and its exit status."""
    found = container_attach(world, HOST, name, start=True)
    return "".join(frame["text"] for frame in found["Frames"]), found["StatusCode"]


def test_an_attached_run_gives_output_and_exit_status():
    world = new_world()
    one = containers.create(world, HOST, ContainerConfig(image="busybox", command=("echo", "hi"), auto_remove=True))
    assert attached(world, one.id) == ("hi\n", 0)
    script = ("sh", "-c", "echo a; sleep 3; exit 4")
    two = containers.create(world, HOST, ContainerConfig(image="busybox", command=script))
    assert attached(world, two.id) == ("a\n", 4)
    assert len(world.hosts[HOST].containers) == 1


def test_an_attached_run_of_a_server_is_refused():
    world = new_world()
    created = containers.create(world, HOST, ContainerConfig(image="nginx", name="web1"))
    with pytest.raises(Refused) as caught:
        attached(world, created.id)
    assert "docker run -d" in caught.value.refusal.hint


def test_a_shell_without_a_terminal_ends_at_once_and_with_one_it_stays():
    world = new_world()
    run(world, "busybox", name="plain")
    run(world, "busybox", name="kept", tty=True, interactive=True)
    assert [state(world, name) for name in ("plain", "kept")] == [("exited", 0), ("running", 0)]
    assert stays_for_a_terminal(containers.spec(world, HOST, "kept").config)


def test_on_failure_gives_up_after_its_number_of_restarts():
    """Observed on 28.5.2: RestartCount 2, exited (1)."""
    world = new_world()
    run(world, "busybox", "false", name="r1", restart=RestartPolicy.ON_FAILURE, restart_max=2)
    wait_seconds(world, 2)
    assert state(world, "r1") == ("exited", 1)
    assert containers.spec(world, HOST, "r1").restart_count == 2


def test_always_restarts_and_takes_longer_each_time_until_it_is_stopped():
    world = new_world()
    full = run(world, "busybox", "true", name="r2", restart=RestartPolicy.ALWAYS)
    assert state(world, "r2") == ("restarting", 0)
    assert message(containers.execute, world, HOST, "r2", ("ls",)) == (
        f"Container {full} is restarting, wait until the container is running"
    )
    wait_seconds(world, 1)
    assert containers.spec(world, HOST, "r2").restart_count == 4  # after 0.1, 0.3, 0.7 seconds
    containers.stop(world, HOST, "r2")
    wait_seconds(world, 100)
    assert state(world, "r2") == ("exited", 0)


def test_after_a_daemon_restart_policies_decide_who_runs():
    world = new_world()
    policies = (RestartPolicy.NO, RestartPolicy.ALWAYS, RestartPolicy.UNLESS_STOPPED)
    for policy in policies:
        run(world, "nginx", name=f"up-{policy.value}", restart=policy)
        run(world, "nginx", name=f"down-{policy.value}", restart=policy)
        containers.stop(world, HOST, f"down-{policy.value}")
    system.restart_daemon(world, HOST)
    running = sorted(c.name for c in world.hosts[HOST].containers if c.state is ContainerState.RUNNING)
    assert running == ["down-always", "up-always", "up-unless-stopped"]


def test_a_link_needs_its_target_running():
    """Observed on 20.10.24 and 28.5.2."""
    world = new_world("28.5")
    run(world, "busybox", "sleep", "100", name="db", env=("FOO=bar",), expose=("5432/tcp",))
    run(world, "busybox", "sleep", "100", name="app", links=(("db", "database"),))
    assert containers.variables(world, HOST, "app")[2:] == (
        "DATABASE_PORT=tcp://172.17.0.2:5432", "DATABASE_PORT_5432_TCP=tcp://172.17.0.2:5432",
        "DATABASE_PORT_5432_TCP_ADDR=172.17.0.2", "DATABASE_PORT_5432_TCP_PORT=5432",
        "DATABASE_PORT_5432_TCP_PROTO=tcp", "DATABASE_NAME=/app/database", "DATABASE_ENV_FOO=bar", "HOME=/root",
    )  # fmt: skip
    containers.stop(world, HOST, "db", 0)
    text = "Cannot link to a non running container: /db AS /app/database"
    assert message(containers.execute, world, HOST, "app", ("env",)) == text
    assert message(containers.restart, world, HOST, "app", 0) == f"Cannot restart container app: {text}"
    containers.rename(world, HOST, "db", "db2")
    containers.remove(world, HOST, "db2")
    assert message(containers.restart, world, HOST, "app", 0) == (
        "Cannot restart container app: Cannot link to a non running container: /db2 AS /app/database"
    )
    assert message(
        containers.create, world, HOST, ContainerConfig(image="busybox", links=(("nosuch", "x"),))
    ) == "could not get container for nosuch: No such container: nosuch"


def test_exec_sees_the_target_s_new_address_but_process_1_keeps_the_old_one():
    world = new_world("20.10")
    run(world, "nginx", name="db")
    app = run(world, "busybox", "sleep", "1000", name="app", links=(("db", "db"),))
    containers.stop(world, HOST, "db")
    run(world, "nginx", name="other")
    containers.start(world, HOST, "db")
    assert "DB_PORT=tcp://172.17.0.4:80" in containers.variables(world, HOST, "app")
    assert "DB_PORT=tcp://172.17.0.2:80" in world.files[HOST, app, "/proc/1/environ"].split("\0")


def test_29_sets_no_link_variables_and_warns():
    world = new_world("29.7")
    run(world, "nginx", name="db")
    created = containers.create(world, HOST, ContainerConfig(image="busybox", links=(("db", "db"),)))
    assert created.warnings == (
        "Links on the default bridge network are deprecated and will be removed in a future release. "
        "Use a custom network instead.",
    )
    assert [v for v in containers.variables(world, HOST, created.id) if v.startswith("DB_")] == []


def test_options_that_cannot_go_together():
    world = new_world()
    run(world, "nginx", name="web1")
    joined = {"image": "nginx", "network_mode": "container:web1"}
    for settings, text in (
        ({"hostname": "x"}, "conflicting options: hostname and the network mode"),
        ({"dns": ("1.1.1.1",)}, "conflicting options: dns and the network mode"),
        ({"publish_all": True}, "conflicting options: port publishing and the container type network mode"),
        ({"expose": ("1/tcp",)}, "conflicting options: port exposing and the container type network mode"),
    ):
        assert message(containers.create, world, HOST, ContainerConfig(**joined, **settings)) == text
    assert message(
        containers.create, world, HOST, ContainerConfig(image="nginx", restart=RestartPolicy.ALWAYS, restart_max=3)
    ) == "invalid restart policy: maximum retry count can only be used with 'on-failure'"


def test_two_networks_at_once_only_since_25():
    world = new_world("20.10")
    both = (NetworkAttachment("n1"), NetworkAttachment("a2"))
    assert message(
        containers.create, world, HOST, ContainerConfig(image="nginx", network_mode="n1", networks=both)
    ) == "Container cannot be connected to network endpoints: a2, n1"


def test_prune_takes_the_stopped_ones_newest_first():
    world = new_world()
    old = run(world, "busybox", "true", name="old")
    run(world, "nginx", name="web1")
    new = run(world, "busybox", "true", name="new")
    assert container_prune(world, HOST)["ContainersDeleted"] == [new, old]
    assert [c.name for c in world.hosts[HOST].containers] == ["web1"]


def test_exec_of_a_missing_program_speaks_on_stdout_with_127():
    """Observed on 28.5.2 with client 28.2."""
    world = new_world()
    run(world, "nginx", name="web1")
    one = api.container_exec(world, HOST, "web1", {"Cmd": ["foo"]})["Id"]
    assert api.exec_start(world, HOST, one, {}) == {
        "Frames": [{
            "stream": "stdout",
            "text": "OCI runtime exec failed: exec failed: unable to start container process: "
            'exec: "foo": executable file not found in $PATH\r\n',
        }],
        "Terminal": None,
    }  # fmt: skip
    assert api.exec_inspect(world, HOST, one)["ExitCode"] == 127


def test_wait_gives_the_exit_status_when_the_time_has_come():
    world = new_world()
    run(world, "busybox", "sh", "-c", "sleep 5; exit 3", name="w1")
    assert containers.wait(world, HOST, "w1") == 3
    assert state(world, "w1") == ("exited", 3)
