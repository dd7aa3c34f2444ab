"""docker version and docker info."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnetlab.commands.gotemplate import Map, Struct, TemplateError
from dnetlab.commands.gotemplate.values import NilList, to_json
from dnetlab.sim.dockercli.session import Failed, Session, Unreachable
from dnetlab.sim.dockercli.table import read, unescape
from dnetlab.sim.dockerd import api

Json = Mapping[str, Any]


def _client(session: Session) -> Struct:
    own = session.own
    downgraded = session.up and not session.speaks(own.api)
    spoken = session.ask(api.system_ping)["Api-Version"] if downgraded else own.api
    found = Struct({
        "Version": own.version, "ApiVersion": spoken, "DefaultAPIVersion": own.api, "GitCommit": own.commit,
        "GoVersion": own.go, "Os": "linux", "Arch": "amd64", "BuildTime": own.built,
        "Context": "default",
    }, "system.clientVersion")  # fmt: skip
    found.alias("APIVersion", "ApiVersion")
    return found


def _server(answer: Json) -> Struct:
    """GET /version as the client's own struct."""
    components = [Struct({**part, "Details": Map(dict(part["Details"]))}, "types.ComponentVersion")
                  for part in answer["Components"]]  # fmt: skip
    platform = Struct(dict(answer["Platform"]))
    found = Struct({**answer, "Platform": platform, "Components": components}, "*types.Version")
    found.alias("APIVersion", "ApiVersion")
    return found


def version(session: Session) -> int:
    own = _client(session)
    server = session.ask(api.system_version) if session.up else None
    form = session.call.text("format")
    if form:
        shown = _server(server) if server is not None else None
        _formatted(session, form, Struct({"Client": own, "Server": shown}, "system.versionInfo"), "version")
    else:
        session.stdout.append(_client_text(own) + (_server_text(server) if server is not None else ""))
    if server is None:
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


def _client_text(own: Json) -> str:
    api, newest = own["ApiVersion"], own["DefaultAPIVersion"]
    shown = api if api == newest else f"{api} (downgraded from {newest})"
    return (
        f"Client:\n Version:           {own['Version']}\n API version:       {shown}\n"
        f" Go version:        {own['GoVersion']}\n Git commit:        {own['GitCommit']}\n"
        f" Built:             {own['BuildTime']}\n OS/Arch:           linux/amd64\n Context:           default\n"
    )


def _server_text(server: Json) -> str:
    """The components that the daemon names; of the engine itself more than its version."""
    text = "\nServer:\n"
    for part in server["Components"]:
        more = part["Details"]
        text += f" {part['Name']}:\n  Version:          {part['Version']}\n"
        if part["Name"] == "Engine":
            text += (
                f"  API version:      {more['ApiVersion']} (minimum version {more['MinAPIVersion']})\n"
                f"  Go version:       {more['GoVersion']}\n  Git commit:       {more['GitCommit']}\n"
                f"  Built:            {more['BuildTime']}\n  OS/Arch:          {more['Os']}/{more['Arch']}\n"
                f"  Experimental:     {more['Experimental']}\n"
            )
        else:
            text += f"  GitCommit:        {more['GitCommit']}\n"
    return text


def info(session: Session) -> int:
    form = session.call.text("format")
    if form:
        _formatted(session, form, _info(session.ask(api.system_info)))
        return 0
    version = session.own.version
    session.stdout.append(f"Client:\n Version:    {version}\n Context:    default\n Debug Mode: false\n\nServer:\n")
    answer = session.ask(api.system_info)
    session.stdout.append(_info_text(answer))
    for warning in answer["Warnings"]:
        session.err(warning)
    return 0


def _info(answer: Json) -> Struct:
    """GET /info as the client's own struct."""
    fields = {key: Struct(dict(value)) if isinstance(value, dict) else value for key, value in answer.items()}
    fields["Runtimes"] = Map({name: Struct(dict(one)) for name, one in answer["Runtimes"].items()})
    managers = answer["Swarm"]["RemoteManagers"]
    if managers is not None:
        fields["Swarm"]["RemoteManagers"] = [Struct({"NodeID": m["NodeID"], "Addr": m["Addr"]}) for m in managers]
    fields["Plugins"]["Authorization"] = NilList(answer["Plugins"]["Authorization"] or ())
    return Struct(fields, "system.dockerInfo")


