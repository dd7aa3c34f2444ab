"""What `%dnet panel` shows and what a press means, and a seat at the prompt in a page, without a page."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from dnetlab.engines.running import run_limited
from dnetlab.language import speak
from dnetlab.notebook.magic import DnetMagics
from dnetlab.notebook.news import News
from dnetlab.notebook.panel import Watch
from dnetlab.notebook.terminal import PageSeat


@pytest.fixture
def magics(monkeypatch):
    """A lab with a web server that has a published port, and another container."""
    monkeypatch.setenv("DNETLAB_JOURNAL", "off")
    magics = DnetMagics(None)
    magics.lab.run_cell("docker run -d --name web -p 8080:80 nginx\ndocker run -d --name other busybox sleep 1d")
    yield magics
    magics.close()


@pytest.fixture
def watch(magics):
    watch = Watch(magics)
    watch.look()
    return watch


def press(watch, name: str):
    return watch.hear({"ask": "press", "node": node(watch, name)})


def node(watch, name: str) -> str:
    return next(box["node"] for box in watch.look()["boxes"] if box["name"] == name)


def commands(shown) -> list[str]:
    return [table["command"] for table in shown["tables"]]


def test_the_boxes_are_the_hosts_and_containers_and_say_what_waits_there(watch):
    boxes = watch.look()["boxes"]

    assert [box["text"] for box in boxes] == [
        "docker1, host", "web, container on docker1", "other, container on docker1", "docker2, host", "client, host",
    ]  # fmt: skip
    assert boxes[1]["listens"] == ("80/tcp nginx",)


def test_a_container_pressed_shows_its_tables_with_the_commands_that_give_them(watch):
    shown = press(watch, "web")

    assert "%dnet routes --host docker1 --container web" in commands(shown)
    routes = next(table for table in shown["tables"] if table["name"] == "routes")
    assert any("172.17.0.1" in row for row in routes["rows"])
    assert shown["told"].startswith("web, container on docker1 is chosen")


def test_a_second_one_pressed_shows_a_trace_between_them_and_a_third_begins_anew(watch):
    press(watch, "web")
    traced = press(watch, "other")
    anew = press(watch, "client")

    assert traced["told"] == "The one who asked got his answer."
    assert traced["journey"]["frames"][0]["place"] == "docker1/web"
    assert anew["journey"] == {}
    assert anew["pressed"] == ["client stack"]


def test_pressed_once_more_it_is_left(watch):
    press(watch, "web")

    assert press(watch, "web")["pressed"] == []


def test_a_port_can_be_asked_for_and_the_rules_on_the_way_know_their_steps(watch):
    shown = watch.hear({"ask": "trace", "source": "client stack", "destination": "docker1 stack", "port": "8080"})
    rules = next(table for table in shown["tables"] if table["name"] == "rules")
    decided = {frame["key"] for frame in shown["journey"]["frames"]} & set(rules["keys"])

    texts = [rules["rows"][rules["keys"].index(key)][rules["rule"]] for key in decided]
    assert any("DNAT --to-destination 172.17.0.2:80" in text for text in texts)


def test_a_rule_says_what_it_has_counted_and_how_much_of_it_by_what_ran_last(magics, watch):
    magics.lab.run_cell("iptables -A INPUT -p icmp -j ACCEPT\nclient# ping -c 2 172.25.254.1")
    watch.look()
    magics.lab.run_cell("client# ping -c 3 172.25.254.1")
    shown = press(watch, "docker1")
    rules = next(table for table in shown["tables"] if table["name"] == "rules")
    [told] = [text for row, text in zip(rules["rows"], rules["told"], strict=True)
              if row[rules["rule"]] == "-A INPUT -p icmp -j ACCEPT"]  # fmt: skip

    assert told == "5 packets, 420 bytes; 3 of the packets by what ran last."


def test_the_picture_follows_and_what_was_chosen_stays_chosen_while_it_is_there(magics, watch):
    first = press(watch, "web")
    magics.lab.run_cell("docker network create blue")
    second = watch.look()
    magics.lab.run_cell("docker rm -f web")
    third = watch.look()

    assert "blue" not in first["picture"] and "blue" in second["picture"]
    assert len(second["pressed"]) == 1
    assert third["pressed"] == [] and third["tables"] == []


def test_a_trace_that_is_shown_is_told_again_after_a_command(magics, watch):
    press(watch, "client")
    press(watch, "docker1")
    magics.lab.run_cell("iptables -I INPUT -p icmp -j DROP")

    assert "dropped" in watch.look()["told"]


def test_a_trace_again_is_no_look_of_the_students(magics, watch):
    press(watch, "client")
    press(watch, "docker1")
    before = len(magics.lab.events)
    magics.lab.run_cell("docker network create blue")
    watch.look()

    assert len(magics.lab.events) == before + 1


def test_what_can_not_be_traced_is_said_and_nothing_breaks(magics, watch):
    magics.lab.run_cell("docker run -d --name lonely --network none busybox sleep 1d")
    press(watch, "client")
    shown = press(watch, "lonely")

    assert "lonely" in shown["told"]
    assert shown["journey"] == {}


def test_without_graphviz_the_picture_is_text_and_the_boxes_are_there(magics, watch, monkeypatch):
    monkeypatch.setattr("dnetlab.views.diagrams._wasm", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    magics.lab.run_cell("docker network create blue")
    shown = watch.look()

    assert shown["picture"] == ""
    assert "web" in shown["text"]
    assert len(shown["boxes"]) == 5


def test_the_panel_speaks_chinese(watch):
    speak("zh")
    shown = press(watch, "web")

    assert shown["told"].startswith("选中了 web，docker1 上的容器")
    assert shown["labels"]["trace"] == "追踪"


# -- news ------------------------------------------------------------------------------------------------------------


def in_a_thread_of_its_own(work):
    """What it returns, where no loop runs yet, whatever runs in this thread (Playwright keeps one)."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(work).result()


