"""The picture: what a student must be able to see on it, and that nothing on it can do harm."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from dnetlab import Lab
from dnetlab.errors import DnetError, UnknownName, UsageError
from dnetlab.model import Disposition, Hop, Packet, Protocol, Snapshot, Step, StepKind, Trace, Where
from dnetlab.views import diagrams, look
from dnetlab.views.diagrams import topology

from . import labs


def test_the_tree_shows_bridges_with_both_ends_of_each_veth_pair():
    assert (
        topology(labs.full()).text
        == """\
docker1  eth0 (2) 172.25.254.1/24 on lan  enp7s0 (3) no address on trunk
├─ ip_forward on
├─ published 0.0.0.0:8080 → web1:80 (DNAT, docker-proxy 77)
├─ bridge docker0 (4)  172.17.0.1/16  network bridge
│  ├─ veth1a2b3c4 (6) ══ eth0 (5) 172.17.0.2/16  web1 (nginx), listens on 80/tcp nginx
│  └─ vethbbbbbb1 (9) ══ eth0 (8) 172.17.0.3/16  web2 (nginx)
├─ bridge br-444444444444 (7)  172.18.0.1/16  network my_net1
│  ├─ vethbbbbbb2 (11) ══ eth1 (10) 172.18.0.2/16  web2 (nginx)
│  └─ vethccccccc (13) ══ eth0 (12) 172.18.0.3/16  web3 (nginx), shell (nginx) share one network namespace
├─ lonely (nginx): only lo, no network
├─ eth0 (14) 10.0.0.10/24 macvlan bridge on enp7s0, network mynet1  mac1 (nginx)
├─ demo (nginx): --network host, uses docker1's own stack
└─ not running: old
client  eth0 (2) 172.25.254.38/24 on lan"""
    )


def test_the_svg_is_well_formed_and_shows_every_name_index_and_address():
    svg = topology(labs.full()).svg()
    words = " ".join(
        "".join(node.itertext()) for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("text")
    )

    for word in (
        "docker1", "docker0", "veth1a2b3c4 (6)", "eth0 (5)", "172.17.0.2/16", "web1", "network my_net1", "shell",
        "one network namespace", "macvlan bridge", "mac1", "only lo: no network", "--network host", "not running: old",
        "0.0.0.0:8080 → web1:80 (DNAT, docker-proxy 77)", "LAN (switch)", "client",
    ):  # fmt: skip
        assert word in words


def test_the_same_lab_gives_the_same_picture_byte_for_byte():
    assert topology(labs.full()).svg() == topology(labs.full()).svg()


def test_networks_keep_their_colours_in_the_order_they_were_made():
    dot = topology(labs.full()).dot

    assert re.search(r'"docker1 bridge docker0" \[.*color="#0072b2"', dot)
    assert re.search(r'"docker1 bridge br-444444444444" \[.*color="#b87d00"', dot)


def test_in_a_notebook_it_is_an_image_with_a_sentence_and_nothing_that_runs():
    bundle = topology(labs.published())._repr_mimebundle_()

    assert set(bundle) == {"text/html", "text/plain"}
    picture = r'<div [^>]*><img alt="([^"]*)" style="[^"]*" src="data:image/svg\+xml;base64,([^"]*)"></div>'
    alt, data = re.fullmatch(picture, bundle["text/html"].removeprefix(look.PRINT)).groups()
    assert alt == "Topology of the lab: docker1 with network bridge (docker0) joining web1. client."
    assert base64.b64decode(data).startswith(b"<?xml")


@pytest.mark.parametrize(
    "name", ["a|b", "x{y}z", '"quote"', "back\\slash", "<b>&amp;</b>", "</svg><script>", "new\\nline"]
)
def test_a_hostile_name_is_text_and_nothing_else(name):
    lab = labs.published()
    host = lab.hosts["docker1"]
    named = replace(host, containers=tuple(replace(c, name=name, image=name) for c in host.containers))
    picture = topology(replace(lab, hosts=lab.hosts | {"docker1": named}))
    root = ElementTree.fromstring(picture.svg())

    assert any(name == "".join(node.itertext()) for node in root.iter() if node.tag.endswith("text"))
    assert not [node for node in root.iter() if node.tag.endswith("script")]
    assert "<script" not in picture._repr_html_()


def test_only_the_part_asked_for_is_drawn():
    part = topology(labs.full(), only="my_net1").text

    assert "web2" in part and "web3" in part and "br-444444444444" in part
    assert "web1" not in part and "mac1" not in part and "client" not in part
    assert topology(labs.full(), only=["client"]).text == "client  eth0 (2) 172.25.254.38/24 on lan"


def test_a_name_that_is_not_there_is_said_with_the_nearest():
    with pytest.raises(UnknownName) as caught:
        topology(labs.full(), only="my_net2")
    assert "my_net1" in str(caught.value)


def test_a_large_lab_is_drawn_in_part_and_says_so():
    picture = topology(crowd(100))

    assert picture.scene.note == "40 of 100 containers are drawn; name a container or network to see its part."
    assert "… 60 more" in picture.text
    assert picture.text.endswith(picture.scene.note)
    assert picture.scene.drawn == 40
    assert picture.svg().count("veth") == 40


def test_a_published_port_tells_when_its_rule_or_its_proxy_is_gone():
    lab = labs.published()
    host = lab.hosts["docker1"]
    flushed = replace(host.stack, netfilter=labs.nat())
    after_flush = replace(host, namespaces=host.namespaces | {"host": flushed})
    killed = replace(flushed, sockets=())
    after_kill = replace(host, namespaces=host.namespaces | {"host": killed})

    assert "(no DNAT rule, docker-proxy 77)" in topology(with_host(lab, after_flush)).text
    assert "(no DNAT rule, no docker-proxy)" in topology(with_host(lab, after_kill)).text


def test_a_path_is_marked_where_the_packet_went():
    packet = Packet(labs.IPv4Address("172.17.0.2"), labs.IPv4Address("172.17.0.3"), Protocol.ICMP)
    sent = Step(StepKind.SENT, "out", interface="eth0")
    bridged = Step(StepKind.BRIDGED, "over", interface="docker0")
    trace = Trace(
        packet, Disposition.DELIVERED, (Hop(Where("docker1", "a" * 12), (sent,)), Hop(Where("docker1"), (bridged,)))
    )
    lines = topology(labs.full(), path=trace).dot.split("\n")

    marked = [line for line in lines if "#d55e00" in line]
    assert any('"docker1 bridge docker0":i6:s -- "docker1 space aaaaaaaaaaaa":i5:n' in line for line in marked)
    assert not any("bbbbbbbbbbbb" in line for line in marked)


def test_it_is_saved_by_the_ending_of_the_name(tmp_path):
    picture = topology(labs.published())

    assert picture.save(tmp_path / "lab.svg").read_text().startswith("<?xml")
    assert picture.save(tmp_path / "lab.dot").read_text().startswith("graph lab {")
    assert picture.save(tmp_path / "lab.txt").read_text() == picture.text + "\n"
    with pytest.raises(UsageError, match="Use .svg, .png, .dot or .txt"):
        picture.save(tmp_path / "lab.gif")


def test_without_graphviz_it_is_text_with_a_sentence(monkeypatch):
    monkeypatch.setattr(diagrams, "_wasm", lambda: None)
    monkeypatch.setattr(diagrams.shutil, "which", lambda name: None)
    picture = topology(labs.published())

    assert diagrams.renderer() is None
    with pytest.raises(DnetError):
        picture.svg()
    assert "No Graphviz can be used here" in picture._repr_html_()
    assert "veth1a2b3c4 (6)" in picture._repr_html_()


def test_an_empty_lab_is_an_empty_picture():
    assert topology(Snapshot()).text == "nothing to draw"
    assert ElementTree.fromstring(topology(Snapshot()).svg()) is not None


def with_host(lab: Snapshot, host) -> Snapshot:
    return replace(lab, hosts=lab.hosts | {host.name: host})


def crowd(number: int) -> Snapshot:
    """That many containers on the default bridge of docker1."""
    lab = labs.quiet()
    host = lab.hosts["docker1"]
    stack, spaces, containers = host.stack, {}, []
    for n in range(number):
        name = f"{n:012x}"
        outside, inside = labs.pair(10 + 2 * n, f"veth{n:07x}", "docker0", name, "eth0", f"172.17.1.{n + 1}/16")
        stack = stack.with_interface(outside)
        spaces[name] = replace(labs.space("a", inside), name=name)
        more = {"namespace": name}
        containers.append(
            replace(labs.container("a", f"c{n}", (("bridge", f"172.17.1.{n + 1}/16"),), **more), id=f"{n:064x}")
        )
    full = replace(host, namespaces={"host": stack} | spaces, containers=tuple(reversed(containers)))
    return with_host(lab, full)


def test_what_graphviz_compiled_is_kept_for_the_next_kernel(tmp_path):
    # given an empty cache, when a process has drawn a picture, then the machine code lies there and draws the same
    program = "from dnetlab.views.wasm import backend; print(len(backend().render('graph {a -- b}', format='svg')))"
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "HOME": str(tmp_path)}
    run = [sys.executable, "-c", program]
    first = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=120, check=True)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 100_000]
    second = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=120, check=True)

    assert len(kept) == 1
    assert first.stdout == second.stdout


def test_without_a_place_for_a_cache_pictures_are_drawn_all_the_same(monkeypatch):
    from dnetlab.views import wasm

    def refuse(self):
        raise OSError("read-only file system")

    monkeypatch.setattr(wasm.CachedBackend, "__init__", refuse)

    assert b"<svg" in wasm.backend().render("graph {}", format="svg")


def test_a_host_that_forwards_no_ipv6_says_so_once_a_bridge_has_some():
    with Lab(docker="28.5") as lab:
        lab.run("docker run -d --name web nginx")
        lab.run("sysctl -w net.ipv6.conf.all.forwarding=0")
        assert "IPv6 forwarding" not in str(lab.topology())

        lab.run("docker network create --ipv6 --subnet fd00:10::/64 six")
        lab.run("sysctl -w net.ipv6.conf.all.forwarding=0")

        assert "IPv6 forwarding OFF" in str(lab.topology())
        assert "IPv6 forwarding OFF" in lab.topology().dot
