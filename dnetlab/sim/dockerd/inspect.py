"""`docker inspect`: containers, networks, images and volumes as the Engine API writes them, keys in its order.

Observed on 20.10.24, 26.1.5 and 28.5.2 with client 28.2; 29 as recorded (moby api/types).
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

from dnetlab.model import Container, ContainerState, Endpoint, Network, Subnet
from dnetlab.model.host import PREDEFINED
from dnetlab.model.ip import IpAddress
from dnetlab.sim.clock import rfc3339
from dnetlab.sim.dockerd import books, health, images, ipam, sandbox, swarmnets
from dnetlab.sim.dockerd.cluster import gossip
from dnetlab.sim.dockerd.config import ContainerConfig, ContainerSpec, Mount, NetworkAttachment
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.gwbridge import endpoint_name
from dnetlab.sim.dockerd.inspect_host import host_config
from dnetlab.sim.dockerd.volumes import find as find_volume
from dnetlab.sim.profiles import Documents
from dnetlab.sim.world import World

Json = dict[str, Any]
CONTAINERS = "/var/lib/docker/containers"
OVERLAYS = "/var/lib/docker/overlay2"


def documents_of(world: World) -> Documents:
    return books.release_of(world).documents


def picked(values: Json, keys: tuple[str, ...]) -> Json:
    """The values that the release has in that document, in its order."""
    return {key: values[key] for key in keys}


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# -- containers ---------------------------------------------------------------------------------------------------


def container_json(world: World, host: str, reference: str) -> Json:
    """A container. Raises ApiError 404 for an unknown one."""
    container = books.find(world, host, reference)
    spec = books.spec(world, host, container.id)
    config = spec.config
    argv = config.argv
    files = config.joins or container.id
    ran = spec.has_run
    found = {
        "Id": container.id,
        "Created": rfc3339(container.created, container.id),
        "Path": argv[0] if argv else "",
        "Args": list(argv[1:]),
        "State": state_json(container, spec),
        "Image": spec.image_id,
        "ResolvConfPath": f"{CONTAINERS}/{files}/resolv.conf" if ran else "",
        "HostnamePath": f"{CONTAINERS}/{files}/hostname" if ran else "",
        "HostsPath": f"{CONTAINERS}/{files}/hosts" if ran else "",
        "LogPath": f"{CONTAINERS}/{container.id}/{container.id}-json.log" if ran else "",
        "Name": f"/{container.name}",
        "RestartCount": spec.restart_count,
        "Driver": storage_driver(world),
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": host_config(world, host, container, config),
        "GraphDriver": _graph(world, container.id, spec.image_id),
        "Storage": {"RootFS": {"Snapshot": {"Name": "overlayfs"}}},
        "Mounts": mounts(config),
        "Config": _config(container, config, documents_of(world).on_build),
        "NetworkSettings": network_settings(world, host, container),
        "ImageManifestDescriptor": manifest(spec.image_id, config.image),
    }
    return picked(found, documents_of(world).container)


def storage_driver(world: World) -> str:
    """What `docker info` calls it."""
    return "overlayfs" if books.release_of(world).image_store else "overlay2"


def manifest(image_id: str, reference: str) -> Json:
    """`.ImageManifestDescriptor`: where containerd found the image (recorded from 29.7.2)."""
    return {
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "digest": image_id,
        "size": 741,
        "annotations": images.notes_of(reference),
        "platform": {"architecture": "amd64", "os": "linux"},
    }


def state_json(container: Container, spec: ContainerSpec) -> Json:
    """`.State`"""
    now = container.state
    return {
        "Status": now.value,
        "Running": now in (ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING),
        "Paused": now is ContainerState.PAUSED,
        "Restarting": now is ContainerState.RESTARTING,
        "OOMKilled": False,
        "Dead": False,
        "Pid": container.pid or 0,
        "ExitCode": container.exit_code,
        "Error": spec.error,
        "StartedAt": rfc3339(container.started, container.id + "s"),
        "FinishedAt": rfc3339(container.finished, container.id + "f"),
        **({"Health": health.as_json(spec.health, container.id)} if spec.health else {}),
    }


def _graph(world: World, container_id: str, image_id: str) -> Json:
    own = digest_of(f"layer:{container_id}")
    below = [f"{OVERLAYS}/{own}-init/diff"]
    layers = reversed(images.recipe_of(world, image_id).layer_ids)
    below += [f"{OVERLAYS}/{digest_of('cache:' + layer)}/diff" for layer in layers]
    data = {
        "ID": container_id,
        "LowerDir": ":".join(below),
        "MergedDir": f"{OVERLAYS}/{own}/merged",
        "UpperDir": f"{OVERLAYS}/{own}/diff",
        "WorkDir": f"{OVERLAYS}/{own}/work",
    }
    return {"Data": picked(data, documents_of(world).graph), "Name": "overlay2"}


def _volume_mode(mount: Mount) -> str:
    """As it was typed; z for a volume with a name and no mode (observed on 20.10.24 and 28.5.2)."""
    if mount.long:
        return "z" if not re.fullmatch("[0-9a-f]{64}", mount.source) else ""
    if mount.read_only:
        return "ro"
    return "" if re.fullmatch("[0-9a-f]{64}", mount.source) else "z"


def mounts(config: ContainerConfig) -> list[Json]:
    """`.Mounts`"""
    found: list[Json] = []
    for mount in config.mounts:
        if mount.kind == "tmpfs" and not mount.long:
            continue
        if mount.kind == "tmpfs":
            found.append({"Type": "tmpfs", "Source": "", "Destination": mount.destination, "Mode": "",
                          "RW": not mount.read_only, "Propagation": ""})  # fmt: skip
        elif mount.kind == "bind":
            found.append({"Type": "bind", "Source": mount.source, "Destination": mount.destination,
                          "Mode": "ro" if mount.read_only and not mount.long else "", "RW": not mount.read_only,
                          "Propagation": "rprivate"})  # fmt: skip
        else:
            found.append({
                "Type": "volume", "Name": mount.source, "Source": f"/var/lib/docker/volumes/{mount.source}/_data",
                "Destination": mount.destination, "Driver": "local", "Mode": _volume_mode(mount),
                "RW": not mount.read_only, "Propagation": "",
            })  # fmt: skip
    return found


def _config(container: Container, config: ContainerConfig, on_build: bool) -> Json:
    found: Json = {
        "Hostname": config.hostname or container.hostname,
        "Domainname": config.domainname,
        "User": config.user,
        "AttachStdin": config.attach and config.interactive,
        "AttachStdout": config.attach,
        "AttachStderr": config.attach,
    }
    if container.exposed:
        found["ExposedPorts"] = {port: {} for port in sorted(container.exposed)}
    found |= {
        "Tty": config.tty,
        "OpenStdin": config.interactive,
        "StdinOnce": config.attach and config.interactive,
        "Env": list(config.env),
        "Cmd": list(config.command) if config.command else None,
        "Image": config.image,
        "Volumes": {m.destination: {} for m in config.mounts if m.kind == "volume" and len(m.source) == 64} or None,
        "WorkingDir": config.working_dir,
        "Entrypoint": list(config.entrypoint) if config.entrypoint else None,
    }
    if config.mac_address:
        found["MacAddress"] = config.mac_address
    found |= {"OnBuild": None} if on_build else {}
    found["Labels"] = dict(sorted(config.labels.items()))
    if config.health:
        found["Healthcheck"] = dict(config.health)
    if config.stop_signal:
        found["StopSignal"] = config.stop_signal
    if config.stop_timeout is not None:
        found["StopTimeout"] = config.stop_timeout
    return found


# -- a container's networks ---------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _text(address: IpAddress | None) -> str:
    """'' for none. A list says each gateway and each published address many times."""
    return str(address or "")


def port_map(world: World, host: str, container: Container) -> dict[str, list[Json] | None]:
    """`.NetworkSettings.Ports`, also what the PORTS column shows: exposed ports, published ones with their bindings.

    {} when it doesn't run, shares somebody's namespace, or is in no network that a bridge serves.
    """
    if not container.is_running or container.namespace != container.short_id:
        return {}
    live = [e.network_id for e in container.endpoints if e.endpoint_id]
    served = [n for n in world.hosts[host].networks if n.id in live]
    internal_too = books.release_of(world).ports_of_internal
    if not any(driver_of(n).publishes and (internal_too or not n.internal) for n in served):
        return {}
    found: dict[str, list[Json] | None] = dict.fromkeys(container.exposed)
    for binding in container.ports:
        key = f"{binding.container_port}/{binding.protocol.value}"
        row = {"HostIp": _text(binding.host_ip), "HostPort": str(binding.host_port or "")}
        found[key] = [*(found.get(key) or ()), row]
    return {port: found[port] for port in sorted(found)}


def network_settings(world: World, host: str, container: Container) -> Json:
    """`.NetworkSettings`"""
    bridge = container.endpoint("bridge") or Endpoint("bridge", "")  # also when it was connected second
    one, key = sandbox.sandbox_of(world, container)
    found = {"Bridge": "", "SandboxID": one, "SandboxKey": key, "Ports": port_map(world, host, container),
             "HairpinMode": False, "LinkLocalIPv6Address": "", "LinkLocalIPv6PrefixLen": 0}  # fmt: skip
    found |= {
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "EndpointID": bridge.endpoint_id,
        "Gateway": str(bridge.gateway or ""),
        "GlobalIPv6Address": _text(bridge.address6),
        "GlobalIPv6PrefixLen": bridge.prefixlen6,
        "IPAddress": str(bridge.address or ""),
        "IPPrefixLen": bridge.prefixlen,
        "IPv6Gateway": _text(bridge.gateway6),
        "MacAddress": bridge.mac or _asked_mac(world, host, container),
        "Networks": endpoints_json(world, host, container),
    }
    return picked(found, documents_of(world).settings)


def _asked_mac(world: World, host: str, container: Container) -> str:
    """A MAC given with --mac-address shows even while it isn't used (observed on 26.1.5 and 28.5.2)."""
    on_bridge = container.network_mode in ("default", "bridge") and books.release_of(world).shows_asked_mac
    return books.spec(world, host, container.id).config.mac_address or "" if on_bridge else ""


