"""What the boxes of the picture are called, and on which of them a packet stands at each step of its journey."""

from __future__ import annotations

from collections.abc import Iterator

from dnetlab.model import Interface, Step, StepKind, Where
from dnetlab.model.facts import CrossesSwitch
from dnetlab.views.labels import Labelled
from dnetlab.views.scene import HostScene, Overlay, Scene


def switch_node(name: str) -> str:
    return f"switch {name}"


def stack_node(scene: HostScene) -> str:
    return f"{scene.host.name} stack"


def nic_node(scene: HostScene, name: str) -> str:
    """A host on which nothing runs is one box."""
    return stack_node(scene) if scene.small else f"{scene.host.name} nic {name}"


def bridge_node(scene: HostScene, name: str) -> str:
    return f"{scene.host.name} bridge {name}"


def space_node(scene: HostScene, place: Labelled) -> str:
    return f"{scene.host.name} space {place.namespace.name}"


def overlay_node(scene: HostScene, overlay: Overlay) -> str:
    return f"{scene.host.name} overlay {overlay.network.name}"


def standing(scene: Scene, where: Where, step: Step | None) -> str:
    """The box on which the packet stands at a step there; '' when that part of the lab isn't drawn.

    Routes are looked up and rules are met in the host's own stack, not at an interface.
    """
    if step is not None and isinstance(step.fact, CrossesSwitch):
        return switch_node(step.fact.switch) if any(s.name == step.fact.switch for s in scene.switches) else ""
    host = next((h for h in scene.hosts if h.host.name == where.host), None)
    if host is None:
        return ""
    if not where.is_host:
        return next((node for name, node in _spaces(host) if name == where.namespace), "")
    at_link = step is not None and step.interface and not step.hook and step.kind is not StepKind.ROUTED
    return _on_host(host, host.host.stack.interface(step.interface) if step and at_link else None)


def _spaces(host: HostScene) -> Iterator[tuple[str, str]]:
    """The drawn namespaces of a host but its own, each with its box."""
    for overlay in host.overlays:
        yield overlay.space.name, overlay_node(host, overlay)
        if overlay.balancer is not None:
            yield overlay.balancer.namespace.name, space_node(host, overlay.balancer)
    for place in host.spaces:
        yield place.namespace.name, space_node(host, place)


def _on_host(host: HostScene, interface: Interface | None) -> str:
    if interface is None or host.small:
        return stack_node(host)
    for name in filter(None, (interface.name, interface.master)):
        if any(b.name == name for b in host.bridges):
            return bridge_node(host, name)
    return nic_node(host, interface.name) if any(n.name == interface.name for n in host.nics) else stack_node(host)
