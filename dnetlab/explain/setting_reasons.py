"""Reasons that are a setting of the lab, and what to do about them: values that belong to `dnetlab.explain.reasons`."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model.ip import IpAddress

# -- causes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NameFound:
    """The name has an address there: whoever asked for it would get it now."""

    who: str
    name: str
    address: IpAddress


@dataclass(frozen=True)
class Paused:
    """A frozen container: its kernel answers pings and handshakes, its program nothing."""

    name: str


@dataclass(frozen=True)
class PublishedFor:
    """A port is published, but for `only`, another address of the host than the one asked."""

    port: int
    name: str
    only: IpAddress
    asked: IpAddress
    host: str


@dataclass(frozen=True)
class InternalUnpublished:
    """Nobody publishes the port; `names` are on internal networks only, and Docker publishes no port from there."""

    port: int
    host: str
    names: tuple[str, ...]
    networks: tuple[str, ...]


@dataclass(frozen=True)
class InternalNoWay:
    """From internal networks nothing gets out: there is no default route (27 and later), or a rule drops it."""

    who: str
    networks: tuple[str, ...]
    destination: IpAddress


@dataclass(frozen=True)
class OnlyLoopback:
    """A container with no interface but lo (--network none)."""

    who: str


@dataclass(frozen=True)
class OwnerStopped:
    """who joined the namespace of owner (--network container:OWNER), whose links went when it stopped."""

    who: str
    owner: str


@dataclass(frozen=True)
class LeftBehind:
    """who joined the namespace that owner had before it was started again; owner '': it has been removed since."""

    who: str
    owner: str


@dataclass(frozen=True)
class OnNoNetwork:
    """A container that was disconnected from every network it was on: only lo is left."""

    who: str


@dataclass(frozen=True)
class BridgeIsDown:
    bridge: str
    network: str
    host: str


@dataclass(frozen=True)
class NeighbourLies:
    """A permanent entry names `mac` for the address. real: the owner's MAC, '' when nobody has the address."""

    where: str
    address: IpAddress
    mac: str
    real: str


@dataclass(frozen=True)
class IccOff:
    """Both are on a network made with com.docker.network.bridge.enable_icc=false."""

    who: str
    whom: str
    network: str


# -- remedies -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AnotherThanNone:
    """Run it on a network, not with --network none."""

    who: str


@dataclass(frozen=True)
class Unpause:
    name: str


@dataclass(frozen=True)
class PublishForAll:
    """-p without an address is for all of them."""

    port: int
    container_port: int


@dataclass(frozen=True)
class PublishOnOrdinary:
    """Publish the port from a network that isn't internal."""

    port: int


@dataclass(frozen=True)
class ConnectSomewhere:
    """One more network, that isn't internal."""

    who: str


@dataclass(frozen=True)
class StartBoth:
    """The owner of the namespace first, then who joined it."""

    owner: str
    who: str


@dataclass(frozen=True)
class Rejoin:
    """who has to be started again to get the namespace that owner has now; owner '': it needs another to join."""

    owner: str
    who: str


@dataclass(frozen=True)
class ConnectAnywhere:
    """A network, any, for who has none."""

    who: str


@dataclass(frozen=True)
class LinkUp:
    dev: str


@dataclass(frozen=True)
class ForgetNeighbour:
    address: IpAddress
    dev: str


@dataclass(frozen=True)
class WithoutIcc:
    network: str