def test_news_reach_those_who_follow_and_nobody_else_is_asked():
    news, heard = News(), []

    def told() -> None:
        news.tell()
        news.follow(lambda: heard.append("new"))
        news.tell()

    in_a_thread_of_its_own(told)

    assert heard == ["new"]


def test_in_a_running_loop_many_news_are_told_once_and_not_in_the_middle_of_things():
    import asyncio

    news, heard = News(), []

    async def cell() -> list[str]:
        news.follow(lambda: heard.append("new"))
        news.tell()
        news.tell()
        meanwhile = list(heard)
        await asyncio.sleep(0)
        return meanwhile

    assert in_a_thread_of_its_own(lambda: asyncio.run(cell())) == []
    assert heard == ["new"]


def test_what_a_thread_of_the_pages_asks_for_is_done_in_the_kernels_own_one():
    import asyncio
    import threading

    news, threads = News(), []

    async def cell() -> int:
        news.at_home()
        page = threading.Thread(target=lambda: news.hear(lambda: threads.append(threading.get_ident())))
        page.start()
        page.join()
        assert threads == []  # not while the cell runs
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return threading.get_ident()

    kernel = in_a_thread_of_its_own(lambda: asyncio.run(cell()))

    assert threads == [kernel]


# -- the seat --------------------------------------------------------------------------------------------------------


def test_a_line_is_answered_with_its_prompt_what_it_printed_and_what_it_changed(magics):
    answer = PageSeat(magics, "docker1").answer("docker network create blue")

    assert [piece["voice"] for piece in answer] == ["prompt", "command", "out", "changed"]
    assert answer[0]["text"] == "[root@docker1 ~]# "
    assert "+ docker1: blue" in answer[3]["text"]
    assert magics.lab.entries[-1].line.text == "docker network create blue"


def test_several_lines_are_answered_one_by_one(magics):
    answer = PageSeat(magics, "docker1").answer("hostname\ndocker2# hostname")

    assert [piece["text"] for piece in answer] == [
        "[root@docker1 ~]# ", "hostname", "docker1\n", "[root@docker2 ~]# ", "hostname", "docker2\n",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [("vim /etc/hosts", "refused"), ("docker9# ip a", "no such host"), ("%dnet nosuch", "no subcommand 'nosuch'")],
)
def test_what_does_not_work_is_a_sentence_of_the_lab(magics, text, words):
    answer = PageSeat(magics, "docker1").answer(text)

    assert [piece["voice"] for piece in answer] == ["prompt", "command", "wrong"]
    assert words in answer[-1]["text"]


