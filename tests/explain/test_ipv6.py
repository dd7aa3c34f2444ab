"""One explanation for both families: trace, why and reach of IPv6 addresses."""

import pytest

from dnetlab import Lab
from dnetlab.explain.reach import Outcome, pair_by_pair, places, reach
from dnetlab.language import speaking
from dnetlab.views import explain

LINES = """
docker network create --ipv6 --subnet fd00:1::/64 front
docker network create --ipv6 --subnet fd00:2::/64 rear
docker run -d --name web1 --network front nginx
docker run -d --name web2 --network front nginx
docker run -d --name web3 --network front nginx
docker run -d --name shop --network front -p 8080:80 nginx
docker run -d --name data --network rear nginx
docker run -d --name old nginx
ip addr add fd00:9::1/64 dev eth0
"""


@pytest.fixture(scope="module", params=["20.10", "26.1", "28.5"])
def lab(request):
    lab = Lab(docker=request.param)
    if request.param != "28.5":  # the only one that writes ip6tables' rules unasked
        lab.run_cell("""
echo '{"experimental": true, "ip6tables": true}' > /etc/docker/daemon.json
systemctl restart docker
""")
    lab.run_cell(LINES)
    return lab


def test_classes_answer_as_each_pair_by_itself(lab):
    found, each = reach(lab.engine.snapshot()), pair_by_pair(lab.engine.snapshot())
    assert {pair: found.outcome(*pair) for pair in each} == each
    assert found.sent < len(each)


def test_containers_of_both_families_that_nothing_tells_apart_are_one_class(lab):
    snapshot = lab.engine.snapshot()
    found = reach(snapshot)
    number = {found.label(where): found.asker_class[where] for where in places(snapshot)}
    assert number["web1"] == number["web2"] == number["web3"]
    assert len({number[name] for name in ("web1", "data", "old")}) == 3


def test_each_family_is_a_target_of_its_own(lab):
    found = reach(lab.engine.snapshot())
    asker = {found.label(where): where for where in found.askers}
    told = {
        (name, str(t.address), t.service): found.outcome(asker[name], t)
        for t in found.targets for name in ("web1", "data", "docker1")
    }  # fmt: skip
    assert told["web1", "fd00:1::3", "80/tcp"] is Outcome.OPEN
    assert told["data", "fd00:1::3", "ping"] is Outcome.SILENCE
    assert told["data", "fd00:9::1", "8080/tcp"] is Outcome.OPEN
    assert told["docker1", "fd00:2::2", "ping"] is Outcome.OPEN


@pytest.mark.parametrize(("language", "helps"), [("en", "ip6tables"), ("zh", "ip6tables")])
def test_the_rule_is_one_of_ip6tables(lab, language, helps):
    with speaking(language):
        reason = str(lab.why("web1", "[fd00:2::2]:80"))
        assert helps in reason and "[fd00:2::2]:80" in reason
        told = lab.trace("web1", "[fd00:2::2]:80")
        lines = explain.text(told, lab.engine.snapshot()).splitlines()
    assert any(line.strip().startswith("ip6tables ") for line in lines)
    assert any(line.strip().startswith("ndp ") for line in lines)
    assert not any(line.strip().startswith(("iptables ", "arp ")) for line in lines)


def test_forwarding_is_each_familys_own_switch(lab):
    lab.run_cell("sysctl -w net.ipv6.conf.all.forwarding=0")
    assert lab.trace("web1", "172.25.254.1").answered
    reason = str(lab.why("web1", "fd00:9::77"))
    lab.run_cell("sysctl -w net.ipv6.conf.all.forwarding=1")
    assert "net.ipv6.conf.all.forwarding is 0" in reason and "sysctl -w net.ipv6.conf.all.forwarding=1" in reason