def endpoints_json(world: World, host: str, container: Container) -> Json:
    """`.NetworkSettings.Networks`, by name"""
    found = sorted(container.endpoints, key=lambda e: e.network)
    return {e.network: endpoint_json(world, host, container, e) for e in found}


def _is_of_swarm(world: World, host: str, endpoint: Endpoint) -> bool:
    network = books.network_by_id(world, host, endpoint.network_id)
    return network is not None and network.scope == "swarm"


def endpoint_json(world: World, host: str, container: Container, endpoint: Endpoint) -> Json:
    """One entry of `.NetworkSettings.Networks`."""
    spec = books.spec(world, host, container.id)
    later = books.daemon(world, host).attachments.get((container.id, endpoint.network))
    connected = later is not None
    asked = later or next((a for a in spec.config.networks if a.name == endpoint.network), None)
    links, empty = (asked.links, asked.empty) if asked is not None else ((), ())
    options = dict(asked.driver_options) if asked is not None else {}
    ipam = _asked_addresses(endpoint, asked)
    found = {
        "IPAMConfig": ipam or ({} if "IPAMConfig" in empty or _is_of_swarm(world, host, endpoint) else None),
        "Links": [f"{other}:{alias}" for other, alias in links] or None,
        "Aliases": _aliases(world, container, endpoint, spec.config, connected, "Aliases" in empty),
        "MacAddress": endpoint.mac or (asked.mac if asked and asked.mac else ""),
        "DriverOpts": options or ({} if "DriverOpts" in empty else None),
        "GwPriority": asked.gw_priority if asked else 0,
        "NetworkID": endpoint.network_id,
        "EndpointID": endpoint.endpoint_id,
        "Gateway": _text(endpoint.gateway),
        "IPAddress": _text(endpoint.address),
        "IPPrefixLen": endpoint.prefixlen,
        "IPv6Gateway": _text(endpoint.gateway6),
        "GlobalIPv6Address": _text(endpoint.address6),
        "GlobalIPv6PrefixLen": endpoint.prefixlen6,
        "DNSNames": dns_names(container, endpoint, spec.config, connected),
    }
    return picked(found, documents_of(world).endpoint)


