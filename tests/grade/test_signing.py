"""An instructor signs results with a key of one's own; whoever has the public half can check them later."""

from __future__ import annotations

import copy
import json

import pytest

from dnetlab.errors import UsageError
from dnetlab.grade.sign import make_keys, read_public, sign
from dnetlab.grade.verify import verify
from dnetlab.grade.work import Terms
from tests.grade.works import solved

pytest.importorskip("cryptography")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def signed(keys, tmp_path_factory) -> dict:
    """Ann's work, verified, with its journal in it, and signed."""
    journal = solved(tmp_path_factory.mktemp("work") / "a.journal")
    return json.loads(json.dumps(sign(verify(journal, Terms(student="ann"), tell=True), keys[0])))


def kinds(document: dict, key: str) -> list[str]:
    data = json.dumps(document, indent=3).encode()
    return [f["kind"] for f in verify(data, Terms(student="ann", key=key))["findings"]]


def test_the_key_is_its_owners_only_and_is_never_overwritten(keys):
    secret, public = keys

    assert secret.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE KEY" in secret.read_bytes() and b"PUBLIC KEY" in public.read_bytes()
    with pytest.raises(UsageError, match="there is a key in"):
        make_keys(secret.parent)


def test_a_signed_result_is_checked_with_the_public_key_however_its_file_is_laid_out(signed, keys):
    assert kinds(signed, read_public(keys[1])) == ["signed"]


def test_a_signed_result_without_a_key_to_check_it_is_said_to_be_unchecked(signed):
    assert kinds(signed, "") == ["not checked"]


def test_a_result_that_was_changed_after_it_was_signed_is_found(signed, keys):
    changed = copy.deepcopy(signed)
    changed["work"]["lessons"][0]["tasks"][0]["hints"] = 5

    assert kinds(changed, read_public(keys[1])) == ["signature", "account"]


def test_a_result_signed_with_ones_own_key_is_found(signed, keys, tmp_path):
    own, _ = make_keys(tmp_path)

    assert kinds(sign(signed["work"], own), read_public(keys[1])) == ["signature"]


@pytest.mark.parametrize("signature", [{}, {"value": 7}, {"value": "%"}, {"value": "QUJD"}])
def test_no_signature_of_any_shape_passes(signed, keys, signature):
    assert kinds({**signed, "signature": signature}, read_public(keys[1])) == ["signature"]


def test_a_result_that_is_not_signed_is_said_to_be_so_when_a_key_is_given(signed, keys):
    assert kinds(signed["work"], read_public(keys[1])) == ["unsigned"]


@pytest.mark.parametrize("content", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_a_sentence(tmp_path, content):
    (tmp_path / "x").write_bytes(content)

    with pytest.raises(UsageError, match="is no key to sign with"):
        sign({}, tmp_path / "x")
    with pytest.raises(UsageError, match="is no public key"):
        read_public(tmp_path / "x")
