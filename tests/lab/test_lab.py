"""The road of a command: lines run in order, a failing one goes on, a refused one stops; the past can be had back."""

from __future__ import annotations

import pytest

from dnetlab.errors import CellError, DnetError, NotHere, UsageError
from dnetlab.history import History
from dnetlab.lab import Lab
from dnetlab.model import Where, parse_topology
from dnetlab.views.journal import resumed_text


def test_a_failing_command_does_not_stop_a_cell():
    result = Lab().run_cell("docker start nosuch\ndocker network create my_net1")

    assert [output.exit_code for output in result.outputs] == [1, 0]


def test_a_refused_line_stops_the_cell_and_leaves_the_world_as_it_was():
    lab = Lab()
    result = lab.run_cell("docker network create a1\ndocker network create b1 &\ndocker network create c1")

    assert result.outputs[1].refused.reason == "Background jobs are not part of the lab's shell."
    assert [line.text for line in result.skipped] == ["docker network create c1"]
    assert [n.name for n in lab.snapshot().hosts["docker1"].networks] == ["a1", "bridge", "host", "none"]


def test_a_cell_that_can_not_be_read_runs_nothing():
    lab = Lab()
    with pytest.raises(CellError):
        lab.run_cell("docker1# docker network create a1\ndocker9# docker ps")

    assert lab.entries == []


def test_an_unknown_host_is_a_usage_error_that_names_the_hosts():
    with pytest.raises(UsageError, match="docker1, docker2, client"):
        Lab().run_cell("docker ps", host="docker3")


def test_an_empty_cell_is_a_quiet_no_op():
    lab = Lab()
    result = lab.run_cell("\n   \n; nothing\n")

    assert result.outputs == ()
    assert result.before is result.after


def test_a_terminal_stays_open_across_cells_until_exit():
    lab = Lab()
    lab.run_cell("docker run -it --rm --name box --network none busybox")
    inside = lab.run("ip route")
    prompt = lab.prompt("docker1")
    lab.run("exit")

    assert inside.line.container == "box"
    assert prompt == "/ # "
    assert lab.prompt("docker1") == "[root@docker1 ~]# "
    assert lab.snapshot().find_container("box") is None


def test_a_host_prompt_reaches_the_host_while_a_terminal_is_open():
    lab = Lab()
    lab.run_cell("docker run -it --rm --name box --network none busybox")
    (output,) = lab.run_cell("docker1# docker ps -q | wc -l").outputs

    assert output.line.container is None
    assert output.stdout == "1\n"


def test_a_container_prompt_without_an_open_terminal_is_refused_with_what_to_do():
    (output,) = Lab().run_cell("/ # ip addr").outputs

    assert output.refused.reason == "No container's terminal is open, so nobody sits at this prompt."
    assert "docker run -it" in output.refused.hint


def test_substitutions_pipes_and_lists_work_at_a_host():
    lab = Lab()
    lab.run_cell("docker run -d --name a1 nginx\ndocker run -d --name b1 nginx")
    line = "docker ps -q | wc -l && docker rm -f $(docker ps -aq) | wc -l || echo never; docker ps -aq | wc -l"
    counted = lab.run(line)

    assert counted.stdout == "2\n2\n0\n"


def test_undo_takes_back_the_last_commands():
    lab = Lab()
    lab.run_cell("docker network create a1\ndocker network create b1")
    undone = lab.undo()

    assert [entry.line.text for entry in undone] == ["docker network create b1"]
    assert [n.name for n in lab.snapshot().hosts["docker1"].networks] == ["a1", "bridge", "host", "none"]
    assert lab.undo(9) != []
    assert lab.undo() == []


def test_goto_returns_to_a_checkpoint_and_forward_again():
    lab = Lab()
    lab.checkpoint("start")
    lab.run("docker network create a1")
    lab.checkpoint("later")
    lab.goto("start")
    at_start = len(lab.snapshot().hosts["docker1"].networks)
    lab.goto("later")

    assert at_start == 3
    assert len(lab.snapshot().hosts["docker1"].networks) == 4


def test_an_unknown_checkpoint_is_named_with_those_there_are():
    lab = Lab()
    lab.checkpoint("start")

    with pytest.raises(UsageError, match="Checkpoints: start"):
        lab.goto("strat")


def test_a_journal_brings_the_lab_back_after_a_killed_kernel(tmp_path):
    file = tmp_path / "lesson.journal"
    first = Lab(journal=file)
    first.run_cell("docker network create my_net1\ndocker run -it --name box --network my_net1 busybox\n")
    first.run_cell("ip addr")

    second = Lab(journal=file)
    resumed = second.resume()

    assert resumed.commands == 3
    assert second.snapshot() == first.snapshot()
    assert second.prompt() == "/ # "


def test_a_journal_of_an_earlier_session_survives_the_first_commands_of_a_new_one(tmp_path):
    file = tmp_path / "lesson.journal"
    Lab(journal=file).run("docker network create kept")
    later = Lab(journal=file)
    later.run("docker network create other")
    later.resume()

    assert later.snapshot().hosts["docker1"].network("kept") is not None
    assert later.snapshot().hosts["docker1"].network("other") is None


