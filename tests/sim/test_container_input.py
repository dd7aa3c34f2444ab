"""What a pipe or a file brings reaches the program of a container, as on a real 28.5.2 with client 28.2.2."""

import pytest

from tests.sim.prompt import Prompt


def answers(*lines: str) -> tuple[str, str, int | None]:
    """stdout, stderr and exit status of the last line."""
    said = Prompt().type("\n".join(f"docker1# {line}" for line in lines))
    return said.stdout, said.stderr, said.exit_code


@pytest.mark.parametrize(
    ("line", "real"),
    [
        ("echo piped | docker run --rm -i busybox wc -c", ("6\n", "", 0)),
        ("printf 'a\\nb\\n' | docker run --rm -i busybox wc -l", ("2\n", "", 0)),
        ("docker run --rm -i busybox wc -l < f", ("2\n", "", 0)),
        ("docker run -i --rm busybox sh -c 'cat; echo done' < f", ("a\nb\ndone\n", "", 0)),
        ("docker run -i --rm busybox sh < f", ("", "sh: a: not found\nsh: b: not found\n", 127)),
        ("echo 'echo hi; hostname -i' | docker run -i --rm busybox sh", ("hi\n172.17.0.2\n", "", 0)),
        ("echo 'exit 3' | docker run -i --rm busybox sh", ("", "", 3)),
        ("echo hi | docker run --rm -i busybox sh -c 'read x; echo got $x'", ("got hi\n", "", 0)),
        ("echo hi | docker run --rm busybox cat", ("", "", 0)),
        ("docker run -i --name keep busybox grep b < f", ("b\n", "", 0)),
    ],
)
def test_what_comes_to_docker_run_is_read_by_its_program(line: str, real: tuple[str, str, int]) -> None:
    assert answers("printf 'a\\nb\\n' > f", line) == real


def test_a_shell_of_docker_exec_runs_the_lines_that_come_to_it() -> None:
    box = "docker run -d --name web nginx"

    assert answers(box, "echo 'id -u; echo $0' | docker exec -i web sh") == ("0\nsh\n", "", 0)
    assert answers(box, "echo 'exit 4' | docker exec -i web sh") == ("", "", 4)
