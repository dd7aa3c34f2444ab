"""The wheels that no index has: the lab, what makes each kernel load it, and libraries as a page can have them."""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from dnetlab.version import __version__

PACKAGE = Path(__file__).resolve().parent.parent
# Both have a part in C beside one in Python that does the same; the index has no wheel of them for WebAssembly.
PLAIN = ("PyYAML", "MarkupSafe")
# Of the lab: what reaches other processes, or is called from a terminal.
_LEFT_OUT = ("assign/", "engines/look/", "engines/providers/", "gradebook/", "serve/", "site/", "_notebooks/")
_COMPILED = (".so", ".pyd", ".dylib", ".c", ".pyx", ".pxd", ".h", ".pyc")
_CONFIG = "c = get_config()\nc.InteractiveShellApp.extensions = ['dnetlab']\n"


def lab(folder: Path) -> Path:
    """The package as it is here, the notebooks left out: they are the site's contents."""
    files = {
        path.relative_to(PACKAGE.parent).as_posix(): path.read_bytes()
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and not path.relative_to(PACKAGE).as_posix().startswith(_LEFT_OUT)
    }
    sum = int(hashlib.sha256(b"".join(files.values())).hexdigest()[:8], 16)  # another name for another content
    return write(folder, "dnetlab", f"{__version__}.post{sum}", files, needs=requirements())


def requirements() -> list[str]:
    """Those of a plain install: in a checkout as pyproject.toml says now, else as it said when this was installed."""
    project = PACKAGE.parent / "pyproject.toml"
    if project.is_file():
        return list(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])
    return [one for one in metadata.requires("dnetlab") or [] if "extra ==" not in one]  # an extra is asked for


def start(folder: Path) -> Path:
    """A file of IPython's configuration, by which every kernel has %%dnet from the beginning."""
    return write(folder, "dnetlab_start", __version__, {
        "dnetlab_start.py": b"",
        f"dnetlab_start-{__version__}.data/data/etc/ipython/ipython_config.py": _CONFIG.encode()
    })  # fmt: skip


def plain(folder: Path, name: str) -> Path:
    """An installed library without what was compiled of it."""
    found = metadata.distribution(name)
    files = {
        path.as_posix(): Path(str(path.locate())).read_bytes()
        for path in found.files or ()
        if path.parts[0] != ".." and path.suffix not in _COMPILED and not path.parts[0].endswith(".dist-info")
    }
    needs = [one for one in found.requires or [] if "extra ==" not in one]
    return write(folder, name.lower(), found.version, files, needs)


def write(folder: Path, name: str, version: str, files: Mapping[str, bytes], needs: list[str] | None = None) -> Path:
    """A wheel of pure Python (PEP 427): the files, and what a wheel says of itself."""
    info = f"{name}-{version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {re.sub('_', '-', name)}\nVersion: {version}\n"
    about += "".join(f"Requires-Dist: {one}\n" for one in needs or ())
    kind = "Wheel-Version: 1.0\nGenerator: dnetlab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    whole = {**files, f"{info}/METADATA": about.encode(), f"{info}/WHEEL": kind.encode()}
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in whole.items())
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path, data in {**whole, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            packed.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return wheel


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
