"""docker version and docker info."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.commands.gotemplate import Map, Struct, TemplateError
from dnetlab.commands.gotemplate.values import NilList, to_json
from dnetlab.model import ContainerState
from dnetlab.sim.dockercli.session import Failed, Session, Unreachable
from dnetlab.sim.dockercli.table import read, unescape
from dnetlab.sim.dockerd.books import release_of


@dataclass(frozen=True)
class Build:
    """What a release says of itself, observed with `docker version`; '' where no recording tells (29.7)."""

    least_api: str
    go: str
    commit: str
    built: str
    containerd: tuple[str, str]
    runc: tuple[str, str]
    system: str


BUILDS: dict[str, Build] = {
    "20.10": Build("1.12", "go1.19.8", "5d6db84", "Thu May  7 21:09:36 2026", ("1.6.20~ds1", "1.6.20~ds1-1+deb12u3"),
                   ("1.1.5+ds1", "1.1.5+ds1-1+deb12u1"), "Debian GNU/Linux 12 (bookworm)"),
    "26.1": Build("1.24", "go1.24.4", "411e817", "Thu Aug 13 05:35:48 2026", ("1.7.24~ds1", "1.7.24~ds1-6+deb13u1"),
                  ("1.1.15+ds1", "1.1.15+ds1-2+b4"), "Debian GNU/Linux 13 (trixie)"),
    "28.5": Build("1.24", "go1.27.1", "3ef3c07c883be49a2e8097bcf6d2952fce1d70eb", "Tue Sep 15 11:02:57 2026",
                  ("2.1.9+unknown", ""), ("1.3.6+ds1", "1.3.6+ds1-1"), "Debian GNU/Linux forky/sid"),
    "29.7": Build("1.44", "", "", "", ("", ""), ("1.3.6", ""), "Debian GNU/Linux 12 (bookworm)"),
}  # fmt: skip
CLIENT_API = "1.50"
KERNEL = "6.1.0-32-amd64"  # Debian 12's, as `uname -r` on the hosts


def _client(session: Session) -> Struct:
    api = CLIENT_API
    if session.context.machine.docker_running:
        api = min(CLIENT_API, release_of(session.world).api)
    found = Struct({
        "Version": "28.2.2", "ApiVersion": api, "DefaultAPIVersion": CLIENT_API, "GitCommit": "e6534b4",
        "GoVersion": "go1.24.3", "Os": "linux", "Arch": "amd64", "BuildTime": "Fri May 30 12:07:14 2025",
        "Context": "default",
    }, "system.clientVersion")  # fmt: skip
    found.alias("APIVersion", "ApiVersion")
    return found


def _server(session: Session) -> Struct:
    build, release = BUILDS[session.world.release], release_of(session.world)
    details = {"ApiVersion": release.api, "Arch": "amd64", "BuildTime": build.built, "Experimental": "false",
               "GitCommit": build.commit, "GoVersion": build.go, "KernelVersion": KERNEL,
               "MinAPIVersion": build.least_api, "Os": "linux"}  # fmt: skip
    parts = [("Engine", release.version, details)]
    parts += [(name, version, {"GitCommit": commit}) for name, (version, commit) in
              (("containerd", build.containerd), ("runc", build.runc), ("docker-init", ("0.19.0", "")))]  # fmt: skip
    components = [Struct({"Name": name, "Version": number, "Details": Map(dict(more))}, "types.ComponentVersion")
                  for name, number, more in parts]  # fmt: skip
    found = Struct({
        "Platform": Struct({"Name": ""}), "Components": components, "Version": release.version,
        "ApiVersion": release.api,
        "MinAPIVersion": build.least_api, "GitCommit": build.commit, "GoVersion": build.go, "Os": "linux",
        "Arch": "amd64", "KernelVersion": KERNEL, "BuildTime": _iso(build.built),
    }, "*types.Version")  # fmt: skip
    found.alias("APIVersion", "ApiVersion")
    return found


def _iso(text: str) -> str:
    """'Thu May  7 21:09:36 2026' -> '2026-05-07T21:09:36.000000000+00:00', as the API has it."""
    from datetime import datetime

    return f"{datetime.strptime(text, '%a %b %d %H:%M:%S %Y'):%Y-%m-%dT%H:%M:%S}.000000000+00:00" if text else ""


def version(session: Session) -> int:
    client = _client(session)
    up = session.context.machine.docker_running
    server = _server(session) if up else None
    form = session.call.text("format")
    if form:
        data = Struct({"Client": client, "Server": server}, "system.versionInfo")
        _formatted(session, form, data, "version")
    else:
        session.stdout.append(_version_text(session, client))
    if not up:
        raise Unreachable
    return 0


def _formatted(session: Session, form: str, data: Struct, name: str = "") -> None:
    """--format; an error while it is filled in has no preface (observed on client 28.2.2)."""
    if form == "json":
        session.out(to_json(data))
        return
    template = read(unescape(form), "template parsing error: {}", 64)
    try:
        session.out(template.execute(data))
    except TemplateError as error:
        raise Failed(str(error).replace("template: :", f"template: {name}:").replace('""', f'"{name}"', 1)) from None


def _version_text(session: Session, client: Struct) -> str:
    api = client["ApiVersion"]
    shown = api if api == CLIENT_API else f"{api} (downgraded from {CLIENT_API})"
    text = (
        f"Client:\n Version:           {client['Version']}\n API version:       {shown}\n"
        f" Go version:        {client['GoVersion']}\n Git commit:        {client['GitCommit']}\n"
        f" Built:             {client['BuildTime']}\n OS/Arch:           linux/amd64\n Context:           default\n"
    )
    if not session.context.machine.docker_running:
        return text
    build, release = BUILDS[session.world.release], release_of(session.world)
    text += (
        f"\nServer:\n Engine:\n  Version:          {release.version}\n"
        f"  API version:      {release.api} (minimum version {build.least_api})\n  Go version:       {build.go}\n"
        f"  Git commit:       {build.commit}\n  Built:            {build.built}\n  OS/Arch:          linux/amd64\n"
        "  Experimental:     false\n"
    )
    parts = (("containerd", build.containerd), ("runc", build.runc), ("docker-init", ("0.19.0", "")))
    for name, (number, commit) in parts:
        text += f" {name}:\n  Version:          {number}\n  GitCommit:        {commit}\n"
    return text


def info(session: Session) -> int:
    up = session.context.machine.docker_running
    form = session.call.text("format")
    if form:
        if not up:
            raise Unreachable
        _formatted(session, form, _info(session))
        return 0
    session.stdout.append("Client:\n Version:    28.2.2\n Context:    default\n Debug Mode: false\n\nServer:\n")
    if not up:
        raise Unreachable
    session.stdout.append(_info_text(session))
    return 0


def _loggers(session: Session) -> list[str]:
    """Observed on 20.10.24, 26.1.5, 28.5.2."""
    release = session.world.release
    gone = {"20.10": (), "26.1": ("logentries",)}.get(release, ("gcplogs", "logentries"))
    known = "awslogs fluentd gcplogs gelf journald json-file local logentries splunk syslog"
    return [name for name in known.split() if name not in gone]


def _info(session: Session) -> Struct:
    build = BUILDS[session.world.release]
    machine = session.context.machine
    states = [c.state for c in machine.containers]
    running = sum(s in (ContainerState.RUNNING, ContainerState.RESTARTING) for s in states)
    paused = sum(s is ContainerState.PAUSED for s in states)
    plugins = Struct({"Volume": ["local"], "Network": ["bridge", "host", "ipvlan", "macvlan", "null", "overlay"],
                      "Authorization": NilList(), "Log": _loggers(session)})  # fmt: skip
    return Struct({
        "ID": _id(session), "Containers": len(states), "ContainersRunning": running, "ContainersPaused": paused,
        "ContainersStopped": len(states) - running - paused, "Images": len(machine.images), "Driver": "overlay2",
        "Plugins": plugins, "IPv4Forwarding": machine.stack.sysctls.get("net.ipv4.ip_forward") == "1", "Debug": False,
        "LoggingDriver": "json-file", "CgroupDriver": "cgroupfs", "CgroupVersion": "1", "KernelVersion": KERNEL,
        "OperatingSystem": build.system, "OSType": "linux", "Architecture": "x86_64", "NCPU": 2,
        "MemTotal": 4_294_967_296, "DockerRootDir": "/var/lib/docker", "Name": machine.name, "Labels": [],
        "ServerVersion": release_of(session.world).version, "DefaultRuntime": "runc",
        "Swarm": Struct({"NodeID": "", "LocalNodeState": "inactive"}),
        "LiveRestoreEnabled": False, "Warnings": [],
    }, "system.dockerInfo")  # fmt: skip


def _id(session: Session) -> str:
    import hashlib

    text = hashlib.sha256(f"{session.world.seed}:{session.host}:daemon".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def _info_text(session: Session) -> str:
    """Observed on 20.10.24 and 28.5.2 with client 28.2; the machine is the lab's own."""
    build = BUILDS[session.world.release]
    data = _info(session)
    newer = session.world.release != "20.10"
    lines = [
        f"Containers: {data['Containers']}",
        f" Running: {data['ContainersRunning']}",
        f" Paused: {data['ContainersPaused']}",
        f" Stopped: {data['ContainersStopped']}",
        f"Images: {data['Images']}",
        f"Server Version: {release_of(session.world).version}",
        "Storage Driver: overlay2",
        " Backing Filesystem: extfs",
        " Supports d_type: true",
        *([" Using metacopy: false"] if newer else []),
        " Native Overlay Diff: true",
        " userxattr: false",
        "Logging Driver: json-file",
        "Cgroup Driver: cgroupfs",
        "Cgroup Version: 1",
        "Plugins:",
        " Volume: local",
        " Network: bridge host ipvlan macvlan null overlay",
        " Log: " + " ".join(_loggers(session)),
        "Swarm: inactive",
        f"Runtimes: io.containerd.runc.v2 {'' if newer else 'io.containerd.runtime.v1.linux '}runc",
        "Default Runtime: runc",
        "Init Binary: docker-init",
        f"containerd version: {build.containerd[1]}",
        f"runc version: {build.runc[1]}",
        "init version: ",
        "Security Options:",
        " seccomp",
        f"  Profile: {'builtin' if newer else 'default'}",
        f"Kernel Version: {KERNEL}",
        f"Operating System: {build.system}",
        "OSType: linux",
        "Architecture: x86_64",
        "CPUs: 2",
        "Total Memory: 4GiB",
        f"Name: {session.host}",
        f"ID: {data['ID']}",
        "Docker Root Dir: /var/lib/docker",
        "Debug Mode: false",
        "Experimental: false",
        "Insecure Registries:",
        *([" ::1/128"] if session.world.release in ("28.5", "29.7") else []),
        " 127.0.0.0/8",
        "Live Restore Enabled: false",
    ]
    return "".join(f" {line}\n" for line in lines) + "\n"
