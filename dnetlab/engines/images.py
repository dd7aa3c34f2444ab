"""The lab's images, made from what the machine has: no registry is asked, and every engine gets the same ones.

An image is layers of files plus a configuration; here both are written down as plain data and put into the archive
form that `docker load` reads. Programs are the machine's own: busybox, curl, nginx and the libraries they name.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from dnetlab.errors import EngineError

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CREATED = "2026-11-01T00:00:00Z"
NGINX_PAGE = (
    "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>\n"
)
APACHE_PAGE = "<html><body><h1>It works!</h1></body></html>\n"
WEBSERVER_PAGE = "<html><body><h1>webserver v3</h1></body></html>\n"

NGINX_CONF = """\
user root;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
pid /var/run/nginx.pid;
events { worker_connections 1024; }
http {
    default_type application/octet-stream;
    types { text/html html htm; text/plain txt; }
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
    access_log /var/log/nginx/access.log main;
    include /etc/nginx/conf.d/*.conf;
}
"""
NGINX_SITE = """\
server {
    listen 80;
    listen [::]:80;
    server_name localhost;
    location / { root /usr/share/nginx/html; index index.html index.htm; }
}
"""

# A service of the busybox tools as a container's first process: it ends at once when it is told to stop.
SERVICE = """\
#!/bin/sh
trap 'kill $service; exit 0' TERM INT WINCH QUIT
{command} &
service=$!
wait $service
"""
MYSQL_ENTRYPOINT = """\
#!/bin/sh
if [ "$1" = mysqld ] && [ -z "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
    now=$(date -Iseconds | sed 's/UTC$/+00:00/')
    echo "$now [Note] [Entrypoint]: Entrypoint script for MySQL Server 8.4.7-1.el9 started."
    echo "$now [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified" >&2
    echo "    You need to specify one of the following as an environment variable:" >&2
    echo "    - MYSQL_ROOT_PASSWORD" >&2
    echo "    - MYSQL_ALLOW_EMPTY_PASSWORD" >&2
    echo "    - MYSQL_RANDOM_ROOT_PASSWORD" >&2
    exit 1
fi
exec "$@"
"""


@dataclass(frozen=True)
class Image:
    """One image: its tags, its layers from the bottom up (names of `layers()`), and what docker inspect shows."""

    tags: tuple[str, ...]
    layers: tuple[str, ...]
    command: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    stop_signal: str = ""
    directory: str = ""
    volumes: tuple[str, ...] = ()
    extra: dict[str, str] = field(default_factory=dict)


CATALOGUE = (
    Image(("busybox:latest",), ("busybox",), ("sh",)),
    Image(("alpine:latest",), ("busybox", "alpine"), ("/bin/sh",)),
    Image(("busyboxplus:latest", "radial/busyboxplus:latest"), ("busybox", "curl"), ("/bin/sh",)),
    Image(
        ("nginx:latest", "nginx:alpine"),
        ("busybox", "curl", "nginx"),
        ("nginx", "-g", "daemon off;"),
        environment=("NGINX_VERSION=1.22.1", "PKG_RELEASE=1", "NJS_VERSION=0.7.11"),
        ports=("80/tcp",),
        stop_signal="SIGQUIT",
    ),
    Image(
        ("httpd:latest",),
        ("busybox", "httpd"),
        ("httpd-foreground",),
        environment=("HTTPD_PREFIX=/usr/local/apache2", "HTTPD_VERSION=2.4.65"),
        ports=("80/tcp",),
        stop_signal="SIGWINCH",
        directory="/usr/local/apache2",
    ),
    Image(("webserver:v3",), ("busybox", "webserver"), ("httpd-foreground",), ports=("80/tcp",)),
    Image(
        ("mysql:latest",),
        ("busybox", "mysql"),
        ("mysqld",),
        entrypoint=("docker-entrypoint.sh",),
        environment=("MYSQL_MAJOR=8.4", "MYSQL_VERSION=8.4.7-1.el9"),
        ports=("3306/tcp", "33060/tcp"),
    ),
    Image(
        ("php-fpm:latest",),
        ("busybox", "php"),
        ("php-fpm",),
        environment=("PHP_VERSION=8.4.14",),
        ports=("9000/tcp",),
        stop_signal="SIGQUIT",
        directory="/var/www/html",
    ),
)


class Layer:
    """A layer being written: files, directories and links, all of root, all of one date.

    merged: /bin, /sbin, /lib and /lib64 are links into /usr, so what is put there goes to /usr.
    """

    def __init__(self, merged: bool = False) -> None:
        self._merged = merged
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._seen: set[str] = set()

        for name in ("bin", "sbin", "lib", "lib64") if merged else ():
            self.link(name, f"usr/{name}")

    def _place(self, path: str) -> str:
        path = path.strip("/")
        inside = path.partition("/")
        return f"usr/{path}" if self._merged and inside[2] and inside[0] in ("bin", "sbin", "lib", "lib64") else path

    def _parents(self, path: str) -> None:
        parts = path.strip("/").split("/")[:-1]
        for index in range(1, len(parts) + 1):
            self.folder("/".join(parts[:index]))

    def folder(self, path: str, mode: int = 0o755) -> None:
        """A directory and the ones above it."""
        path = self._place(path)
        if path in self._seen:
            return
        self._parents(path)
        self._seen.add(path)
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, mode, 1761955200
        self._tar.addfile(entry)

    def file(self, path: str, content: bytes | str, mode: int = 0o644) -> None:
        """A plain file."""
        path = self._place(path)
        self._parents(path)
        data = content.encode() if isinstance(content, str) else content
        entry = tarfile.TarInfo(path.strip("/"))
        entry.size, entry.mode, entry.mtime = len(data), mode, 1761955200
        self._tar.addfile(entry, io.BytesIO(data))

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        path = self._place(path)
        self._parents(path)
        entry = tarfile.TarInfo(path.strip("/"))
        entry.type, entry.linkname, entry.mode, entry.mtime = tarfile.SYMTYPE, target, 0o777, 1761955200
        self._tar.addfile(entry)

    def program(self, name: str, path: str) -> None:
        """A program of the machine with every library it names."""
        found = shutil.which(name)
        if found is None:
            raise EngineError(
                "the lab's images need the program {name}, which this machine lacks",
                hint="install it, on Debian: apt-get install {package}",
                name=name,
                package=PACKAGES.get(name, name),
            )
        self.program_at(found, path)

    def program_at(self, found: str, path: str) -> None:
        """The program of that path of the machine, put at `path` in the layer, with every library it names."""
        self.file(path, Path(found).resolve().read_bytes(), 0o755)
        listing = subprocess.run(["ldd", found], capture_output=True, text=True).stdout
        for word in listing.split():
            if word.startswith("/") and word not in self._seen:
                self._seen.add(word)
                self.file(word, Path(word).resolve().read_bytes(), 0o755)

    def done(self) -> bytes:
        """The layer as a tar file."""
        self._tar.close()
        return self._buffer.getvalue()


PACKAGES = {"busybox": "busybox-static", "nginx": "nginx-light", "curl": "curl"}


def _busybox() -> Layer:
    layer = Layer()
    for name in ("bin", "dev", "etc", "home", "lib", "proc", "root", "sbin", "sys", "usr/bin", "usr/sbin", "var/run"):
        layer.folder(name)
    layer.folder("tmp", 0o1777)
    layer.program("busybox", "bin/busybox")
    names = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if name != "busybox":
            layer.link(f"bin/{name}", "busybox")
    layer.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n")
    layer.file("etc/group", "root:x:0:\nnogroup:x:65534:\n")
    layer.file("etc/nsswitch.conf", "hosts: files dns\n")
    return layer


def _curl() -> Layer:
    layer = Layer()
    layer.program("curl", "usr/bin/curl")
    layer.file("root/.curlrc", "--no-progress-meter\n")  # what a terminal shows when the page itself goes to it
    for name in ("libnss_dns.so.2", "libnss_files.so.2"):
        found = next(Path("/lib").glob(f"*-linux-gnu/{name}"), None)
        if found is not None:
            layer.file(str(found), found.resolve().read_bytes(), 0o755)
    return layer


def _nginx() -> Layer:
    layer = Layer()
    layer.program("nginx", "usr/sbin/nginx")
    layer.file("etc/nginx/nginx.conf", NGINX_CONF)
    layer.file("etc/nginx/conf.d/default.conf", NGINX_SITE)
    layer.file("usr/share/nginx/html/index.html", NGINX_PAGE)
    for name in ("body", "fastcgi", "proxy", "scgi", "uwsgi"):
        layer.folder(f"var/lib/nginx/{name}")
    layer.link("var/log/nginx/access.log", "/dev/stdout")
    layer.link("var/log/nginx/error.log", "/dev/stderr")
    return layer


def _service(*files: tuple[str, str], scripts: dict[str, str]) -> Layer:
    layer = Layer()
    for path, content in files:
        layer.file(path, content)
    for path, text in scripts.items():
        layer.file(path, text, 0o755)
    return layer


def layers() -> dict[str, bytes]:
    """Every layer of the catalogue by name, as tar files. Raises EngineError naming a program the machine lacks."""
    httpd = SERVICE.format(command="httpd -f -p 80 -h /usr/local/apache2/htdocs")
    web = SERVICE.format(command="httpd -f -p 80 -h /var/www/html")
    built = {
        "busybox": _busybox(),
        "alpine": _service(("etc/alpine-release", "3.22.2\n"), scripts={}),
        "curl": _curl(),
        "nginx": _nginx(),
        "httpd": _service(
            ("usr/local/apache2/htdocs/index.html", APACHE_PAGE), scripts={"usr/local/bin/httpd-foreground": httpd}
        ),
        "webserver": _service(
            ("var/www/html/index.html", WEBSERVER_PAGE), scripts={"usr/local/bin/httpd-foreground": web}
        ),
        "mysql": _service(
            scripts={
                "usr/local/bin/docker-entrypoint.sh": MYSQL_ENTRYPOINT,
                "usr/sbin/mysqld": SERVICE.format(command="nc -ll -p 3306 -e /bin/true"),
            }
        ),
        "php": _service(
            ("var/www/html/.keep", ""),
            scripts={"usr/local/sbin/php-fpm": SERVICE.format(command="nc -ll -p 9000 -e /bin/true")},
        ),
    }
    return {name: layer.done() for name, layer in built.items()}


def _configuration(image: Image, digests: list[str]) -> bytes:
    config: dict[str, object] = {"Env": [PATH, *image.environment], "Cmd": list(image.command)}
    if image.entrypoint:
        config["Entrypoint"] = list(image.entrypoint)
    if image.ports:
        config["ExposedPorts"] = {port: {} for port in image.ports}
    if image.stop_signal:
        config["StopSignal"] = image.stop_signal
    if image.directory:
        config["WorkingDir"] = image.directory
    history = [{"created": CREATED, "created_by": f"dnetlab layer {name}"} for name in image.layers]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": CREATED,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": digests},
        "history": history,
    }
    return json.dumps(document, sort_keys=True).encode()


def write_archive(target: Path) -> str:
    """Write all images as one archive for `docker load`; a digest that changes when any of them does."""
    return _write(target, layers(), CATALOGUE)


def write_one(target: Path, tag: str, layer: bytes, command: tuple[str, ...]) -> str:
    """Write an archive with a single image of one layer; its digest."""
    return _write(target, {"only": layer}, (Image((tag,), ("only",), command),))


def _write(target: Path, parts: dict[str, bytes], catalogue: tuple[Image, ...]) -> str:
    digests = {name: "sha256:" + hashlib.sha256(data).hexdigest() for name, data in parts.items()}
    manifest = []
    with tarfile.open(target, "w") as archive:

        def put(name: str, data: bytes) -> None:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), 1761955200
            archive.addfile(entry, io.BytesIO(data))

        for name, data in parts.items():
            put(f"{name}/layer.tar", data)
        for image in catalogue:
            config = _configuration(image, [digests[name] for name in image.layers])
            name = hashlib.sha256(config).hexdigest() + ".json"
            put(name, config)
            manifest.append(
                {
                    "Config": name,
                    "RepoTags": list(image.tags),
                    "Layers": [f"{layer}/layer.tar" for layer in image.layers],
                }
            )
        put("manifest.json", json.dumps(manifest).encode())
    return hashlib.sha256(json.dumps([manifest, digests], sort_keys=True).encode()).hexdigest()[:16]
