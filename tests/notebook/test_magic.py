"""`%%dnet` and `%dnet` in a real kernel: what stands in the notebook afterwards."""

from __future__ import annotations

import pytest

from dnetlab.notebook.magic import default_engine
from dnetlab.views import look


def test_a_cell_shows_the_terminal_and_then_what_changed(kernel):
    ran = kernel.run("%%dnet\ndocker network create my_net1\nip -br link show docker0")

    assert ran.error is None
    assert ran.streams == {}
    assert "[root@docker1 ~]# docker network create my_net1" in ran.plain
    assert "docker0" in ran.plain
    assert "What changed: 1 network, 1 link" in ran.plain
    assert "<details" in ran.html and "my_net1" in ran.html
    assert "<style" not in ran.html.removeprefix(look.PRINT) and "<script" not in ran.html


def test_quiet_leaves_out_what_changed(kernel):
    ran = kernel.run("%%dnet -q\ndocker network create my_net1")

    assert "my_net1" in ran.plain
    assert "What changed" not in ran.plain
    assert "<details" not in ran.html


@pytest.mark.parametrize(
    "code", ["%%dnet", "%%dnet\n", "%%dnet docker2\n\n   \n", "%%dnet -q\n; a comment\n# and another"]
)
def test_a_cell_without_commands_is_a_quiet_no_op(kernel, code):
    ran = kernel.run(code)

    assert (ran.error, ran.streams, ran.results) == (None, {}, 0)


def test_a_failing_command_is_no_error_of_the_notebook_and_shows_its_status(kernel):
    ran = kernel.run("%%dnet\nping -c 1 nosuchname\necho after")

    assert ran.error is None
    assert "(exit status 2)" in ran.plain
    assert ran.plain.endswith("[root@docker1 ~]# echo after\nafter")


def test_a_refused_line_ends_the_cell_with_a_reason_and_a_hint(kernel):
    ran = kernel.run("%%dnet\nvim /etc/hosts\necho after")

    assert ran.error is None
    assert "dnetlab does not run this line" in ran.plain
    assert "Files can be read with cat" in ran.plain
    assert "Not run: echo after" in ran.plain
    assert "\nafter" not in ran.plain


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("%dnet ipz", "UsageError", "Did you mean %dnet ips?"),
        ("%dnet docker ps", "UsageError", "%%dnet on its first line"),
        ("%dnet rules --tabel nat", "UsageError", "Did you mean --table?"),
        ("%dnet ips --host docker9", "UnknownName", "docker1, docker2, client"),
        ("%dnet undo x", "UsageError", "invalid int value"),
        ("%dnet goto nowhere", "UsageError", "there is no checkpoint 'nowhere'"),
        ("%%dnet docker9\nip a", "UsageError", "docker1, docker2, client"),
        ("%%dnet --cheque\nip a", "UsageError", "unrecognized arguments: --cheque"),
        ("%%dnet 'docker1\nip a", "UsageError", "no closing quotation"),
        ("%%dnet --docker 19.03\nip a", "UsageError", "20.10, 26.1, 28.5, 29.7"),
        ("%%dnet\ndocker7# ip a", "CellError", "docker7"),
    ],
)
def test_a_mistake_is_an_error_output_of_one_clear_message_and_nothing_on_stderr(kernel, code, name, words):
    ran = kernel.run(code)

    assert ran.error is not None
    assert ran.error["ename"] == name
    assert words in "\n".join(ran.error["traceback"])
    assert len(ran.error["traceback"]) <= 2
    assert ran.streams == {}


def test_braces_dollars_and_python_names_reach_the_shell_untouched(kernel):
    kernel.run("container = 'wrong'\nx = 'wrong'")
    ran = kernel.run("%%dnet\ndocker network inspect -f '{{.Name}} {{len .Containers}}' bridge\necho {x} $(echo one)")

    assert "\nbridge 0\n" in ran.plain
    assert ran.plain.endswith("\n{x} one")


