"""A compose file is read as docker-compose 2.40.3 reads it (tests/recordings/28.5/compose_*.jsonl: whole sessions)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnetlab.commands.compose.canonical import NotThere, in_order
from dnetlab.commands.compose.problem import ComposeError
from dnetlab.commands.compose.project import find, load

WEB = "services:\n  web:\n    image: nginx\n    ports: ['8080:80', '127.0.0.1:53:53/udp']\n"


def project(files: dict[str, str], environment: dict[str, str] | None = None, **options):
    return load(find("/root/shop", (), files.get), files.get, environment or {}, **options)


def test_short_forms_become_long_ones():
    # given a service in short forms, when it is read
    service = project({"/root/shop/compose.yaml": WEB}).services["web"]

    # then ports and networks stand as `docker compose config` shows them
    assert service["ports"] == [
        {"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"},
        {"mode": "ingress", "host_ip": "127.0.0.1", "target": 53, "published": "53", "protocol": "udp"},
    ]
    assert service["networks"] == {"default": None}


def test_the_file_is_looked_for_in_the_folders_above():
    found = find("/root/shop/src", (), {"/root/shop/compose.yaml": WEB}.get)

    assert found == ("/root/shop/compose.yaml",)


@pytest.mark.parametrize(
    ("text", "value"),
    [("$A", "one"), ("${A}", "one"), ("${B:-two}", "two"), ("${B-two}", "two"), ("${E-two}", ""), ("${E:-two}", "two"),
     ("${A:+set}", "set"), ("$$A", "$$A"), ("${B}", "")],
)  # fmt: skip
def test_variables_are_filled_in(text, value):
    files = {"/root/shop/compose.yaml": f"services:\n  a:\n    image: busybox\n    hostname: 'x{text}'\n"}

    assert project(files, {"A": "one", "E": ""}).services["a"]["hostname"] == f"x{value}"


def test_services_stand_behind_what_they_depend_on():
    services = {"web": {"depends_on": {"db": {}, "cache": {}}}, "db": {}, "cache": {"depends_on": {"db": {}}}}

    assert in_order(services) == [["db"], ["cache"], ["web"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: {a: {image: x, network_mode: host, networks: [n]}}\nnetworks: {n: }", "mutually exclusive"),
        (
            "services: {a: {image: x, volumes: ['v:/v']}}",
            'service "a" refers to undefined volume v: invalid compose project',
        ),
        ("- a\n- b\n", "top-level object must be a mapping"),
        ("", "empty compose file"),
        (
            "services: {a: {image: x, extends: {service: b}}}",
            'cannot extend service "a" in file: service "b" not found',
        ),
        ("services: {a: {image: '${'}}", "invalid interpolation format for services.a.image"),
    ],
)
def test_what_cannot_be_used_is_named(text, words):
    with pytest.raises(ComposeError) as error:
        project({"/root/shop/compose.yaml": text})

    assert words in str(error.value)


def test_what_the_lab_does_not_do_is_named_by_its_key():
    with pytest.raises(NotThere) as missing:
        project({"/root/shop/compose.yaml": "services: {a: {image: x, devices: ['/dev/x:/dev/x']}}"})

    assert missing.value.key == "devices"


def test_aliases_upon_aliases_are_stopped():
    # given nine aliases, each of nine of the one before: a billion nodes
    lines = ["x-a: &a [1,1,1,1,1,1,1,1,1]"]
    lines += [f"x-{b}: &{b} [{','.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]

    # then reading ends with a sentence
    with pytest.raises(ComposeError, match="excessive aliasing"):
        project({"/root/shop/compose.yaml": "\n".join([*lines, "services: {a: {image: x, command: *i}}"])})


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 99999) | st.text("ab:$/{}-0 ", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab_", max_size=4), inner, max_size=3),
    max_leaves=6,
)
_NAMES = """
image ports networks depends_on environment volumes command deploy links build healthcheck
extra_hosts env_file network_mode scale labels dns
"""
_KEYS = st.sampled_from(_NAMES.split())
_TOP = st.dictionaries(st.sampled_from(("name", "networks", "volumes")), _VALUES)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=5), _TOP)
def test_no_file_raises_anything_else(service, top):
    import json

    text = json.dumps({"services": {"a": service}, **top})
    try:
        project({"/root/shop/compose.yaml": text})
    except (ComposeError, NotThere) as error:
        assert str(error)