def _info_text(answer: Json) -> str:
    """Observed on 20.10.24 and 28.5.2 with client 28.2, on 29.7.2 with its own."""
    plugins = answer["Plugins"]
    lines = [
        f"Containers: {answer['Containers']}",
        f" Running: {answer['ContainersRunning']}",
        f" Paused: {answer['ContainersPaused']}",
        f" Stopped: {answer['ContainersStopped']}",
        f"Images: {answer['Images']}",
        f"Server Version: {answer['ServerVersion']}",
        f"Storage Driver: {answer['Driver']}",
        *(f" {name}: {value}" for name, value in answer["DriverStatus"]),
        f"Logging Driver: {answer['LoggingDriver']}",
        f"Cgroup Driver: {answer['CgroupDriver']}",
        f"Cgroup Version: {answer['CgroupVersion']}",
        "Plugins:",
        *(f" {kind}: {' '.join(plugins[kind])}" for kind in ("Volume", "Network", "Log")),
        *_cdi(answer),
        *_swarm(answer["Swarm"]),
        f"Runtimes: {' '.join(answer['Runtimes'])}",
        f"Default Runtime: {answer['DefaultRuntime']}",
        f"Init Binary: {answer['InitBinary']}",
        f"containerd version: {answer['ContainerdCommit']['ID']}",
        f"runc version: {answer['RuncCommit']['ID']}",
        f"init version: {answer['InitCommit']['ID']}",
        "Security Options:",
        *(line for option in answer["SecurityOptions"] for line in _security(option)),
        f"Kernel Version: {answer['KernelVersion']}",
        f"Operating System: {answer['OperatingSystem']}",
        f"OSType: {answer['OSType']}",
        f"Architecture: {answer['Architecture']}",
        f"CPUs: {answer['NCPU']}",
        f"Total Memory: {answer['MemTotal'] / 2**30:.4g}GiB",
        f"Name: {answer['Name']}",
        f"ID: {answer['ID']}",
        f"Docker Root Dir: {answer['DockerRootDir']}",
        f"Debug Mode: {_word(answer['Debug'])}",
        f"Experimental: {_word(answer['ExperimentalBuild'])}",
        "Insecure Registries:",
        *_registries(answer["RegistryConfig"]),
        f"Live Restore Enabled: {_word(answer['LiveRestoreEnabled'])}",
        *_pools(answer),
        *_firewall(answer),
    ]
    return "".join(f" {line}\n" for line in lines) + "\n"


def _swarm(found: Json) -> list[str]:
    """docker/cli command/system/info.go printSwarmInfo; observed on 20.10.24 and 28.5.2 with client 28.2."""
    lines = [f"Swarm: {found['LocalNodeState']}"]
    if found["LocalNodeState"] in ("inactive", "locked"):
        return lines
    lines += [f" NodeID: {found['NodeID']}", *([f" Error: {found['Error']}"] if found["Error"] else ()),
              f" Is Manager: {_word(found['ControlAvailable'])}"]  # fmt: skip
    if found["ControlAvailable"]:
        lines += _cluster(found)
    lines.append(f" Node Address: {found['NodeAddr']}")
    addresses = sorted(manager["Addr"] for manager in found["RemoteManagers"] or ())
    return [*lines, *([" Manager Addresses:"] if addresses else ()), *(f"  {a}" for a in addresses)]


def _cluster(found: Json) -> list[str]:
    cluster = found["Cluster"]
    spec, raft = cluster["Spec"], cluster["Spec"]["Raft"]
    return [
        f" ClusterID: {cluster['ID']}", f" Managers: {found['Managers']}", f" Nodes: {found['Nodes']}",
        f" Default Address Pool: {' '.join(cluster['DefaultAddrPool'])}  ", f" SubnetSize: {cluster['SubnetSize']}",
        f" Data Path Port: {cluster['DataPathPort']}", " Orchestration:",
        f"  Task History Retention Limit: {spec['Orchestration']['TaskHistoryRetentionLimit']}", " Raft:",
        f"  Snapshot Interval: {raft['SnapshotInterval']}",
        f"  Number of Old Snapshots to Retain: {raft['KeepOldSnapshots']}",
        f"  Heartbeat Tick: {raft['HeartbeatTick']}", f"  Election Tick: {raft['ElectionTick']}", " Dispatcher:",
        f"  Heartbeat Period: {spec['Dispatcher']['HeartbeatPeriod'] // 1_000_000_000} seconds", " CA Configuration:",
        "  Expiry Duration: 3 months", "  Force Rotate: 0", " Autolock Managers: false",
        " Root Rotation In Progress: false",
    ]  # fmt: skip


def _cdi(answer: Json) -> list[str]:
    directories = answer.get("CDISpecDirs")
    return ["CDI spec directories:", *(f" {name}" for name in directories)] if directories else []


def _registries(found: Json) -> list[str]:
    """Insecure ones by name, then their networks; mirrors of Docker Hub (docker/cli command/system/info.go)."""
    names = sorted(name for name, one in found.get("IndexConfigs", {}).items() if not one["Secure"])
    mirrors = found.get("Mirrors", [])
    return [*(f" {name}" for name in [*names, *found["InsecureRegistryCIDRs"]]),
            *(["Registry Mirrors:", *(f" {url}" for url in mirrors)] if mirrors else [])]  # fmt: skip


def _pools(answer: Json) -> list[str]:
    pools = answer.get("DefaultAddressPools", [])
    return ["Default Address Pools:", *(f"  Base: {p['Base']}, Size: {p['Size']}" for p in pools)] if pools else []


def _firewall(answer: Json) -> list[str]:
    backend = answer.get("FirewallBackend")
    if not backend:
        return []
    return [f"Firewall Backend: {backend['Driver']}", *(f" {name}: {value}" for name, value in backend["Info"])]


def _security(option: str) -> list[str]:
    """'name=seccomp,profile=builtin' -> its name, and the rest below it."""
    name, *rest = [pair.partition("=")[2] for pair in option.split(",")]
    return [f" {name}", *(f"  Profile: {value}" for value in rest)]


def _word(value: bool) -> str:
    return "true" if value else "false"
