"""Pyodide's own files: of the distribution that was given, or of npm's package, which has the core alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnetlab.errors import DnetError

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"
ASKED = "pandas"  # what a cell may import beside the lab
BETTER = ("regex",)  # what the lab does by `re` otherwise
HERE = "../pyodide"  # seen from the lock of the site
ELSEWHERE = "Get Pyodide {version} elsewhere, and name the file or folder with --pyodide."
Lock = dict[str, Any]


@dataclass(frozen=True)
class Distribution:
    """folder: where the files are; lock: what its packages are; has: names of those whose files are there, too."""

    folder: Path
    lock: Lock

    @property
    def version(self) -> str:
        """As its package.json has it, else its lock; '' when neither says."""
        package = self.folder / "package.json"
        said = json.loads(package.read_text(encoding="utf-8")) if package.is_file() else self.lock["info"]
        return str(said.get("version", ""))

    @property
    def has(self) -> tuple[str, ...]:
        wanted = [name for name in (ASKED, *BETTER) if name in self.lock["packages"]]
        return tuple(dict.fromkeys(
            one for name in wanted if all(self._is_here(part) for part in closure(self.lock, name))
            for one in closure(self.lock, name)
        ))  # fmt: skip

    def _is_here(self, name: str) -> bool:
        return self.folder.joinpath(self.lock["packages"][name]["file_name"]).is_file()


def closure(lock: Lock, name: str) -> Iterator[str]:
    """The package and whatever it depends on, each once."""
    seen, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one not in seen and one in lock["packages"]:
            seen.add(one)
            yield one
            waiting += [part.lower() for part in lock["packages"][one]["depends"]]


def get(given: Path | None, version: str, work: Path) -> Distribution:
    """The distribution, unpacked below `work` unless it is a folder. Raises DnetError."""
    folder = given if given is not None and given.is_dir() else _unpacked(given or _from_npm(version, work), work)
    for place in (folder, folder / "package", folder / "pyodide"):
        if all((place / name).is_file() for name in (*CORE, LOCK)):
            found = Distribution(place, json.loads((place / LOCK).read_text(encoding="utf-8")))
            if found.version not in (version, ""):
                raise DnetError(
                    "this is Pyodide {found}, and the notebooks' kernel is made for {version}",
                    hint="Give that one with --pyodide, or none.", found=found.version, version=version,
                )  # fmt: skip
            return found
    raise DnetError("{given} is no distribution of Pyodide {version}", hint="It has {names}.", given=given or folder,
                     version=version, names=", ".join((*CORE, LOCK)))  # fmt: skip


def _from_npm(version: str, work: Path) -> Path:
    """The package that npm's client gets, by whatever registry it is set up for."""
    npm = shutil.which("npm")
    if npm is None:
        raise DnetError("Pyodide is not here, and there is no npm to get it", hint=ELSEWHERE, version=version)
    asked = subprocess.run([npm, "pack", "--silent", f"pyodide@{version}"], cwd=work, capture_output=True, text=True)
    files = sorted(work.glob("pyodide-*.tgz"))
    if asked.returncode or not files:
        said = asked.stderr.strip().splitlines()[-1:] or [str(asked.returncode)]
        raise DnetError("npm could not get Pyodide: {said}", hint=ELSEWHERE, said=said[0], version=version)
    return files[0]


def _unpacked(file: Path, work: Path) -> Path:
    folder = work / "pyodide-files"
    try:
        with tarfile.open(file) as packed:
            packed.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise DnetError("{file} can't be unpacked: {error}", file=file, error=error) from None
    return folder


def lay(found: Distribution, version: str, folder: Path) -> None:
    """The core's files, and those of the packages that are in it, where JupyterLite looks for the core; its lock is
    empty, because JupyterLite would look for the packages somewhere else.
    """
    folder.mkdir(parents=True)
    for name in (*CORE, *(found.lock["packages"][name]["file_name"] for name in found.has)):
        shutil.copyfile(found.folder / name, folder / name)
    info = found.lock["info"] | {"version": version}  # without one the kernel is pointed at Pyodide's own server
    (folder / LOCK).write_text(json.dumps({**found.lock, "info": info, "packages": {}}), encoding="utf-8")


def packages(found: Distribution, url: str) -> dict[str, Any]:
    """What is loaded when a cell imports it, as entries of the site's lock: files of the folder, where the distribution
    has them, else pandas and what it needs at that URL; {} for nothing.
    """
    place, names = (HERE, found.has) if ASKED in found.has else (url, tuple(closure(found.lock, ASKED)))
    entries = {name: found.lock["packages"][name] for name in names}
    return {name: entry | {"file_name": f"{place}/{entry['file_name']}"} for name, entry in entries.items()}