def test_a_journal_whose_last_line_was_cut_off_still_resumes(tmp_path):
    file = tmp_path / "lesson.journal"
    lab = Lab(journal=file)
    lab.run("docker network create kept")
    with file.open("a") as half:
        half.write('{"cell": 2, "number": 1, "ho')

    assert Lab(journal=file).resume().commands == 1


def test_a_file_that_is_no_journal_is_one_clear_error(tmp_path):
    (tmp_path / "x").write_text("hello\n")

    with pytest.raises(DnetError, match="is no journal"):
        Lab().resume(tmp_path / "x")


ROUTED = """
images = ["busybox"]
[switches.left]
[switches.right]
title = "the far side"
[hosts.box]
docker = true
routes.default = "10.0.1.254"
nics.eth0 = { switch = "left", address = "10.0.1.1/24", mac = "52:54:00:00:00:01" }
[hosts.router]
forwarding = true
nics.eth0 = { switch = "left", address = "10.0.1.254/24" }
nics.eth1 = { switch = "right", address = "10.0.2.254/24" }
nics.spare = {}
[hosts.far]
aliases = ["foundation38"]
routes.default = "10.0.2.254"
nics.eth0 = { switch = "right", address = "10.0.2.1/24" }
"""


def test_a_lab_of_another_shape_is_routed_named_and_drawn_as_its_file_says():
    lab = Lab(topology=parse_topology(ROUTED))
    there = lab.run_cell("ping -c 1 -q 10.0.2.1\n[root@foundation38 ~]# hostname\nfar# ping -c 1 -q 10.0.1.1").outputs
    spare = lab.snapshot().namespace("router").interface("spare")

    assert [o.exit_code for o in there] == [0, 0, 0]
    assert (there[0].line.host, there[1].stdout) == ("box", "far\n")
    assert "ttl" not in lab.run("traceroute -n 10.0.2.1").stderr
    assert lab.run("docker images --format '{{.Repository}}'").stdout == "busybox\n"
    assert lab.run("cat /sys/class/net/eth0/address").stdout == "52:54:00:00:00:01\n"
    assert (spare.carrier, spare.segment) == (False, None)
    assert "the far side" in lab.topology().dot
    with pytest.raises(CellError, match="The hosts of this lab are box, router, far"):
        lab.run("[root@docker1 ~]# docker ps")


def test_a_lab_of_one_host_starts():
    lab = Lab(topology=parse_topology("[hosts.only]\ndocker = true"))

    assert lab.run("docker run --rm busybox hostname -i").stdout == "172.17.0.2\n"
    assert lab.prompt() == "[root@only ~]# "


def test_an_image_the_simulator_does_not_have_is_named_when_the_lab_starts():
    with pytest.raises(UsageError, match="the simulator has no image oracle:latest"):
        Lab(topology=parse_topology('images = ["oracle"]\n[hosts.only]\ndocker = true'))


def session_of(file, *texts: str, **more) -> Lab:
    lab = Lab(journal=file, **more)
    for text in texts:
        lab.run(text)
    return lab


def test_what_was_taken_back_is_in_the_journal_and_does_not_come_back(tmp_path):
    file = tmp_path / "lesson.journal"
    lab = session_of(file, "docker network create a1", "docker network create b1")
    lab.undo()
    lab.checkpoint("here")
    lab.run("docker network create c1")
    lab.goto("here")
    lab.run("docker network create d1")

    resumed = Lab(journal=file).resume()

    assert [e.line.text for e in resumed.journal.entries] == ["docker network create a1", "docker network create d1"]
    assert [type(event).__name__ for event in resumed.journal.events] == [
        "Entry", "Entry", "Undo", "Checkpoint", "Entry", "Goto", "Entry",
    ]  # fmt: skip


def test_going_forward_again_brings_the_entries_back_too(tmp_path):
    lab = session_of(tmp_path / "lesson.journal", "docker network create a1")
    lab.checkpoint("later")
    lab.undo()
    lab.goto("later")

    assert [e.line.text for e in lab.entries] == ["docker network create a1"]
    assert lab.journal.entries == tuple(lab.entries)
    assert lab.undo() and lab.snapshot() == Lab().snapshot()


def test_two_deaths_of_a_kernel_lose_nothing(tmp_path):
    file = tmp_path / "lesson.journal"
    session_of(file, "docker network create a1", "docker network create b1")
    session_of(file, "docker network ls")  # and dies before anybody resumed

    third = Lab(journal=file)
    found = third.resume()
    good = third.resume(session=found.longer.session)

    assert (found.commands, found.longer.entries[0].line.text) == (1, "docker network create a1")
    assert good.commands == 2
    assert [n.name for n in third.snapshot().hosts["docker1"].networks] == ["a1", "b1", "bridge", "host", "none"]


