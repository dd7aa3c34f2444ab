"""`%dnet terminal` and `%dnet panel` in a real JupyterLab, and in the course that has no server: typed at, pressed, by
keys alone, heard, in both themes."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
from course import window
from pages import ERROR, Learner, outputs_break
from places import InCourse, InLab

NOTEBOOK = "page.ipynb"
TERMINAL = ".dnetlab-terminal:visible"
PANEL = ".dnetlab-panel:visible"
LINE = f"{TERMINAL} input"
CELLS = (
    "%load_ext dnetlab\n%dnet lang en",
    "%%dnet\ndocker run -d --name web -p 8080:80 nginx\ndocker run -d --name other busybox sleep 1d\n"
    "docker network create my_net0",
    "%dnet terminal docker1",
    "%dnet panel",
)


@pytest.fixture(scope="module", params=["JupyterLab", "the course"])
def place(request):
    """A notebook with both, its cells run."""
    if request.param == "JupyterLab":
        lab, browser = request.getfixturevalue("jupyterlab"), request.getfixturevalue("browser")
        page = browser.new_context(viewport={"width": 1366, "height": 1100}).new_page()
        page.set_default_timeout(90_000)
        yield with_both(InLab(page, lab, NOTEBOOK))
        page.context.close()
    else:
        course = request.getfixturevalue("course")
        with window(request.getfixturevalue("alone"), course) as page:
            yield with_both(InCourse(page, course))


@pytest.fixture
def shown(place):
    return place.page


def with_both(place):
    place.run(CELLS)
    both_are_there(place.page)
    return place


def both_are_there(page) -> None:
    page.wait_for_selector(f"{TERMINAL} .answer")
    page.wait_for_selector(f"{PANEL} svg")


def typed(page, text: str, until: str) -> str:
    """Type a line and wait for words of its answer, which is what stands last in the terminal."""
    page.locator(LINE).focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    last = page.locator(f"{TERMINAL} .answer").filter(has=page.locator(".out, .err, .lab, .wrong, .changed")).last
    page.wait_for_function(
        """([selector, words]) => {
            const answers = [...document.querySelectorAll(selector)].filter(a => a.offsetParent);
            return answers.length && answers.at(-1).textContent.includes(words);
        }""",
        arg=[".dnetlab-terminal .answer", until],
    )
    return last.inner_text()


def in_a_cell(page, text: str) -> str:
    """What a new cell at the end answers."""
    learner = Learner(page)
    learner.last = page.locator(".jp-Notebook .jp-CodeCell").count() - 1
    return learner.more(text)


def value(page) -> str:
    return page.locator(LINE).input_value()


def box(page, name: str):
    """The button that a box of the picture is."""
    return page.locator(PANEL).get_by_role("button", name=re.compile(f"^{name},"))


def told(page, words: str) -> str:
    page.wait_for_function(
        "([selector, words]) => [...document.querySelectorAll(selector)].some(t => t.offsetParent"
        " && t.textContent.includes(words))",
        arg=[".dnetlab-panel .told", words],
    )
    return page.locator(f"{PANEL} .told").inner_text()


def leave_all(page) -> None:
    """Nothing is chosen in the panel."""
    for _ in range(2):
        pressed = page.locator(PANEL).get_by_role("button", pressed=True)
        if pressed.count():
            before = page.locator(f"{PANEL} .told").inner_text()
            pressed.first.click()
            page.wait_for_function(
                "([selector, before]) => [...document.querySelectorAll(selector)].some(t => t.offsetParent"
                " && t.textContent !== before)",
                arg=[".dnetlab-panel .told", before],
            )


# -- the terminal ----------------------------------------------------------------------------------------------------


def test_a_command_typed_in_the_page_is_answered_and_says_what_it_changed(shown):
    answer = typed(shown, "docker network create my_net1", "+ docker1: my_net1")

    assert shown.locator(ERROR).all_text_contents() == []
    assert answer.startswith("[root@docker1 ~]# docker network create my_net1")
    assert shown.evaluate("document.activeElement.matches('.dnetlab-terminal input')")


def test_tab_completes_a_word_and_lists_them_when_there_are_several(shown):
    shown.locator(LINE).focus()
    shown.keyboard.type("docker stop oth")
    shown.keyboard.press("Tab")
    shown.wait_for_function(
        "[...document.querySelectorAll('.dnetlab-terminal input')].some(i => /other $/.test(i.value))"
    )
    one = value(shown)
    shown.keyboard.press("Control+u")
    shown.keyboard.type("docker network ")
    shown.keyboard.press("Tab")
    several = shown.locator(f"{TERMINAL} .answer", has_text="words can stand here").last.inner_text()
    shown.keyboard.press("Control+c")

    assert one == "docker stop other "
    assert {"connect", "disconnect", "inspect"} <= set(several.split())


def test_the_arrow_keys_go_through_the_lines_before(shown):
    typed(shown, "docker network ls -q | wc -l", "wc -l\n")
    typed(shown, "hostname", "\ndocker1")
    shown.keyboard.type("ip ")
    shown.keyboard.press("ArrowUp")
    last = value(shown)
    shown.keyboard.press("ArrowUp")
    before = value(shown)
    shown.keyboard.press("ArrowDown")
    shown.keyboard.press("ArrowDown")
    here = value(shown)
    shown.keyboard.press("Control+c")

    assert (last, before, here) == ("hostname", "docker network ls -q | wc -l", "ip ")


def test_ctrl_c_leaves_the_line_and_nothing_of_it_runs(shown):
    shown.locator(LINE).focus()
    shown.keyboard.type("docker rm -f web")
    shown.keyboard.press("Control+c")

    assert value(shown) == ""
    assert shown.locator(f"{TERMINAL} .answer").last.inner_text().rstrip() == "[root@docker1 ~]# docker rm -f web^C"
    assert "web" in typed(shown, "docker ps --format '{{.Names}}'", "other")


def test_keys_of_a_line_edit_it_and_those_of_jupyterlab_do_not_hear_them(shown):
    cells = shown.locator(".jp-Notebook .jp-CodeCell").count()
    shown.locator(LINE).focus()
    shown.keyboard.type("xhostname rest")
    shown.keyboard.press("Control+a")
    shown.keyboard.press("Delete")
    for _ in "hostname":
        shown.keyboard.press("ArrowRight")
    shown.keyboard.press("Control+k")
    edited = value(shown)
    shown.keyboard.press("Escape")
    shown.keyboard.type("dd")
    shown.keyboard.press("Control+c")

    assert edited == "hostname"
    assert shown.locator(".jp-Notebook .jp-CodeCell").count() == cells


def test_a_shell_in_a_container_opens_in_the_terminal_and_exit_leaves_it(shown):
    opened = typed(shown, "docker exec -it other sh", "is open: lines without a prompt run inside it")
    prompt = shown.locator(f"{TERMINAL} label").inner_text()
    inside = typed(shown, "hostname -i", "172.17.0.3")
    typed(shown, "exit", "exit")
    shown.wait_for_function(
        "[...document.querySelectorAll('.dnetlab-terminal label')].some(l => l.textContent.includes('docker1'))"
    )

    assert opened.startswith("[root@docker1 ~]# docker exec -it other sh")
    assert prompt.strip() == "/ #"
    assert inside.startswith("/ # hostname -i")


def test_what_is_typed_is_in_the_journal_and_undone_as_any_command(shown):
    typed(shown, "docker network create undone", "+ docker1: undone")
    journal = in_a_cell(shown, "%dnet journal")
    undone = typed(shown, "%dnet undo", "Taken back")

    commands = [line for line in journal.splitlines() if line.startswith("docker1# ")]
    assert commands[-1] == "docker1# docker network create undone"
    assert "Taken back: docker network create undone" in undone


def test_tab_is_no_trap_escape_lets_it_go_on(shown):
    shown.locator(LINE).focus()
    shown.keyboard.type("docker ")
    shown.keyboard.press("Escape")
    shown.keyboard.press("Tab")
    outside = shown.evaluate("!document.activeElement.matches('.dnetlab-terminal input')")
    shown.locator(LINE).focus()
    shown.keyboard.press("Control+c")

    assert outside


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_picture_follows_what_is_typed_in_the_terminal_and_in_a_cell(shown):
    leave_all(shown)
    typed(shown, "docker run -d --name third --network my_net0 busybox sleep 1d", "+ docker1: third")
    box(shown, "third").wait_for()
    in_a_cell(shown, "%%dnet\ndocker rm -f third")
    box(shown, "third").wait_for(state="detached")

    assert box(shown, "web").count() == 1


def test_a_container_pressed_shows_its_tables(shown):
    leave_all(shown)
    box(shown, "web").click()
    told(shown, "web, container on docker1 is chosen")
    routes = shown.locator(f"{PANEL} details", has_text="%dnet routes --host docker1 --container web")

    assert box(shown, "web").get_attribute("aria-pressed") == "true"
    assert "172.17.0.1" in routes.locator("table").inner_text()


def test_two_pressed_are_a_trace_with_its_player(shown):
    leave_all(shown)
    box(shown, "other").click()
    told(shown, "other, container on docker1 is chosen")
    box(shown, "web").click()
    told(shown, "The one who asked got his answer.")
    player = shown.locator(f"{PANEL} .dnetlab-player")
    player.get_by_role("button", name="To the last step").click()

    assert "docker1/other" in player.locator(".place").inner_text()


def test_a_rule_says_its_packets_and_goes_to_the_step_that_it_decides(shown):
    # given a trace to the published port, when the DNAT rule is hovered, and then pressed
    leave_all(shown)
    shown.locator(PANEL).get_by_label("From", exact=True).select_option(label="client, host")
    shown.locator(PANEL).get_by_label("To", exact=True).select_option(label="docker1, host")
    shown.locator(PANEL).get_by_label("Port", exact=True).select_option(label="8080/tcp docker-proxy")
    shown.locator(PANEL).get_by_role("button", name="Trace", exact=True).click()
    told(shown, "The one who asked got his answer.")
    rule = shown.locator(f"{PANEL} tr.met", has_text="--to-destination 172.17.0.2:80")
    rule.hover()
    said = shown.locator(f"{PANEL} details", has_text="%dnet rules --host docker1").locator(".said").inner_text()
    rule.get_by_role("button").click()

    assert "packets" in said and "The traced packet meets it at step" in said
    assert "→" in said and "172.17.0.2:80" in said
    assert shown.locator(f"{PANEL} .dnetlab-player .hooks li.here").inner_text() == "PREROUTING"


def test_with_the_keyboard_alone_a_trace_is_made(shown):
    # given nothing chosen, when going by Tab into the picture, by arrows to two boxes, and pressing Enter on each
    leave_all(shown)
    shown.locator(PANEL).locator("g[role=button][tabindex='0']").focus()
    shown.keyboard.press("Home")
    shown.keyboard.press("ArrowRight")
    shown.keyboard.press("Enter")
    first = told(shown, "is chosen; its tables stand below")
    shown.keyboard.press("ArrowRight")
    shown.keyboard.press("Enter")
    told(shown, "The one who asked got his answer.")
    focused = shown.evaluate("document.activeElement.getAttribute('aria-label')")

    assert first.startswith("web, container on docker1")
    assert focused.startswith("other, container on docker1")
    assert shown.locator(f"{PANEL} .dnetlab-player").is_visible()


@pytest.mark.parametrize(("theme", "is_light"), [("JupyterLab Dark", "false"), ("JupyterLab Light", "true")])
def test_axe_finds_nothing_wrong_and_both_themes_are_read(shown, place, theme, is_light, tmp_path_factory):
    place.dress(theme)
    shown.wait_for_function(f"document.body.dataset.jpThemeLight === '{is_light}'")
    both_are_there(shown)
    folder = tmp_path_factory.mktemp("themes")
    for name, part in (("terminal", TERMINAL), ("panel", PANEL)):
        shown.locator(part).scroll_into_view_if_needed()
        shown.locator(part).screenshot(path=folder / f"{name}-{is_light}.png")
    wrong = outputs_break(shown)
    place.dress("JupyterLab Light")

    assert wrong == []


def test_a_page_that_is_loaded_again_has_what_was_typed(shown, place):
    # given a line typed in the terminal, when the page is loaded again: in the course its kernel is a new one then
    typed(shown, "hostname -s", "docker1")
    place.load_again()
    if isinstance(place, InCourse):
        told = Learner(shown).run(0, "%dnet resume")
        in_a_cell(shown, "%dnet terminal docker1")
        assert "The lab is back" in told
    shown.wait_for_selector(f"{TERMINAL} .answer")

    # then it is in the journal, and above the line that is typed next
    assert "docker1# hostname" in in_a_cell(shown, "%dnet journal")
    shown.locator(LINE).focus()
    shown.keyboard.press("ArrowUp")
    assert value(shown) == "hostname -s"
