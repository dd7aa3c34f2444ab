"""Signatures of results, Ed25519: made with a key that its instructor keeps, checked by anyone with the public half."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab.errors import DnetError, UsageError
from dnetlab.report.data import Data

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECRET, PUBLIC = "dnetlab-signing.key", "dnetlab-signing.pub"


def make_keys(folder: Path) -> tuple[Path, Path]:
    """A new pair: the key, which only its owner can read, and the public half. UsageError: one is there already."""
    serialization = _library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = Ed25519PrivateKey.generate()
    form = serialization.Encoding.PEM
    kept = secret.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    shown = secret.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(folder / SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(kept)
        (folder / PUBLIC).write_bytes(shown)
    except FileExistsError:
        hint = "Results that it signed are checked with its public half."
        raise UsageError("there is a key in {folder} already", hint=hint, folder=folder) from None
    except OSError as error:
        why = error.strerror
        raise UsageError("the keys can't be written to {folder}: {error}", folder=folder, error=why) from None
    return folder / SECRET, folder / PUBLIC


def sign(work: Data, key: Path) -> Data:
    """{work, signature}. UsageError when the file holds no key to sign with."""
    serialization = _library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        secret: Any = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        hint = "`dnetlab keys` makes one."
        raise UsageError("{file} is no key to sign with: {error}", hint=hint, file=key, error=error) from None
    if not isinstance(secret, Ed25519PrivateKey):
        raise UsageError("{file} is a key of another kind", hint="`dnetlab keys` makes one of Ed25519.", file=key)
    return {"work": work, "signature": {
        "algorithm": "Ed25519", "key": _text(_raw(secret)), "value": _text(secret.sign(canonical(work))),
    }}  # fmt: skip


def read_public(file: Path) -> str:
    """The public key of a .pub file as text. UsageError when it holds none; one to sign with is none to give away."""
    serialization = _library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public: Any = serialization.load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        hint = "`dnetlab keys` wrote {public}."
        raise UsageError("{file} is no public key: {error}", hint=hint, file=file, error=error, public=PUBLIC) from None
    if not isinstance(public, Ed25519PublicKey):
        raise UsageError("{file} is a key of another kind", hint="`dnetlab keys` makes one of Ed25519.", file=file)
    return _text(public.public_bytes_raw())


def is_signed(work: Data, signature: Data, key: str) -> bool:
    """Whether that key (as `read_public` gives it) signed this work, as it is."""
    _library()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        value = base64.b64decode(str(signature.get("value", "")), validate=True)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(value, canonical(work))
    except (InvalidSignature, ValueError, RecursionError):
        return False
    return True


def fingerprint(key: str) -> str:
    """Sixteen hex digits by which people compare keys."""
    return hashlib.sha256(base64.b64decode(key)).hexdigest()[:16]


def canonical(work: Data) -> bytes:
    """The bytes that are signed: the same for the same values, however a file writes them."""
    return json.dumps(work, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _raw(secret: Ed25519PrivateKey) -> bytes:
    public: Ed25519PublicKey = secret.public_key()
    return public.public_bytes_raw()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise DnetError("signatures need cryptography", hint="pip install cryptography") from None
    return serialization
