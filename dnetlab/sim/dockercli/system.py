"""docker version and docker info."""

from __future__ import annotations

from dnetlab.commands.gotemplate import Map, Struct, TemplateError
from dnetlab.commands.gotemplate.values import NilList, to_json
from dnetlab.model import ContainerState
from dnetlab.sim.dockercli.session import Failed, Session, Unreachable
from dnetlab.sim.dockercli.table import read, unescape
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.profiles import client

KERNEL = "6.1.0-32-amd64"  # Debian 12's, as `uname -r` on the hosts


def _client(session: Session) -> Struct:
    own = client(session.world.release)
    downgraded = session.context.machine.docker_running and not release_of(session.world).speaks(own.api)
    api = release_of(session.world).api if downgraded else own.api
    found = Struct({
        "Version": own.version, "ApiVersion": api, "DefaultAPIVersion": own.api, "GitCommit": own.commit,
        "GoVersion": own.go, "Os": "linux", "Arch": "amd64", "BuildTime": own.built,
        "Context": "default",
    }, "system.clientVersion")  # fmt: skip
    found.alias("APIVersion", "ApiVersion")
    return found


def _server(session: Session) -> Struct:
    release = release_of(session.world)
    build = release.build
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
    own = _client(session)
    up = session.context.machine.docker_running
    server = _server(session) if up else None
    form = session.call.text("format")
    if form:
        data = Struct({"Client": own, "Server": server}, "system.versionInfo")
        _formatted(session, form, data, "version")
    else:
        session.stdout.append(_version_text(session, own))
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


def _version_text(session: Session, own: Struct) -> str:
    api, newest = own["ApiVersion"], own["DefaultAPIVersion"]
    shown = api if api == newest else f"{api} (downgraded from {newest})"
    text = (
        f"Client:\n Version:           {own['Version']}\n API version:       {shown}\n"
        f" Go version:        {own['GoVersion']}\n Git commit:        {own['GitCommit']}\n"
        f" Built:             {own['BuildTime']}\n OS/Arch:           linux/amd64\n Context:           default\n"
    )
    if not session.context.machine.docker_running:
        return text
    release = release_of(session.world)
    build = release.build
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
    own = client(session.world.release)
    session.stdout.append(f"Client:\n Version:    {own.version}\n Context:    default\n Debug Mode: false\n\nServer:\n")
    if not up:
        raise Unreachable
    session.stdout.append(_info_text(session))
    return 0


def _info(session: Session) -> Struct:
    build = release_of(session.world).build
    machine = session.context.machine
    states = [c.state for c in machine.containers]
    running = sum(s in (ContainerState.RUNNING, ContainerState.RESTARTING) for s in states)
    paused = sum(s is ContainerState.PAUSED for s in states)
    plugins = Struct({"Volume": ["local"], "Network": ["bridge", "host", "ipvlan", "macvlan", "null", "overlay"],
                      "Authorization": NilList(), "Log": list(build.loggers)})  # fmt: skip
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
    build = release_of(session.world).build
    data = _info(session)
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
        *([" Using metacopy: false"] if build.metacopy else []),
        " Native Overlay Diff: true",
        " userxattr: false",
        "Logging Driver: json-file",
        "Cgroup Driver: cgroupfs",
        "Cgroup Version: 1",
        "Plugins:",
        " Volume: local",
        " Network: bridge host ipvlan macvlan null overlay",
        " Log: " + " ".join(build.loggers),
        "Swarm: inactive",
        f"Runtimes: {build.runtimes}",
        "Default Runtime: runc",
        "Init Binary: docker-init",
        f"containerd version: {build.containerd[1]}",
        f"runc version: {build.runc[1]}",
        "init version: ",
        "Security Options:",
        " seccomp",
        f"  Profile: {build.seccomp}",
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
        *([" ::1/128"] if build.v6_insecure else []),
        " 127.0.0.0/8",
        "Live Restore Enabled: false",
    ]
    return "".join(f" {line}\n" for line in lines) + "\n"
