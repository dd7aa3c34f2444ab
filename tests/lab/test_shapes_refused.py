"""What hosts that are containers can't have is said before anything is asked of an engine, with the words to change."""

from __future__ import annotations

import pytest

from dnetlab.engines import labhosts
from dnetlab.engines.providers.containers import ContainerHosts
from dnetlab.errors import EngineError
from dnetlab.model.labfile import parse_topology

ONE_HOST = '[hosts.docker1]\ndocker = true\nnics.eth0 = { switch = "cloud", address = "10.0.0.1/24" }\n'


@pytest.mark.parametrize(
    ("policy", "words"), [("forged_macs = false", "forged_macs = false"), ("hairpin = true", "hairpin = true")]
)
def test_a_policy_of_a_switch_is_refused_for_containers_with_its_line_and_who_has_it(policy, words):
    shape = parse_topology(f"[switches.cloud]\n{policy}\n{ONE_HOST}")

    with pytest.raises(EngineError) as refused:
        ContainerHosts(base_url="unix:///nowhere", shape=shape).up()

    assert refused.value.message == (
        f"[switches.cloud] has {words}, which hosts that are containers can't have: their switches are Docker's "
        "networks"
    )
    assert refused.value.hint == (
        "Leave it out, or take the simulator, or root on Linux: lab hosts in namespaces have it."
    )


def test_two_cards_on_one_switch_are_refused_for_containers():
    shape = parse_topology(f'[switches.cloud]\n{ONE_HOST}nics.eth1 = {{ switch = "cloud" }}\n')

    with pytest.raises(EngineError, match="docker1 has a NIC without a switch, or two on one"):
        ContainerHosts(base_url="unix:///nowhere", shape=shape).up()


def test_a_kernel_without_modules_is_the_simulators_only():
    shape = parse_topology(f'kernel_lacks = ["8021q"]\n[switches.cloud]\n{ONE_HOST}')

    with pytest.raises(EngineError, match="a real kernel has the modules that it has"):
        labhosts.make("28.5", shape)
