"""`docker compose` with files that nobody would write: a sentence of compose's, of the daemon's or of the lab's, never
an exception."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dnetlab import Lab

_SCALARS = st.none() | st.booleans() | st.integers(-2, 70000) | st.text("ab1:$/{}-. ", max_size=6)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=2),
    max_leaves=5,
)
_NAMES = """
ports networks depends_on environment volumes command entrypoint deploy links healthcheck
extra_hosts network_mode scale labels dns dns_search sysctls cap_add restart hostname expose
mem_limit cpus user tmpfs init pid stop_signal container_name working_dir domainname build
mac_address
"""
_KEYS = st.sampled_from(_NAMES.split())
_NETWORK_KEYS = st.sampled_from(("name", "driver", "driver_opts", "internal", "ipam", "external", "labels"))
_NETWORK = st.dictionaries(_NETWORK_KEYS, _VALUES)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_KEYS, _VALUES, max_size=4), _NETWORK)
@example({"dns": [0]}, {})
@example({"healthcheck": {"test": [1]}}, {})
def test_no_file_breaks_the_lab(service, network):
    # given a file with any values under keys that there are
    tree = {
        "services": {"a": {"image": "busybox", **service}, "b": {"image": "nginx"}},
        "networks": {"default": network},
    }
    lab = Lab()
    lab.run(f"docker1# cat > compose.yaml <<'END'\n{json.dumps(tree)}\nEND")

    # when it is brought up and down, then each ends with a status
    for verb in ("up -d", "ps -a", "config", "down"):
        found = lab.run(f"docker1# docker compose {verb}")
        assert found.exit_code == 0 or found.stderr or found.refused
