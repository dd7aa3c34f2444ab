"""The images of the lab, as data: what is on the hosts from the start, and what `docker pull` can bring.

Those present from the start are the same as on the real lab hosts (dnetlab/engines/images.py); the others have the
names and sizes of Docker Hub's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from dnetlab.sim.dockerd.imagefiles import OWN
from dnetlab.sim.dockerd.imagelayers import Layer, Step, merged

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BUILT = -1929600.0  # 2026-11-01T00:00:00Z on the lab's clock


@dataclass(frozen=True)
class Recipe:
    """One image.

    key         of its own; ids and digests derive from it
    tags        'repository:tag' under which it can be had
    present     the tags that are on a host from the start; () when it must be pulled first
    userland    whose tools are inside (see dnetlab.sim.context)
    programs    servers and scripts inside, beside the userland's tools
    layers      names of its layers, from the bottom; equal names are shared between images
    created     on the lab's clock
    made        layers that somebody put on top of those, by a commit or a build
    made_id     the id of an image that was made in the lab, '' for one of the catalogue; parent: the image it was made
                from, as long as that is known; steps: its history, the oldest first
    user, on_build, shell, author, comment: as a Dockerfile or a commit sets them
    health      .Config.Healthcheck as the API writes it, as pairs; None: nothing is said of it
    """

    key: str
    tags: tuple[str, ...]
    command: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    stop_signal: str = ""
    directory: str = ""
    volumes: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    present: tuple[str, ...] = ()
    userland: str = "busybox"
    programs: tuple[str, ...] = ()
    layers: tuple[str, ...] = ("busybox",)
    created: float = BUILT
    made: tuple[Layer, ...] = ()
    made_id: str = ""
    parent: str = ""
    steps: tuple[Step, ...] = ()
    user: str = ""
    on_build: tuple[str, ...] = ()
    shell: tuple[str, ...] = ()
    author: str = ""
    comment: str = ""
    health: tuple[tuple[str, object], ...] | None = None

    @property
    def id(self) -> str:
        if self.made_id:
            return self.made_id
        return "sha256:" + (_IDS.get(self.key) or hashlib.sha256(f"image:{self.key}".encode()).hexdigest())

    @property
    def digest(self) -> str:
        """Of its manifest, as `docker pull` prints it."""
        return "sha256:" + hashlib.sha256(f"manifest:{self.made_id or self.key}".encode()).hexdigest()

    @property
    def layer_ids(self) -> tuple[str, ...]:
        below = tuple("sha256:" + hashlib.sha256(f"layer:{name}".encode()).hexdigest() for name in self.layers)
        return (*below, *(layer.id for layer in self.made))

    @property
    def size(self) -> int:
        """Bytes, as `docker images` shows."""
        return sum(self.layer_sizes)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Bytes of each layer alone."""
        return (*(LAYER_SIZES[name] for name in self.layers), *(layer.size for layer in self.made))

    @cached_property
    def content(self) -> Layer:
        """Its files, beside its programs and those that every image has."""
        return merged((*([OWN[self.key]] if self.key in OWN else []), *self.made))

    @property
    def history(self) -> tuple[Step, ...]:
        """The oldest first; the lab's own images were made layer by layer."""
        if self.steps or self.made_id:
            return self.steps
        return tuple(Step(self.created, f"dnetlab layer {name}", LAYER_SIZES[name]) for name in self.layers)

    @property
    def environment(self) -> tuple[str, ...]:
        return self.env if self.made_id else (PATH, *self.env)