def _asked_addresses(endpoint: Endpoint, asked: NetworkAttachment | None) -> Json:
    fixed = {"IPv4Address": endpoint.configured_address, "IPv6Address": endpoint.configured_address6}
    found: Json = {key: str(address) for key, address in fixed.items() if address is not None}
    local = [str(address) for address in asked.link_local] if asked is not None else []
    return found | ({"LinkLocalIPs": local} if local else {})


def _aliases(
    world: World, container: Container, endpoint: Endpoint, config: ContainerConfig, connected: bool, empty: bool
) -> list[str] | None:
    """The user's own; up to 25 with the short id and the host name behind them, once it ran. empty: said to be []."""
    aliases = list(endpoint.aliases)
    if not books.release_of(world).aliases_of_its_own:
        return aliases or ([] if empty else None)
    if endpoint.network in PREDEFINED:
        return aliases or None
    if container.started is not None or connected:
        aliases.append(container.short_id)
        if config.hostname not in ("", container.short_id, container.name):
            aliases.append(config.hostname)
    return aliases or None


def dns_names(
    container: Container, endpoint: Endpoint, config: ContainerConfig, connected: bool = False
) -> list[str] | None:
    """What 127.0.0.11 answers to in this network; None on the default ones and before the first start, except in a
    network that `docker network connect` has put it on (observed on 26.1.5 and 28.5.2)."""
    waits = connected and container.started is None
    if endpoint.network in PREDEFINED or not (endpoint.endpoint_id or waits):
        return None
    names = [container.name, *endpoint.aliases, container.short_id]
    if config.hostname not in ("", container.short_id):
        names.append(config.hostname)
    return list(dict.fromkeys(names))


