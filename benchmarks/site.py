"""python benchmarks/site.py [FOLDER]: what a visit to the course in a browser weighs, and how long one waits.

FOLDER is a site that stands; without it one is built. Chromium and the server share this machine's cores, so the
seconds say more of the machine than of the course; the processor's seconds of an empty notebook's kernel stand beside.
What brotli makes of the files is told where it is installed (pip install brotli).
"""

from __future__ import annotations

import gzip
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "browser"))
from course import BASE, NOBODY_ELSE, Course, make, see_lesson, served, window
from pages import CHROMIUM, FLAGS, Learner

try:
    import brotli
except ImportError:
    brotli = None

PACKED = (".whl", ".tar", ".zip", ".png", ".woff2")
VISITS = 5


def weight(course: Course) -> tuple[int, int, int | None]:
    """(bytes, bytes after gzip, after brotli) of the files that were asked for, each once."""
    paths = {unquote(urlsplit(url).path) for url in course.asked if url.startswith(course.url)}
    files = [course.folder / (path.removeprefix(BASE) or "index.html") for path in paths]
    data = [(file, file.read_bytes()) for file in files if file.is_file()]
    return (
        sum(len(content) for _, content in data),
        sum(len(content if file.suffix in PACKED else gzip.compress(content, 6)) for file, content in data),
        None if brotli is None else sum(
            len(content if file.suffix in PACKED else brotli.compress(content)) for file, content in data
        ),
    )  # fmt: skip


def visit(browser_window, course: Course) -> tuple[float, float, float]:
    """Seconds until the notebook is there, from then until the first `docker run` is answered, of a later cell."""
    begun = time.perf_counter()
    see_lesson(browser_window, course)
    seen = time.perf_counter()
    learner = Learner(browser_window)
    learner.run(1)
    answered = time.perf_counter()
    later = []
    for number in (2, 3, 4, 5):
        before = time.perf_counter()
        learner.run(number)
        later.append(time.perf_counter() - before)
    return seen - begun, answered - seen, statistics.median(later)


def measure(folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, served(folder) as course:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, NOBODY_ELSE])
        with window(browser, course) as page:
            first = visit(page, course)
            whole, packed, packed_more = weight(course)
            rest = [visit(page, course) for _ in range(VISITS)]
        browser.close()
    print(f"a first visit: {whole / 1e6:.1f} MB, {packed / 1e6:.1f} MB by gzip")
    if packed_more is not None:
        print(f"by brotli: {packed_more / 1e6:.1f} MB")
    print(f"the folder: {sum(file.stat().st_size for file in folder.rglob('*') if file.is_file()) / 1e6:.1f} MB")
    for name, place in (("notebook visible", 0), ("then the first cell answered", 1), ("a later cell", 2)):
        times = sorted(one[place] for one in rest)
        print(f"{name}: first visit {first[place]:.1f} s; then {statistics.median(times):.2f} s (from {times[0]:.2f})")


def main(folder: str = "") -> int:
    if folder:
        measure(Path(folder))
        return 0
    with tempfile.TemporaryDirectory() as place:
        begun = time.perf_counter()
        built = make(Path(place) / "course")
        print(built.stdout or built.stderr, f"built in {time.perf_counter() - begun:.0f} s", sep="")
        if built.returncode:
            return 1
        measure(Path(place) / "course")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
