"""Images from a registry, where one answers: Docker in Docker for the lab hosts, and public ones for the lab.

DNETLAB_REGISTRY names a registry to ask instead of Docker's own, such as 127.0.0.1:5000. The outer Engine pulls; what
it has already is not asked for again, and nothing it has is removed.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from dnetlab.engines import images
from dnetlab.engines.running import Progress, run_limited
from dnetlab.engines.store import cache
from dnetlab.errors import EngineError
from dnetlab.language import say

HOSTFILES = Path(__file__).resolve().parent.parent / "hostfiles"
PUBLIC = {
    "busybox:latest": ("busybox:latest",),
    "alpine:latest": ("alpine:latest",),
    "nginx:alpine": ("nginx:alpine", "nginx:latest"),
    "httpd:alpine": ("httpd:latest",),
}
# nginx:alpine has busybox's tools and curl, as busyboxplus has, whose own image newer engines refuse for its form.
PLUS = ("busyboxplus:latest", "radial/busyboxplus:latest")
TOOLS = (
    "bash coreutils curl findutils grep iproute2 bridge-utils iputils net-tools openssh procps util-linux traceroute"
)
PREPARE = f"""\
set -e
for tool in bash curl find nsenter ip bridge ss brctl ssh sshd stat timeout iptables-save; do
    command -v $tool >/dev/null || {{ apk add --no-cache {TOOLS}; break; }}
done
mkdir -p /usr/local/sbin /root
echo '::sysinit:/bin/true' >/etc/inittab
echo --no-progress-meter >/root/.curlrc
for tool in dnf apt apt-get; do ln -sf yum /usr/local/sbin/$tool; done
"""


def public(name: str) -> str:
    """The name by which an image is asked for: the registry of DNETLAB_REGISTRY in front of it, if there is one."""
    registry = os.environ.get("DNETLAB_REGISTRY", "").strip("/")
    return f"{registry}/{name}" if registry else name


def pull(api: Any, name: str, progress: Progress | None) -> bool:
    """Have the outer engine pull an image, unless it has it; whether it has it then."""
    if api.images(name=name):
        return True
    if progress:
        progress(say("pulling {name}", name=name))
    repository, _, tag = name.rpartition(":")
    try:
        for row in api.pull(repository, tag, stream=True, decode=True):
            if "error" in row:
                return False
    except Exception:  # noqa: BLE001 - no registry, or it has no such image
        return False
    return bool(api.images(name=name))


def host_image(api: Any, release: str, tag: str, labels: dict[str, str], progress: Progress | None) -> bool:
    """Make the image of a lab host from Docker's own of that release; False when no registry has that."""
    name = public(f"docker:{release}-dind")
    if not pull(api, name, progress):
        return False
    made = api.create_container(name, entrypoint=["sh", "-c", PREPARE], command=[], labels=labels)["Id"]
    try:
        layer = images.Layer()
        for tool in ("systemctl", "yum"):
            layer.file(f"usr/local/sbin/{tool}", (HOSTFILES / f"{tool}.sh").read_bytes(), 0o755)
        api.put_archive(made, "/", layer.done())
        api.start(made)
        if api.wait(made)["StatusCode"] != 0:
            raise EngineError(
                "{name} could not be made a lab host: {error}", name=name, error=api.logs(made, tail=3).decode().strip()
            )
        repository, _, version = tag.rpartition(":")
        api.commit(made, repository, version)
    finally:
        api.remove_container(made, force=True, v=True)
    if progress:
        progress(say("lab hosts run Docker {release}, pulled as {name}", release=release, name=name))
    return True


def archive(api: Any, docker: list[str], progress: Progress | None) -> Path | None:
    """The lab's images as an archive for `docker load`, pulled by the outer engine; None when it can't have them all.

    docker: the words of the outer engine's client
    """
    names = [public(name) for name in PUBLIC]
    if not all(pull(api, name, progress) for name in names):
        return None
    known = " ".join(api.inspect_image(name)["Id"] + name for name in names)
    target = cache() / f"pulled-{hashlib.sha256(known.encode()).hexdigest()[:12]}.tar"
    if not target.exists():
        cache().mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(f".{os.getpid()}")
        ran = run_limited([*docker, "save", "-o", str(part), *names], 300)
        if ran.exit_code != 0:
            raise EngineError("the pulled images can't be saved: {stderr}", stderr=ran.stderr.strip())
        part.replace(target)
    if progress:
        progress(say("the lab's images are pulled: {names}; the others are made from busybox", names=", ".join(names)))
    return target


def naming() -> str:
    """The shell text that gives loaded images the lab's names, and makes the others from busybox in /root/extra.tar."""
    lines = ["set -e"]
    for name, tags in PUBLIC.items():
        lines += [f"docker tag {public(name)} {tag}" for tag in (*tags, *(PLUS if name == "nginx:alpine" else ()))]
        lines += [f"docker rmi {public(name)}"] if public(name) not in tags else []
    for image in images.CATALOGUE:
        if image.layers[-1] not in EXTRA:
            continue
        words = ", ".join(f'"{word}"' for word in image.command)
        entry = ", ".join(f'"{word}"' for word in image.entrypoint)
        changes = [f"CMD [{words}]", f"ENTRYPOINT [{entry}]", *(f"EXPOSE {port}" for port in image.ports)]
        changes += [f"ENV {value}" for value in image.environment]
        lines += [
            "docker create --name dnetlab-extra busybox:latest",
            f"docker cp - dnetlab-extra:/ </root/{image.layers[-1]}.tar",
            "docker commit " + " ".join(f"-c '{change}'" for change in changes) + f" dnetlab-extra {image.tags[0]}",
            "docker rm dnetlab-extra",
        ]
    return "\n".join(lines)


EXTRA = {
    "webserver": {
        "var/www/html/index.html": images.WEBSERVER_PAGE,
        "usr/local/bin/httpd-foreground": images.SERVICE.format(command="httpd -f -p 80 -h /var/www/html"),
    },
    "mysql": {
        "usr/local/bin/docker-entrypoint.sh": images.MYSQL_ENTRYPOINT,
        "usr/sbin/mysqld": images.SERVICE.format(command="nc -ll -p 3306 -e /bin/true"),
    },
    "php": {"usr/local/sbin/php-fpm": images.SERVICE.format(command="nc -ll -p 9000 -e /bin/true")},
}


def extra(name: str) -> bytes:
    """The files that make busybox one of the lab's own images, as a tar file."""
    layer = images.Layer()
    for path, text in EXTRA[name].items():
        layer.file(path, text, 0o755)
    return layer.done()
