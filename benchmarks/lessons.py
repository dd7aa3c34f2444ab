"""python benchmarks/lessons.py: what a lesson costs. A cell with its tasks judged beside the same cell without."""

from __future__ import annotations

from run import paired

from dnetlab.lab import Lab
from dnetlab.lessons.build import notebook
from dnetlab.lessons.read import read_lesson, script, shipped


def ticks(name: str) -> tuple[str, str]:
    """A `docker ps` in the lesson's lab, half solved: tasks judged after it, and not."""
    lab = Lab()
    lab.open_lesson(name)
    lab.start_lesson()
    for block in script(read_lesson(name), "solution.dnet").split("\n\n")[:2]:
        lab.run_cell(block)

    def plainly() -> None:
        lab.started = False
        lab.run_cell("docker ps")

    def judged() -> None:
        lab.started = True
        lab.run_cell("docker ps")

    with_ticks, without = paired(judged, plainly, 40)
    return f"{name}: a cell with ticks / without", f"{with_ticks / without:.1f}×  ({with_ticks * 1e3:.1f} ms)"


def reading(name: str) -> tuple[str, str]:
    lesson = read_lesson(name)
    read, built = paired(lambda: read_lesson(name), lambda: notebook(lesson, "zh"), 10)
    return f"{name}: read the lesson / build its notebook", f"{read / built:.1f}×  ({read * 1e3:.0f} ms)"


if __name__ == "__main__":
    for lesson_name in shipped():
        for row, value in (ticks(lesson_name), reading(lesson_name)):
            print(f"{row:<72} {value}", flush=True)
