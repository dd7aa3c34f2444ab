"""Random scripts are answered as the machine's own dash and busybox do; CONTRIBUTING has the command for 5,000."""

from __future__ import annotations

import shutil

import pytest

from tests.shells.compare import REAL, differences


@pytest.mark.parametrize("shell", sorted(REAL))
def test_random_scripts_are_answered_as_a_real_shell_answers_them(shell: str) -> None:
    # given a shell of this machine
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here")

    # when 200 scripts run in it and in the simulator, and one that was answered otherwise once: 9910, `''$@`
    found = [
        f"{seed}: {truth} and not {ours}\n{script}"
        for seed, _, script, truth, ours in differences((*range(200), 9910), (shell,))
    ]

    # then the output and the exit status are the same
    assert found == []
