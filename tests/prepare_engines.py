"""Bring Docker Engines of newer releases onto this machine: `python tests/prepare_engines.py [26.1] [28.5] [compose]`.

Debian's trixie has docker.io 26.1, its forky has 28.5. Each goes into a tree of its own under the cache (the
directory is printed; $DNETLAB_CACHE changes it), made by debootstrap from the mirror that this machine's own apt is
configured with. The tree then gets the machine's iptables, so that the rules that dockerd writes and the rules
that a student lists come from one version of it, and its ps, which `docker top` asks. Safe to call again: what is
ready is left as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dnetlab.engines.providers.namespaces import engine_data
from dnetlab.engines.store import SUITES, cache

SCRIPTS = Path("/usr/share/debootstrap/scripts")
IPTABLES = (
    "iptables",
    "libxtables12",
    "libnftnl11",
    "libmnl0",
    "libip4tc2",
    "libip6tc2",
    "libnfnetlink0",
    "libnetfilter-conntrack3",
)
PROCPS = ("procps", "libproc2-0")


def mirror() -> str:
    """The first Debian mirror of this machine's apt sources."""
    for path in sorted(Path("/etc/apt").glob("sources.list*")) + sorted(Path("/etc/apt/sources.list.d").glob("*")):
        if not path.is_file() or path.suffix not in (".list", ".sources"):
            continue
        for line in path.read_text().splitlines():
            found = re.match(r"(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+/debian/?)(?:\s|$)", line)
            if found:
                return found.group(1)
    sys.exit("prepare_engines: no Debian mirror is configured in this machine's apt sources")


def script_for(suite: str, scratch: Path) -> list[str]:
    """debootstrap's script for a suite it may be too old to know: all newer suites use the one of sid."""
    if (SCRIPTS / suite).exists():
        return []
    return [str(SCRIPTS / "sid")]


def take(tree: Path, packages: tuple[str, ...]) -> None:
    """Put what the machine has of these Debian packages into the tree."""
    listing = subprocess.run(["dpkg", "-L", *packages], capture_output=True, text=True).stdout.split()
    for name in dict.fromkeys(listing):
        path = Path(name)
        if "/share/" in name or not (path.is_file() or path.is_symlink()) or not name.startswith("/"):
            continue
        real = Path(os.path.realpath(path.parent)) / path.name
        target = tree / real.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)


def prepare(version: str) -> Path:
    """Make the tree of one release unless it is there; its path."""
    suite, tree = SUITES[version], cache() / version
    if (tree / ".ready").exists():
        if not (tree / "usr/bin/ps").exists():
            take(tree, PROCPS)
        print(f"docker {version}: ready in {tree}", flush=True)
        return tree
    part = tree.with_suffix(f".part-{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    cache().mkdir(parents=True, exist_ok=True)
    print(f"docker {version}: debootstrap of {suite}, about a minute", flush=True)
    words = ["debootstrap", "--variant=minbase", "--include=docker.io,iptables,iproute2", suite, str(part), mirror()]
    log = tree.with_suffix(".log")
    with log.open("w") as out:
        done = subprocess.run(words + script_for(suite, part), stdout=out, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        shutil.rmtree(part, ignore_errors=True)
        sys.exit(f"prepare_engines: debootstrap failed:\n{log.read_text()[-2000:]}")
    take(part, (*IPTABLES, *PROCPS))
    shutil.rmtree(part / "var/cache/apt", ignore_errors=True)
    (part / ".ready").touch()
    shutil.rmtree(tree, ignore_errors=True)
    part.rename(tree)
    print(f"docker {version}: ready in {tree}", flush=True)
    return tree


def prepare_compose() -> Path:
    """Debian forky's docker compose plugin, one file of one package: seconds. Its path."""
    place = cache() / "compose"
    file = place / "docker-compose"
    if file.exists():
        print(f"docker compose: ready in {place}", flush=True)
        return file
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        for name in ("lists/partial", "cache/archives/partial"):
            (top / name).mkdir(parents=True)
        (top / "sources.list").write_text(f"deb [trusted=yes] {mirror()} forky main\n")
        settings = {
            "Dir::Etc::sourcelist": top / "sources.list", "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": top / "lists", "Dir::Cache": top / "cache", "APT::Sandbox::User": "root",
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        for words in (["update"], ["download", "docker-compose"]):
            subprocess.run(["apt-get", "-qq", *options, *words], cwd=top, check=True)
        subprocess.run(["dpkg-deb", "-x", str(next(top.glob("docker-compose_*.deb"))), str(top / "tree")], check=True)
        found = next(p for p in (top / "tree").rglob("cli-plugins/docker-compose") if p.is_file())
        shutil.copy2(found, file)
    print(f"docker compose: ready in {place}", flush=True)
    return file


def main(wanted: list[str]) -> None:
    if not wanted or "compose" in wanted:
        prepare_compose()
    if wanted == ["compose"]:
        return
    wanted = [version for version in wanted if version != "compose"]
    for version in wanted or list(SUITES):
        prepare(version)
    for version in ("20.10", *(wanted or SUITES)):
        engine_data(version, lambda text: print(text, flush=True))


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("prepare_engines: needs root (debootstrap, namespaces)")
    if shutil.which("debootstrap") is None:
        sys.exit("prepare_engines: needs debootstrap; on Debian: apt-get install debootstrap")
    main(sys.argv[1:])