# -- networks, volumes ------------------------------------------------------------------------------------


def network_json(world: World, host: str, reference: str) -> Json:
    """A network. Raises ApiError 404 for an unknown one."""
    network = books.find_network(world, host, reference)
    if network.scope == "swarm":
        return _swarm_network(world, host, network)
    return _network(world, network, _containers_in(world, host, network), _status(world, host, network))


def predefined_json(world: World, network: Network) -> Json:
    """A network that every node of a swarm has by itself, as its managers know it (observed on 20.10, 26.1, 28.5)."""
    found = _network(world, network, {})
    return found | {"IPAM": {"Driver": "", "Options": None, "Config": []}, "Containers": None, "Options": None}


def network_summary(world: World, network: Network) -> Json:
    """A network as a list shows it: nobody has looked for its containers."""
    return _network(world, network, {})


def _status(world: World, host: str, network: Network) -> Json:
    """`.Status`: how many addresses of each subnet are taken, how many are left to give (29)."""
    subnets = {}
    for one in network.used_subnets:
        used, left = ipam.in_use(world, host, network, one)
        subnets[str(one.subnet)] = {"IPsInUse": used, "DynamicIPsAvailable": left}
    return {"IPAM": {"Subnets": subnets} if subnets else {}}


def _network(world: World, network: Network, members: Json, status: Json | None = None) -> Json:
    found: Json = {
        "Name": network.name,
        "Id": network.id,
        "Created": rfc3339(network.created, network.id),
        "Scope": network.scope,
        "Driver": "" if network.waits_for_addresses else network.driver,
        "EnableIPv4": network.ipv4,
        "EnableIPv6": network.ipv6,
        "IPAM": _ipam(world, network),
        "Internal": network.internal,
        "Attachable": network.attachable,
        "Ingress": network.ingress,
        "ConfigFrom": {"Network": network.config_from},
        "ConfigOnly": network.config_only,
        "Containers": members,
        "Options": None if network.waits_for_addresses else dict(sorted(network.options.items())),
        "Labels": dict(sorted(network.labels.items())),
        "Status": status,
    }
    keys = documents_of(world).network
    return picked(found, keys if status is not None else tuple(key for key in keys if key != "Status"))


def _ipam(world: World, network: Network) -> Json:
    if network.waits_for_addresses:
        return {"Driver": "", "Options": None, "Config": None}
    rows = [_subnet(world, network, subnet) for subnet in network.subnets]
    predefined = network.name in (*PREDEFINED, "docker_gwbridge") or network.scope == "swarm"
    nothing: list[Json] | None = None if documents_of(world).null_config else []
    told = network.ipam_options
    options = None if predefined or told is None else dict(sorted(told.items()))
    return {"Driver": "default", "Options": options, "Config": rows or nothing}