def test_a_session_that_went_on_from_another_is_not_shorter_than_it(tmp_path):
    file = tmp_path / "lesson.journal"
    session_of(file, "docker network create a1", "docker network create b1")
    second = Lab(journal=file)
    second.resume()
    second.undo()

    found = Lab(journal=file).resume()

    assert (found.commands, found.longer) == (1, None)


def test_a_kernel_resumes_its_own_session_where_notebooks_without_a_name_share_a_file(tmp_path):
    file = tmp_path / "session.journal"
    session_of(file, "docker network create mine", kernel="kernel-1")
    session_of(file, "docker network create theirs", "docker ps", kernel="kernel-2")

    mine = Lab(journal=file, kernel="kernel-1").resume().journal

    assert [e.line.text for e in mine.entries] == ["docker network create mine"]


def test_a_journal_brings_its_seed_its_answers_and_its_times_back(tmp_path):
    file = tmp_path / "lesson.journal"
    seconds = iter(range(1000, 2000))
    first = Lab(seed=7, journal=file, clock=lambda: float(next(seconds)))
    first.run_cell("docker network create gone\ndocker network prune\ny\ndocker run -d nginx")

    second = Lab(journal=file)
    found = second.resume()

    assert second.snapshot() == first.snapshot()
    assert [e.line.answer for e in found.journal.entries] == [None, "y", None]
    assert (found.journal.began, [e.at for e in found.journal.entries]) == (1000.0, [1001.0, 1002.0, 1003.0])
    assert second.snapshot().hosts["docker1"].network("gone") is None


def test_a_journal_of_a_lab_of_another_shape_or_release_says_which_to_choose_first(tmp_path):
    file = tmp_path / "lesson.journal"
    session_of(file, "hostname", topology=parse_topology("[hosts.only]\ndocker = true"))

    with pytest.raises(UsageError, match="written in another lab, of only"):
        Lab(journal=file).resume()
    with pytest.raises(UsageError, match="written on engine sim 29.7"):
        Lab(journal=file, docker="20.10").resume()


def test_a_session_that_is_not_there_is_named_with_those_that_are(tmp_path):
    file = tmp_path / "lesson.journal"
    lab = session_of(file, "hostname")

    with pytest.raises(UsageError, match="there is no earlier session in .*\nIts sessions: none but this one"):
        lab.resume()
    with pytest.raises(UsageError, match=f"no session nosuch in .*\nIts sessions: {lab.record.session}"):
        Lab(journal=file).resume(session="nosuch")
    with pytest.raises(UsageError, match="there is no journal"):
        Lab(journal=tmp_path / "nowhere.journal").resume()


def test_a_damaged_journal_brings_back_what_is_left_and_says_what_is_lost(tmp_path):
    file = tmp_path / "lesson.journal"
    session_of(file, "docker network create a1", "docker network create b1", "docker network create c1")
    head, one, two, three = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(head + one + two[:30] + b"\xff\x00" + three)

    found = Lab(journal=file).resume()

    assert resumed_text(found) == (
        "The lab is back: 2 commands ran again. The journal is damaged: row 3 can't be read. "
        "All that can be read of it ran."
    )


def test_what_an_engine_can_not_do_it_says(tmp_path):
    lab = Lab()

    with pytest.raises(NotHere, match="nothing is sent on the simulator"):
        lab.engine.capture(lab.snapshot(), Where("docker1"), None)
    assert lab.observed("docker1", "docker2")[2] is None


def test_undo_goes_back_to_the_very_world_also_where_only_an_older_one_was_kept():
    # given a history that keeps few worlds, so that the lines between run again
    lab = Lab()
    lab.history = History(recent=2, every=5)
    lines = ["docker network create n1", "docker run -d --name web1 nginx", "docker run -it --name box busybox",
             "ping -c 1 172.17.0.2", "exit", "docker run -d busybox", "docker rm -f web1", "docker volume prune",
             "docker run -d -p 80:80 nginx",
             "curl -s 172.25.254.1", "docker stop box", "docker ps", "nosuch", "docker run -d nginx"]  # fmt: skip
    worlds = []
    for line in lines:
        worlds.append(lab.engine.checkpoint())
        lab.run(line)

    for place in (13, 9, 8, 3, 1, 0):
        lab.undo(len(lab.entries) - place)
        assert lab.engine.checkpoint() == worlds[place]
        assert [e.line.text for e in lab.entries] == lines[:place]


def test_the_switches_of_a_link_with_a_dot_in_its_name_are_written_and_read_as_files():
    with Lab() as lab:
        result = lab.run_cell(
            "ip link add link enp7s0 name enp7s0.1 type vlan id 1\n"
            "echo 1 > /proc/sys/net/ipv4/conf/enp7s0.1/proxy_arp\n"
            "cat /proc/sys/net/ipv4/conf/enp7s0.1/proxy_arp\n"
            "sysctl net.ipv4.conf.enp7s0/1.proxy_arp"
        )

    assert result.stdout == "1\nnet.ipv4.conf.enp7s0/1.proxy_arp = 1\n"
