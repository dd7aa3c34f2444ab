"""What can be read: contrasts in light and dark notebooks, tables on a small screen, letters of a large picture."""

from __future__ import annotations

import re

import pytest

from dnetlab.lab import Lab
from dnetlab.notebook.display import CellView
from dnetlab.views import look, terminal
from dnetlab.views.diagrams import topology
from dnetlab.views.dot import GREY, INK, PALETTE, PATH


def contrast(one: str, two: str) -> float:
    """WCAG 2.2, relative luminance: (lighter + 0.05) / (darker + 0.05)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.fixture(scope="module")
def lab():
    with Lab() as lab:
        lab.run("docker network create my_net1")
        lab.run("docker network create my_net2")
        lab.run("docker run -d --name web1 -p 8080:80 nginx")
        lab.run("docker run -d --name db --network my_net1 -e MYSQL_ROOT_PASSWORD=x mysql")
        lab.run("docker run -d --name fpm --network my_net2 php-fpm")
        yield lab


def test_every_text_of_a_cell_stands_on_a_paper_of_its_own_with_4_5_to_1(lab):
    # given a cell with an error, a remark, a refusal and changes, whatever the theme of the notebook
    shown = CellView(lab.run_cell("docker network create other\ndokcer ps\nsleep 1 &"))._repr_html_()
    pairs = {("terminal", colour) for colour in re.findall(r'<span style="color:(#\w{6})', shown)}
    pairs |= {("sign", colour) for _, colour in look.SIGNS.values()}

    assert {colour for _, colour in pairs} >= {"#5c6670", "#0b3d66", "#8a3a00", "#6e5b00", "#00603f"}
    assert all(contrast(colour, look.PAPER) >= 4.5 for _, colour in pairs)
    assert contrast(look.INK, look.PAPER) >= 4.5
    assert contrast("#3d2f00", "#fff6e0") >= 4.5  # a note, and a remark
    assert f"background-color:{look.PAPER};color:{look.INK}" in shown.split("What changed")[1]
    assert f"background-color:{look.PAPER};color:{look.INK}" in terminal.BLOCK


def test_lines_of_a_picture_stand_out_3_to_1_from_white_and_from_their_tint():
    for strong, tint in PALETTE:
        assert contrast(strong, "#ffffff") >= 3 and contrast(strong, tint) >= 2.9, strong
        assert contrast(INK, tint) >= 4.5
    assert contrast(PATH, "#ffffff") >= 3 and contrast(GREY, "#ffffff") >= 3


def heads(shown: str) -> list[str]:
    return re.findall(r"<th [^>]*>([^<]*)</th>", shown)


def test_the_columns_that_a_reader_needs_come_first_and_the_frame_keeps_its_own(lab):
    links, rules = lab.links(), lab.rules(table="nat")

    assert heads(links._repr_html_())[:7] == ["host", "container", "index", "dev", "kind", "master", "peer"]
    assert heads(rules._repr_html_())[:6] == ["host", "container", "table", "chain", "number", "rule"]
    assert list(links)[:4] == ["host", "namespace", "container", "index"]
    assert list(rules)[-1] == "rule"


def test_an_empty_column_is_left_out_and_a_constant_one_is_said_once(lab):
    shown = lab.routes()._repr_html_()

    assert not {"metric", "kind"} & set(heads(shown))
    assert "In every row: metric 0, kind unicast" in shown
    assert "parent" not in heads(lab.links()._repr_html_())
    assert "In every row: metric 0, kind unicast" in repr(lab.routes())


def test_columns_that_somebody_chose_are_all_shown(lab):
    assert heads(lab.routes()[["host", "kind", "metric"]]._repr_html_()) == ["host", "kind", "metric"]


def test_a_yes_or_no_is_said_in_words(lab):
    assert "In every row: " in lab.ips()._repr_html_() and "secondary no" in lab.ips()._repr_html_()


def test_a_wide_table_scrolls_within_itself_and_a_rule_stays_on_its_line(lab):
    shown = lab.rules()._repr_html_().removeprefix(look.PRINT)

    assert shown.startswith('<div class="dnetlab-scroll" role="group" aria-label="table" tabindex="0" style="overflow')
    assert re.search(r'white-space:pre">-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT', shown)


def test_letters_of_a_picture_never_get_smaller_than_11_pixels(lab):
    # given a picture of twelve containers; its smallest letters have 10 units, and a unit is 1 point wide
    for number in range(10):
        lab.run(f"docker run -d --name many{number} --network my_net1 nginx")
    picture = lab.topology()
    svg, shown = picture.svg(), picture._repr_html_()
    points = float(re.search(r'<svg width="([\d.]+)pt"', svg)[1])
    least = float(re.search(r"min-width:(\d+)px", shown)[1])
    smallest = min(float(size) for size in re.findall(r'font-size="([\d.]+)"', svg))

    assert smallest * least / points >= 10.95
    assert points > 1100 and "overflow-x:auto" in shown


def places(picture) -> list[str]:
    """The bridges of docker1 from left to right."""
    found = re.findall(r"<title>docker1 bridge ([\w-]+)</title>.*?<(?:polygon|path)[^>]*?(?:points|d)=\"M?(-?[\d.]+)",
                       picture.svg(), re.S)  # fmt: skip
    return [name for name, x in sorted(found, key=lambda pair: float(pair[1]))]


def test_bridges_keep_their_places_whatever_is_plugged_into_them():
    with Lab() as lab:
        for name in ("net1", "net2", "net3"):
            lab.run(f"docker network create -o com.docker.network.bridge.name={name} {name}")
        empty = places(lab.topology())
        for name, network in (("a", "net3"), ("b", "net1"), ("c", "net2"), ("d", "net3")):
            lab.run(f"docker run -d --name {name} --network {network} nginx")
        lab.run("docker network connect net1 a")
        full = places(lab.topology())
        lab.run("docker network connect net1 c")
        crossed = places(lab.topology())
        lab.run("docker rm -f a b d")  # of two networks, the later one's container is on both: cables would cross less
        left = places(lab.topology())

    assert crossed == left == empty == ["docker0", "net1", "net2", "net3"]
    assert full == empty


def test_two_bridges_do_not_change_places_for_the_one_container_that_is_on_both():
    with Lab(docker="28.5") as lab:
        for name in ("one", "two"):
            lab.run(f"docker network create -o com.docker.network.bridge.name={name} {name}")
            lab.run(f"docker run -d --name on_{name} --network {name} nginx")
        lab.run("docker network connect one on_two")

        assert places(lab.topology()) == ["docker0", "one", "two"]


def test_the_alt_text_of_a_trace_tells_its_path(lab):
    snapshot, told, _ = lab.observed("client", "docker1:8080")
    said = topology(snapshot, path=told).summary

    assert "The request goes through client by eth0; docker1 by eth0, docker0, veth" in said
    assert "; web1 by eth0, and arrives. Its answer goes through web1 by eth0; docker1 by veth" in said


def test_a_stand_in_is_called_by_the_program_that_it_stands_for(lab):
    listening = lab.sockets(container="db")[["port", "program"]].values.tolist()
    changed = CellView(lab.run_cell("docker run -d --name db2 -e MYSQL_ROOT_PASSWORD=x mysql"))

    assert [3306, "mysqld"] in listening
    assert "listens on 9000/tcp php-fpm" in lab.topology().dot
    assert "tcp LISTEN [::]:3306 (mysqld)" in repr(changed)
