"""python tests/browser/binder.py [PICTURE]: what mybinder.org does with this project, without Docker.

A clean copy of the tracked files; as nobody (when root runs this) a new environment from binder/requirements.txt
and binder/postBuild; JupyterLab there; lab/tree/notebooks/00-tour.ipynb in a browser, and its first %%dnet cell run,
with nothing loaded by hand before. Exit status 1 when that cell doesn't answer. Takes minutes, and the Python index.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pages import CHROMIUM, FLAGS, Learner, open_notebook  # noqa: E402

from dnetlab.workspace import free_port  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "binder"


def copy_of_project(home: Path) -> Path:
    """The tracked files and nothing else, as a clone has them."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        target = home / "project" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return home / "project"


def somebody(home: Path) -> dict:
    """How a process is started that may do no more than anybody: subprocess's own arguments."""
    keep = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "http", "HTTP", "LANG"))}
    environment = keep | {"HOME": str(home), "PATH": f"{home}/venv/bin:/usr/local/bin:/usr/bin:/bin"}
    if os.getuid() != 0:
        return {"env": environment}
    nobody = pwd.getpwnam("nobody")
    for path in (home, *home.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"env": environment, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def answered(url: str, picture: str) -> str:
    """What stands under the tour's first cell of commands, once it has run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1366, "height": 1000}).new_page()
        page.set_default_timeout(180_000)
        open_notebook(page, url)
        said = Learner(page).run(1)  # 0 is %load_ext, which Binder's kernels don't need
        page.screenshot(path=picture)
        browser.close()
    return said


def main(picture: str = "binder.png") -> int:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        home = Path(folder)
        project, port = copy_of_project(home), free_port(8900)
        who = somebody(home)
        for command in (
            ["python3", "-m", "venv", str(home / "venv")],
            ["python", "-m", "pip", "install", "--quiet", "--no-cache-dir", "-r", "binder/requirements.txt"],
            ["bash", "binder/postBuild"],
        ):
            print("==", *command, flush=True)
            subprocess.run(command, cwd=project, check=True, **who)
        command = ["jupyter", "lab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
        command += [f"--IdentityProvider.token={TOKEN}"]
        server = subprocess.Popen(command, cwd=project, stderr=subprocess.DEVNULL, **who)
        try:
            said = answered(f"http://127.0.0.1:{port}/lab/tree/notebooks/00-tour.ipynb?token={TOKEN}", picture)
        finally:
            server.terminate()
            server.wait(timeout=60)
    print(said)
    return 0 if "docker ps" in said and "nginx" in said else 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