def test_a_name_catches_the_result_and_shows_nothing(kernel):
    ran = kernel.run("%%dnet made <<\ndocker network create my_net1")

    assert (ran.results, ran.streams, ran.error) == (0, {}, None)
    assert kernel.run("made.exit_code, list(made.changes['what'])[0]").plain == "(0, 'networks')"
    assert kernel.run("%dnet table << networks --host docker1").results == 0
    assert "my_net1" in kernel.run("list(table['name'])").plain


def test_tables_are_dataframes_that_can_be_asked_on(kernel):
    kernel.run("ips = %dnet ips --host client")
    ran = kernel.run(
        "import pandas\nisinstance(ips, pandas.DataFrame), ips[ips['scope'] == 'global']['address'].tolist()"
    )

    assert ran.plain == "(True, ['172.25.254.38/24'])"
    assert "<table" in kernel.run("%dnet routes").html


def test_the_bare_magic_lists_its_subcommands(kernel):
    ran = kernel.run("%dnet")

    for name in ("ips", "rules", "topology", "trace", "undo", "checkpoint", "doctor"):
        assert f"%dnet {name} " in ran.plain


def test_undo_checkpoint_goto_and_reset_move_the_lab_in_time(kernel):
    kernel.run("%dnet checkpoint start")
    kernel.run("%%dnet\ndocker network create my_net1\ndocker network create my_net2")
    assert kernel.run("%dnet undo").plain == "Taken back: docker network create my_net2"
    names = "t = %dnet networks --host docker1\nlist(t['name'])"
    assert kernel.run(names).plain == "['bridge', 'host', 'my_net1', 'none']"
    kernel.run("%dnet goto start")
    assert kernel.run(names).plain == "['bridge', 'host', 'none']"
    assert kernel.run("%dnet reset").plain == "The lab is as it was at the start."


def test_check_compares_with_the_pasted_transcript_and_fails_the_cell(kernel):
    good = kernel.run("%%dnet --check\ndocker1# echo hello\nhello")
    bad = kernel.run("%%dnet --check\ndocker1# echo hello\ngoodbye")

    assert good.error is None
    assert bad.error is not None and bad.error["ename"] == "DnetError"
    assert "-goodbye" in bad.plain and "+hello" in bad.plain


def test_the_picture_is_an_image_with_alt_text_and_a_tree_for_terminals(kernel):
    ran = kernel.run("%dnet topology")

    assert '<img alt="Topology of the lab: ' in ran.html
    assert 'src="data:image/svg+xml;base64,' in ran.html
    assert "image/svg+xml" not in ran.data
    assert "bridge docker0" in ran.plain


def test_another_release_is_another_lab_and_the_first_stays_as_it_was(kernel):
    kernel.run("%%dnet\ndocker network create my_net1")
    other = kernel.run("%%dnet --docker 20.10\ndocker network ls")
    again = kernel.run("%%dnet\ndocker network ls")

    assert "my_net1" not in other.plain
    assert "my_net1" in again.plain
    assert kernel.run("%dnet engine").plain == "Cells run on the simulator as Docker 29.7."


def test_the_environment_chooses_the_engine_of_a_session(monkeypatch):
    monkeypatch.delenv("DNETLAB_ENGINE", raising=False)
    monkeypatch.delenv("DNETLAB_DOCKER", raising=False)
    assert default_engine() == ("sim", None)

    monkeypatch.setenv("DNETLAB_ENGINE", "docker")
    monkeypatch.setenv("DNETLAB_DOCKER", "20.10")
    assert default_engine() == ("docker", "20.10")


def test_a_trace_is_told_tabled_and_drawn(kernel):
    kernel.run("%%dnet\ndocker run -d --name web1 nginx\ndocker run -d --name web2 nginx")
    ran = kernel.run("%dnet trace web1 web2:80")

    assert ran.error is None
    assert "docker0" in ran.plain
    assert '<img alt="Topology of the lab' in ran.html
    kernel.run("%dnet t << trace web1 web2:80")
    assert (
        kernel.run("t.exchange.answered, len(t.steps) > 5, '#d55e00' in t.topology.dot").plain == "(True, True, True)"
    )


