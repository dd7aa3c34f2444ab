"""TLS as Docker has it (docs.docker.com/engine/security/protect-access): who has no certificate of the authority's gets
nothing, on a port of loopback."""

from __future__ import annotations

import http.client
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_client import DOCKER

from dnetlab.errors import UsageError
from dnetlab.lab import Lab
from dnetlab.serve.server import Tcp
from dnetlab.serve.thread import Served

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
            f"{name}-key.pem", "-out", f"{name}.pem")  # fmt: skip


def signed(folder: Path, name: str, by: str, extension: str) -> None:
    """A certificate of that name, signed by an authority, with its key beside it."""
    (folder / f"{name}.ext").write_text(extension)
    request = f"{name}.csr"
    asked = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}-key.pem"]
    openssl(folder, *asked, "-out", request)
    openssl(folder, "x509", "-req", "-days", "2", "-in", request, "-CA", f"{by}.pem", "-CAkey", f"{by}-key.pem",
            "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem")  # fmt: skip


@pytest.fixture(scope="module")
def papers(tmp_path_factory) -> Path:
    """ca, server, client as the docs make them; stranger: signed by another authority."""
    folder: Path = tmp_path_factory.mktemp("papers")
    for name in ("ca", "other"):
        authority(folder, name)
    signed(folder, "server", "ca", "subjectAltName = IP:127.0.0.1\nextendedKeyUsage = serverAuth\n")
    signed(folder, "client", "ca", "extendedKeyUsage = clientAuth\n")
    signed(folder, "stranger", "other", "extendedKeyUsage = clientAuth\n")
    return folder


@pytest.fixture
def where(papers, folder) -> Iterator[str]:
    """'127.0.0.1:PORT' of docker1, with TLS."""
    tls = tuple(str(papers / name) for name in ("ca.pem", "server.pem", "server-key.pem"))
    with Lab(docker="28.5") as lab, Served(lab, folder, tcp=Tcp(0, tls=tls)) as doors:
        yield doors.urls["docker1 tcp"].removeprefix("tcp://")


def ask(where: str, papers: Path, certificate: str = "") -> int:
    context = ssl.create_default_context(cafile=str(papers / "ca.pem"))
    if certificate:
        context.load_cert_chain(papers / f"{certificate}.pem", papers / f"{certificate}-key.pem")
    connection = http.client.HTTPSConnection(where, timeout=20, context=context)
    try:
        connection.request("GET", "/_ping")
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_client_with_a_certificate_of_the_authority_is_let_in(where, papers):
    assert ask(where, papers, "client") == 200


@pytest.mark.parametrize("certificate", ["", "stranger"])
def test_nobody_else_is(where, papers, certificate):
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(where, papers, certificate)


def test_plain_http_gets_no_answer_there(where):
    connection = http.client.HTTPConnection(where, timeout=20)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        connection.request("GET", "/_ping")
        connection.getresponse()
    connection.close()


@pytest.mark.skipif(DOCKER is None, reason="no docker command here")
def test_the_real_client_verifies_the_server_and_is_verified(where, papers):
    paper = {"ca": "ca", "cert": "client", "key": "client-key"}
    flags = [word for flag, name in paper.items() for word in (f"--tls{'cacert' if flag == 'ca' else flag}",
                                                               str(papers / f"{name}.pem"))]  # fmt: skip
    done = subprocess.run([DOCKER, "--tlsverify", *flags, "-H", f"tcp://{where}", "network", "ls", "--format",
                           "{{.Name}}"], capture_output=True, text=True, timeout=60)  # fmt: skip

    assert (done.stdout.split(), done.stderr) == (["bridge", "host", "none"], "")


def test_files_that_are_no_certificates_are_named(folder, tmp_path):
    (tmp_path / "none.pem").write_text("nothing")
    tls = (str(tmp_path / "none.pem"),) * 3

    with Lab(docker="28.5") as lab, pytest.raises(UsageError, match="the certificates can't be used"):
        Served(lab, folder, tcp=Tcp(0, tls=tls))
