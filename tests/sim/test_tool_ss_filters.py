"""ss with filters, as iproute2 6.1 answered in a network namespace with such listeners."""

from __future__ import annotations

import pytest

from dnetlab import Lab


@pytest.fixture(scope="module")
def lab():
    """A host on which docker-proxy listens on 80 and 8080, for IPv4 and IPv6, beside what is always there."""
    with Lab() as made:
        made.run("docker run -d --name web -p 80:80 -p 127.0.0.1:8080:80 nginx")
        yield made


def listeners(lab: Lab, words: str) -> list[str]:
    """Local address and port of each row."""
    output = lab.run(f"docker1# ss -Htln {words}")
    assert (output.stderr, output.refused) == ("", None)
    return [row.split()[3] for row in output.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sport = :80", ["0.0.0.0:80", "[::]:80"]),
        ("sport = :http", ["0.0.0.0:80", "[::]:80"]),
        ("'( sport = :80 or sport = :8080 )'", ["0.0.0.0:80", "127.0.0.1:8080", "[::]:80"]),
        ("sport = 80 '|' sport = 8080", ["0.0.0.0:80", "127.0.0.1:8080", "[::]:80"]),
        ("sport = :80 sport = :8080", []),
        ("sport gt 80", ["127.0.0.1:8080"]),
        ("sport '>=' :80 and sport lt 8080", ["0.0.0.0:80", "[::]:80"]),
        ("not sport = :80", ["127.0.0.1:8080"]),
        ("'! sport = :80'", ["127.0.0.1:8080"]),
        ("sport != 8080", ["0.0.0.0:80", "[::]:80"]),
        ("src 127.0.0.1", ["127.0.0.1:8080"]),
        ("src 127.0.0.0/8", ["127.0.0.1:8080"]),
        ("src :80", ["0.0.0.0:80", "[::]:80"]),
        ("src 127.0.0.1:8080", ["127.0.0.1:8080"]),
        ("src '[::]:80'", ["[::]:80"]),
        ("dport = :80", []),
    ],
)
def test_a_filter_leaves_the_sockets_that_it_names(lab, words, found):
    assert listeners(lab, words) == found


@pytest.mark.parametrize(
    ("words", "said", "status"),
    [
        ("sport foo", 'Error: "foo" does not look like a port.\nCannot parse dst/src address.\n', 1),
        ("sport = :nosuch", 'Error: "nosuch" does not look like a port.\nCannot parse dst/src address.\n', 1),
        ("foo", 'Error: an inet prefix is expected rather than "foo".\nCannot parse dst/src address.\n', 1),
        ("src nosuch", 'Error: an inet prefix is expected rather than "nosuch".\nCannot parse dst/src address.\n', 1),
        ("state foo", "ss: wrong state name: foo\n", 255),
    ],
)
def test_a_filter_that_it_cannot_read_is_answered_in_its_own_words(lab, words, said, status):
    output = lab.run(f"docker1# ss -tln {words}")

    assert (output.stderr, output.exit_code) == (said, status)


def test_a_filter_for_one_state_leaves_its_column_out_and_decides_instead_of_l(lab):
    rows = lab.run("docker1# ss -tn state listening sport = :8080").stdout.splitlines()

    assert [row.split() for row in rows] == [
        ["Recv-Q", "Send-Q", "Local", "Address:Port", "Peer", "Address:PortProcess"],
        ["0", "4096", "127.0.0.1:8080", "0.0.0.0:*"],
    ]
    assert lab.run("docker1# ss -tan exclude listening").stdout.startswith("State")


def test_a_filter_that_the_lab_does_not_have_is_refused(lab):
    refused = lab.run("docker1# ss -tln dev eth0").refused

    assert str(refused.reason) == "The filter dev of ss is not modelled."