def _subnet(world: World, network: Network, subnet: Subnet) -> Json:
    row: Json = {"Subnet": str(subnet.subnet)}
    if subnet.ip_range is not None:
        row["IPRange"] = str(subnet.ip_range)
    release = books.release_of(world)
    shown = not subnet.configured or subnet.gateway_configured or release.auto_gateway_shown or network.ingress
    if network.name == "bridge" and network.created == 0 and not release.fresh_gateway_shown:
        shown = False
    if subnet.gateway is not None and shown:
        row["Gateway"] = str(subnet.gateway)
        if subnet.subnet.version == 6 and not subnet.configured and not release.ula_pools:
            row["Gateway"] += f"/{subnet.subnet.prefixlen}"  # as 20.10.24 and 26.1.5 say it
    if subnet.aux_addresses:
        row["AuxiliaryAddresses"] = {name: str(ip) for name, ip in sorted(subnet.aux_addresses.items())}
    return row


def _containers_in(world: World, host: str, network: Network) -> Json:
    found: Json = {}
    for container in sorted(world.hosts[host].containers, key=lambda c: c.id):
        endpoint = next((e for e in container.endpoints if e.network_id == network.id and e.endpoint_id), None)
        if endpoint is not None:
            found[container.id] = _member(container.name, endpoint)
    for owner, endpoint in books.daemon(world, host).gateways.items():
        if endpoint.network_id == network.id:
            found[owner] = _member(endpoint_name(world, host, owner), endpoint)
    return dict(sorted(found.items()))


def _member(name: str, endpoint: Endpoint) -> Json:
    return {
        "Name": name,
        "EndpointID": endpoint.endpoint_id,
        "MacAddress": endpoint.mac,
        "IPv4Address": f"{endpoint.address}/{endpoint.prefixlen}" if endpoint.address else "",
        "IPv6Address": f"{endpoint.address6}/{endpoint.prefixlen6}" if endpoint.address6 else "",
    }


def _swarm_network(world: World, host: str, network: Network) -> Json:
    """A network of a swarm: as its managers have it, and with peers and containers where it is in use."""
    status = _status(world, host, network)
    if not gossip.is_here(world, host, network):
        unused: Json | None = {} if documents_of(world).empty_containers else None
        labels = dict(network.labels) or None
        found = {**_network(world, network, {}, status), "Containers": unused, "Labels": labels}
        if not network.subnets and not network.waits_for_addresses:  # the managers know of no more than its name
            found |= {"IPAM": {"Driver": "", "Options": None, "Config": []}, "Options": None}
        return found
    members = _containers_in(world, host, network)
    balancer = books.daemon(world, host).balancers.get(network.id)
    if balancer is not None:
        name = "ingress-sbox" if network.ingress else f"lb-{network.name}"
        members[name] = _member(f"{network.name}-endpoint", balancer)
    found = {}
    for key, value in _network(world, network, members, status).items():
        found[key] = value
        if key == "Labels":
            found["Peers"] = _peers(world, host, network)
    return found


def _peers(world: World, host: str, network: Network) -> list[Json]:
    """The nodes on which the network is in use, as far as this one has heard: each with the name of its agent."""
    nodes = dict.fromkeys(record.node for record in network.records) or swarmnets.peers(world, host, network)
    return [{"Name": digest_of(f"agent of {node}")[:12], "IP": str(node)} for node in nodes]


def volume_json(world: World, host: str, name: str) -> Json:
    """A volume. Raises ApiError 404 `get nosuch: no such volume`."""
    volume = find_volume(world, host, name)
    labelled = books.release_of(world).labels_anonymous_volumes
    own = {"com.docker.volume.anonymous": ""} if volume.anonymous and labelled else {}
    labels = {**volume.labels, **own} or None
    return {
        "CreatedAt": rfc3339(0.0).split(".")[0].rstrip("Z") + "Z",
        "Driver": volume.driver,
        "Labels": labels,
        "Mountpoint": f"/var/lib/docker/volumes/{volume.name}/_data",
        "Name": volume.name,
        "Options": dict(sorted(volume.options.items())) or None,
        "Scope": "local",
    }