# As the real lab hosts named them (they follow from the files of the machine that built them).
_IDS = {
    "busybox": "dfbab3089f3d9bd1400bb46886e1a73fcb2cc2334d63afc8e7b79b4d1bc79c5c",
    "alpine": "bff308493768965da93ff2f6bbe3285eefd52488e640522df918365020c52506",
    "busyboxplus": "98254d854673f7ce86827b43d776642e425510da91b343e21c1b9b02803bb6f4",
    "nginx": "b1b396d8d467e43dd9129027a5294a3f4bac633e08496997c00a978389124a04",
    "httpd": "6906919bd967dcad06f5843901bfb30de41afc6a98f87ab71f00fbe7ff5abe4f",
    "webserver": "8f5136988b681e78da8fe558575c8e5700620cccba0dcf953a624c81e0a78b8f",
    "mysql": "9a1572f2e67aa92d28c7ed03076e3608605dd9d78add307a89ee6ff0515cd1bb",
    "php-fpm": "d1a45bedaaa8b2a210ee9cb9555736359ef9c4fbb509d2673a74153383e8432c",
}
_MYSQL = ("docker-entrypoint.sh",)
CATALOGUE: tuple[Recipe, ...] = (
    Recipe("busybox", ("busybox:latest", "busybox:1", "busybox:1.37", "busybox:musl", "busybox:glibc"), ("sh",),
           present=("busybox:latest",)),
    Recipe("alpine", ("alpine:latest", "alpine:3", "alpine:3.22", "alpine:3.20"), ("/bin/sh",),
           present=("alpine:latest",), userland="alpine", layers=("busybox", "alpine")),
    Recipe("busyboxplus", ("radial/busyboxplus:latest", "radial/busyboxplus:curl"), ("/bin/sh",),
           present=("busyboxplus:latest", "radial/busyboxplus:latest"), userland="busyboxplus",
           layers=("busybox", "curl")),
    Recipe("nginx", ("nginx:latest", "nginx:alpine", "nginx:1", "nginx:1.22", "nginx:stable", "nginx:mainline",
                     "nginx:stable-alpine"),
           ("nginx", "-g", "daemon off;"), env=("NGINX_VERSION=1.22.1", "PKG_RELEASE=1", "NJS_VERSION=0.7.11"),
           ports=("80/tcp",), stop_signal="SIGQUIT", present=("nginx:latest", "nginx:alpine"), userland="nginx",
           programs=("nginx",), layers=("busybox", "curl", "nginx")),
    Recipe("httpd", ("httpd:latest", "httpd:alpine", "httpd:2.4", "httpd:2", "httpd:2.4-alpine"), ("httpd-foreground",),
           env=("HTTPD_PREFIX=/usr/local/apache2", "HTTPD_VERSION=2.4.65"), ports=("80/tcp",), stop_signal="SIGWINCH",
           directory="/usr/local/apache2", present=("httpd:latest",), programs=("httpd-foreground",),
           layers=("busybox", "httpd")),
    Recipe("webserver", (), ("httpd-foreground",), ports=("80/tcp",), present=("webserver:v3",),
           programs=("httpd-foreground",), layers=("busybox", "webserver")),
    Recipe("mysql", ("mysql:latest", "mysql:8", "mysql:8.4"), ("mysqld",), entrypoint=_MYSQL,
           env=("MYSQL_MAJOR=8.4", "MYSQL_VERSION=8.4.7-1.el9"), ports=("3306/tcp", "33060/tcp"),
           present=("mysql:latest",), programs=("mysqld", "docker-entrypoint.sh"), layers=("busybox", "mysql")),
    Recipe("php-fpm", (), ("php-fpm",), env=("PHP_VERSION=8.4.14",), ports=("9000/tcp",), stop_signal="SIGQUIT",
           directory="/var/www/html", present=("php-fpm:latest",), programs=("php-fpm",), layers=("busybox", "php")),
    Recipe("redis", ("redis:latest", "redis:alpine", "redis:8"), ("redis-server",),
           env=("REDIS_VERSION=8.2.3",), ports=("6379/tcp",), directory="/data", volumes=("/data",),
           programs=("redis-server",), layers=("busybox", "redis")),
    Recipe("postgres", ("postgres:latest", "postgres:alpine", "postgres:17", "postgres:16"), ("postgres",),
           entrypoint=_MYSQL, env=("PG_MAJOR=17", "PG_VERSION=17.6-2.pgdg13+1", "PGDATA=/var/lib/postgresql/data"),
           ports=("5432/tcp",), stop_signal="SIGINT", volumes=("/var/lib/postgresql/data",), userland="debian",
           programs=("postgres", "docker-entrypoint.sh"), layers=("debian", "postgres")),
    Recipe("mariadb", ("mariadb:latest", "mariadb:11", "mariadb:lts"), ("mariadbd",), entrypoint=_MYSQL,
           env=("MARIADB_VERSION=1:11.8.3+maria~ubu2404",), ports=("3306/tcp",), volumes=("/var/lib/mysql",),
           userland="debian", programs=("mariadbd", "docker-entrypoint.sh"), layers=("ubuntu", "mariadb")),
    Recipe("tomcat", ("tomcat:latest", "tomcat:10", "tomcat:9"), ("catalina.sh", "run"),
           env=("CATALINA_HOME=/usr/local/tomcat",), ports=("8080/tcp",), directory="/usr/local/tomcat",
           userland="debian", programs=("catalina.sh",), layers=("ubuntu", "tomcat")),
    Recipe("registry", ("registry:latest", "registry:2", "registry:3"), ("/etc/distribution/config.yml",),
           entrypoint=("/entrypoint.sh",), ports=("5000/tcp",), volumes=("/var/lib/registry",), userland="alpine",
           programs=("entrypoint.sh", "/entrypoint.sh", "registry"), layers=("busybox", "alpine", "registry")),
    Recipe("whoami", ("traefik/whoami:latest", "containous/whoami:latest"), (), entrypoint=("/whoami",),
           ports=("80/tcp",), userland="none", programs=("/whoami",), layers=("whoami",)),
    Recipe("netshoot", ("nicolaka/netshoot:latest",), ("zsh",), env=("HOME=/root",), directory="/root",
           userland="netshoot", programs=("zsh",), layers=("netshoot",)),
    Recipe("hello-world", ("hello-world:latest",), ("/hello",), userland="none", programs=("/hello",),
           layers=("hello",)),
    Recipe("debian", ("debian:latest", "debian:12", "debian:bookworm"), ("bash",), userland="debian",
           layers=("debian",)),
    Recipe("ubuntu", ("ubuntu:latest", "ubuntu:24.04", "ubuntu:22.04", "ubuntu:noble", "ubuntu:jammy"),
           ("/bin/bash",), userland="debian", layers=("ubuntu",)),
)  # fmt: skip
BY_ID: dict[str, Recipe] = {recipe.id: recipe for recipe in CATALOGUE}
BY_TAG: dict[str, Recipe] = {tag: recipe for recipe in CATALOGUE for tag in recipe.tags}
LAYER_SIZES = {  # bytes of a layer alone; the size of an image is the sum of its layers
    "busybox": 1_984_251, "curl": 19_115_749, "nginx": 9_820_626, "mysql": 734, "httpd": 175, "webserver": 173,
    "php": 105, "alpine": 7, "redis": 39_415_749, "hello": 10_072, "debian": 117_000_000, "ubuntu": 78_100_000,
    "postgres": 321_000_000, "mariadb": 252_000_000, "tomcat": 389_000_000, "registry": 50_200_000,
    "whoami": 6_610_000, "netshoot": 202_000_000,
}  # fmt: skip
# Layer -> (content, unpacked): bytes of its archive, and of the files made of it, where containerd keeps the images
# (recorded from 29.7.2 for those on the hosts; of the others about what Docker Hub tells).
STORED = {
    "busybox": (2_144_000, 2_000_000), "curl": (19_120_000, 19_200_000), "nginx": (9_876_000, 9_840_000),
    "mysql": (4_000, 4_000), "httpd": (4_000, 4_000), "webserver": (4_000, 4_000), "php": (4_000, 4_000),
    "alpine": (4_000, 4_000), "redis": (17_100_000, 39_420_000), "hello": (3_960, 16_000),
    "debian": (48_500_000, 117_000_000), "ubuntu": (29_700_000, 78_100_000),
    "postgres": (107_000_000, 321_000_000), "mariadb": (74_600_000, 252_000_000),
    "tomcat": (170_000_000, 389_000_000), "registry": (17_500_000, 50_200_000), "whoami": (2_770_000, 6_610_000),
    "netshoot": (74_000_000, 202_000_000),
}  # fmt: skip