def test_ctrl_c_ends_the_line_and_not_the_terminal(magics, monkeypatch):
    seat = PageSeat(magics, "docker1")

    def interrupted(*args, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(magics.lab, "run_cell", interrupted)
        answer = seat.answer("sleep 100")

    assert answer[-1] == {"voice": "err", "text": "^C"}
    assert seat.answer("hostname")[-1]["text"] == "docker1\n"


def test_the_arrow_keys_go_through_what_was_typed_in_cells_before_and_here(magics):
    seat = PageSeat(magics, "docker1")
    seat.answer("hostname")

    assert seat.typed[-2:] == ["docker run -d --name other busybox sleep 1d", "hostname"]


def test_completion_offers_what_the_lab_holds(magics):
    seat = PageSeat(magics, "docker1")

    assert seat.completions("docker stop o") == ("o", ["other"])
    assert seat.completions("%dnet term") == ("term", ["terminal"])
    assert seat.completions("%dnet terminal docker") == ("docker", ["docker1", "docker2"])


def test_ctrl_c_in_the_page_ends_a_command_that_runs_on_a_real_machine(magics, monkeypatch, tmp_path):
    # given a command that would run for a minute, and that says when it hears Ctrl-C
    heard, started = tmp_path / "heard", tmp_path / "started"
    script = f"import signal, sys\nsignal.signal(2, lambda *at: sys.exit(open({str(heard)!r}, 'w').close()))\n"
    script += f"open({str(started)!r}, 'w').close()\nsignal.pause()"
    command = [sys.executable, "-c", script]
    monkeypatch.setattr(magics.lab, "run_cell", lambda *words, **more: run_limited(command, 60))
    seat = PageSeat(magics, "docker1")

    # when the thread that brings a page's messages brings a Ctrl-C
    def press() -> None:
        while not started.exists():
            pass
        seat.running.interrupt()

    with ThreadPoolExecutor(1) as page:
        page.submit(press)
        said = seat.answer("ping 172.17.0.2")

    # then it heard it, the terminal says so, and a Ctrl-C when nothing runs is nothing
    assert heard.exists()
    assert said[-1] == {"voice": "err", "text": "^C"}
    seat.running.interrupt()


def test_a_terminal_of_a_container_that_was_opened_in_the_page_is_known_to_the_next_cell(magics):
    PageSeat(magics, "docker1").answer("docker run -it --rm --name box busybox")

    assert magics._before(magics.lab, "hostname", None) == [
        "The terminal of box on docker1 is open since a line typed at the terminal: lines without a prompt run inside "
        "it. `exit` leaves it; `docker1# docker ps` runs one line on the host."
    ]


@pytest.mark.parametrize(("line", "instead"), [("terminal", "`dnetlab shell docker1`"), ("panel", "`%dnet topology`")])
def test_where_there_is_no_page_a_sentence_says_what_to_do_instead(magics, line, instead):
    said = str(magics.look(line))

    assert said.startswith("This works in a notebook's page.")
    assert instead in said


@pytest.mark.parametrize("line", ["%dnet terminal docker2", "%dnet panel"])
def test_without_anywidget_a_sentence_says_what_to_install(start_kernel, tmp_path, line):
    with start_kernel(tmp_path) as kernel:
        kernel.run("import sys; sys.modules['anywidget'] = None")
        ran = kernel.run(line)

    assert ran.error is None
    assert "pip install anywidget" in ran.plain


@pytest.mark.parametrize(
    ("line", "words"),
    [("%dnet terminal docker2", "A terminal of docker2"), ("%dnet panel", "The live panel of the lab")],
)
def test_in_a_notebook_it_is_a_widget_and_a_sentence_for_pages_without_one(kernel, line, words):
    ran = kernel.run(line)

    assert ran.error is None and ran.streams == {}
    assert "application/vnd.jupyter.widget-view+json" in ran.data
    assert ran.plain.startswith(words)
