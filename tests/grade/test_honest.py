"""Whatever somebody does with the lab, an honest journal is never accused: all of it comes out as it is recorded."""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from dnetlab.errors import CellError, UsageError
from dnetlab.grade.work import Terms, run_again
from dnetlab.lab import Lab
from tests.grade.works import Ticking

CELLS = [
    "docker run -d --name {first} nginx", "docker run -d --name {second} nginx", "docker stop {first}",
    "docker start {first}", "docker rm -f $(docker ps -aq)", 
    "docker run -it --name box busybox\n/ # hostname\n/ # exit",
    "docker run -it --rm busybox", "exit", "docker network create net1", "docker network connect net1 {first}",
    "docker build .", "ls /nosuch", "sysctl -w net.ipv4.ip_forward=0", "sysctl -w net.ipv4.ip_forward=1",
    "client$ ping -c 1 172.25.254.1\ndocker2# docker ps", "docker exec {first} ping -c 1 client; x=1; echo $x $?",
    "docker run -d --name {first}-2 busybox sh -c 'while true; do date; sleep 1; done'", "docker logs {first}-2",
    "echo '\u2028\x1b[1m ü'", "docker volume prune\ny", "systemctl restart docker", "iptables -t nat -F", "reboot",
]  # fmt: skip
ACTIONS = st.one_of(
    st.tuples(st.just("cell"), st.sampled_from(CELLS)),
    st.tuples(st.just("undo"), st.integers(1, 3)),
    st.tuples(st.sampled_from(["checkpoint", "goto"]), st.sampled_from("ab")),
    st.tuples(st.just("check"), st.sampled_from([None, "two", "take-over", "seen-as"])),
    st.tuples(st.just("hint"), st.sampled_from([None, "two", "tidy"])),
    st.tuples(st.just("predict"), st.sampled_from(
        [("lent", "a"), ("lent", "c"), ("networks", "3"), ("seen-as", "172.25.254.1"), ("seen-as", "1.2.3.4")])),
    st.tuples(st.sampled_from(["start", "reset", "resume", "other release", "other lesson", "again"]), st.none()),
)  # fmt: skip


class Session:
    """Somebody at work, with journals as a notebook writes them: a file for each release."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.labs = folder, Ticking(), []
        self.sit_down("29.7")

    def sit_down(self, release: str) -> Lab:
        self.lab = Lab(docker=release, journal=self.folder / f"a.sim-{release}.journal", clock=self.clock)
        self.labs.append(self.lab)
        return self.lab

    def do(self, action: str, what: object) -> None:
        lab = self.lab
        if action == "cell":
            numbers = lab.lesson.numbers if lab.lesson else {}
            text = str(what).replace("{first}", str(numbers.get("first", "a")))
            lab.run_cell(text.replace("{second}", str(numbers.get("second", "b"))))
        elif action == "predict":
            lab.predict(*what)
            lab.ticks() if lab.started else None
        elif action == "resume":  # the kernel died
            self.sit_down(lab.engine.release).resume()
        elif action == "other release":
            self.sit_down("28.5" if lab.engine.release == "29.7" else "29.7").take_over_lesson(lab)
        elif action in ("other lesson", "again"):
            lab.open_lesson("4" if action == "other lesson" else "1", "ann")
        elif action == "start":
            lab.start_lesson()
        else:
            getattr(lab, action)(*([] if what is None else [what]))


@example([("predict", ("networks", "3")), ("other release", None), ("resume", None), ("predict", ("networks", "3"))])
@example([("predict", ("seen-as", "1.2.3.4")), ("other release", None), ("resume", None),
          ("predict", ("seen-as", "172.25.254.1"))])
@settings(deadline=None, max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(st.lists(ACTIONS, min_size=4, max_size=25))
def test_an_honest_session_is_never_accused(actions):
    with TemporaryDirectory() as folder:
        there = Session(Path(folder))
        there.lab.open_lesson("1", "ann")
        there.lab.start_lesson()
        for action, what in actions:
            with contextlib.suppress(UsageError, CellError):
                there.do(action, what)
        journals = [file.read_bytes() for file in sorted(Path(folder).iterdir())]
        recorded = sum(state.earned for state in there.lab.tasks().tasks) if there.lab.lesson else 0.0

        work = run_again(journals, Terms(student="ann"))

    assert [(f.kind.value, dict(f.fields)) for f in work.findings] == []
    assert sum(score.earned for score in work.scores) >= recorded