def test_why_explains_the_last_ping_that_failed(kernel):
    kernel.run("%%dnet\ndocker network create my_net1\ndocker run -d --name web1 nginx")
    kernel.run("%%dnet\ndocker run -d --name web2 --network my_net1 nginx")
    kernel.run("%%dnet\ndocker exec web1 ping -c 1 -W 1 172.18.0.2")
    ran = kernel.run("%dnet why")

    assert ran.error is None
    assert "DROP" in ran.plain
    assert "<b>" in ran.html


def test_a_published_port_is_in_the_picture_with_its_rule_and_its_proxy(kernel):
    kernel.run("%%dnet\ndocker run -d --name demo -p 80:80 nginx")
    assert " → demo:80 (DNAT, docker-proxy " in kernel.run("%dnet topology").plain
    kernel.run("%%dnet\niptables -t nat -F\npkill docker-proxy")
    assert " → demo:80 (no DNAT rule, no docker-proxy)" in kernel.run("%dnet topology").plain


def test_on_an_engine_that_takes_its_time_the_cell_ends_with_the_same_view(kernel):
    kernel.run("get_ipython()._dnetlab.lab.engine.name = 'slow'")
    ran = kernel.run("%%dnet\ndocker network create my_net1\necho after")
    kernel.run("del get_ipython()._dnetlab.lab.engine.name")

    assert ran.error is None
    assert "What changed: 1 network" in ran.plain
    assert "<details" in ran.html


def test_the_journal_of_a_session_is_a_script_that_can_be_run_again(kernel):
    kernel.run("%dnet reset")
    kernel.run("%%dnet\ndocker network create my_net1\nclient$ hostname")

    shown = kernel.run("%dnet journal").plain

    assert "docker1# docker network create my_net1\nclient# hostname" in shown


def test_what_was_typed_moves_no_cursor_where_it_is_listed(kernel):
    kernel.run("%dnet reset")
    kernel.run("%%dnet\necho 'a\x1b[2Jb'")

    assert kernel.run("%dnet journal").plain.endswith("docker1# echo 'ab'")
    assert kernel.run("%dnet undo").plain == "Taken back: echo 'ab'"


def test_a_file_gives_the_session_a_lab_of_another_shape(kernel, tmp_path):
    file = tmp_path / "lab.toml"
    file.write_text("[hosts.only]\ndocker = true\n")
    said = kernel.run(f"%dnet lab {file}").plain
    there = kernel.run("%%dnet -q\nhostname").plain
    hosts = kernel.complete("%%dnet ")[:2]
    back = kernel.run("%dnet lab default").plain

    assert said == "A fresh lab of only."
    assert there == "[root@only ~]# hostname\nonly"
    assert back == "A fresh lab of docker1, docker2, client."
    assert hosts == ["only", "--engine"]
def test_a_compose_file_of_the_student_is_typed_into_the_lab_and_pictured_by_its_services(kernel, tmp_path):
    # given a project beside the notebook
    shop = tmp_path / "shop"
    (shop / "html").mkdir(parents=True)
    (shop / ".git").mkdir()
    (shop / ".git" / "index").write_bytes(b"\xff\x00")
    (shop / "html" / "index.html").write_text("my page\n")
    (shop / "compose.yaml").write_text(
        "services: {web: {image: nginx, ports: ['8080:80'], volumes: ['./html:/usr/share/nginx/html']}}\n"
    )
    kernel.run("%dnet reset")

    # when it is brought up, from its folder
    shown = kernel.run(f"%dnet compose {shop}")

    # then that was a cell like another, whose lines anybody could have typed
    assert "# cat > compose.yaml <<'END'" in shown.plain
    assert "Container shop-web-1  Started" in shown.plain
    assert "my page" in kernel.run("%%dnet\ncurl -s localhost:8080").plain
    assert "shop-web-1 (nginx, service web of shop)" in kernel.run("%dnet topology").plain


@pytest.mark.parametrize(("content", "words"), [(None, "there is no compose file"), (b"\xff\xfe", "is no text")])
def test_a_compose_file_that_can_not_come_along_is_one_clear_message(kernel, tmp_path, content, words):
    if content is not None:
        (tmp_path / "compose.yaml").write_bytes(content)

    ran = kernel.run(f"%dnet compose {tmp_path}")

    assert words in ran.error["evalue"]


def test_lines_that_did_not_run_are_said_first_of_all(kernel):
    ran = kernel.run("%%dnet\nclient$ hostname\ndocker run -d --name lost nginx")

    assert ran.plain.startswith("1 line reads as a command and did not run:\n  line 2, taken for the output")
    assert "begin it with a prompt: docker1# docker run -d --name lost nginx" in ran.plain
    assert ran.html.index("did not run") < ran.html.index("hostname")


def test_an_open_terminal_is_announced_with_the_two_ways_out(kernel):
    # given a terminal that one cell opens, when the next cell types `docker ps` into it, then both say where one is
    opened = kernel.run("%%dnet -q\ndocker run -it --rm --name box busybox")
    inside = kernel.run("%%dnet -q\ndocker ps")
    kernel.run("%%dnet -q\nexit")
    after = kernel.run("%%dnet -q\nhostname")

    assert "The terminal of box on docker1 is open since this cell" in opened.plain
    assert "`exit` leaves it; `docker1# docker ps` runs one line on the host." in opened.plain
    assert inside.plain.startswith("The terminal of box on docker1 is open since cell [")
    assert "sh: docker: not found" in inside.plain
    assert after.plain == "[root@docker1 ~]# hostname\ndocker1"


def test_a_mistyped_command_keeps_the_shells_words_and_gets_one_of_the_labs(kernel):
    ran = kernel.run("%%dnet -q\ndokcer ps")

    assert "bash: dokcer: command not found" in ran.plain
    assert "  dnetlab: Did you mean docker?" in ran.plain


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("docker ps", "`docker ps` is a command of the lab. Put %%dnet on the first line of the cell, above it."),
        ("docker1# docker ps", "is a command of the lab"),
        ("%%dent\ndocker ps", "Did you mean %%dnet?"),
    ],
)
def test_the_first_mistakes_of_a_notebook_are_answered_in_a_sentence(kernel, code, words):
    ran = kernel.run(code)

    assert words in ran.streams.get("stdout", "")


def test_pythons_own_errors_are_left_alone(kernel):
    assert kernel.run("1 +").streams == {}


def test_a_cell_that_is_cut_off_shows_what_ran_before(kernel):
    # given an engine that breaks in the middle of a cell
    kernel.run(
        "lab = get_ipython()._dnetlab.lab\nreal = lab.engine.run\n"
        "def broken(line):\n    if 'sleep' in line.text: raise KeyboardInterrupt\n    return real(line)\n"
        "lab.engine.run = broken"
    )
    ran = kernel.run("%%dnet -q\nhostname\nsleep 100\nhostname -i")
    kernel.run("lab.engine.run = real")

    assert "[root@docker1 ~]# hostname\ndocker1" in ran.plain
    assert "The cell ended in the middle of: sleep 100" in ran.plain
    assert "Not run: hostname -i" in ran.plain
    assert ran.error is not None


def test_what_lab_run_returns_prints_as_a_terminal_shows_it(kernel):
    ran = kernel.run("from dnetlab import Lab\nprint(Lab().run('docker start nosuch'))")

    assert ran.streams["stdout"].startswith("[root@docker1 ~]# docker start nosuch\n")
    assert ran.streams["stdout"].endswith("(exit status 1)\n")
