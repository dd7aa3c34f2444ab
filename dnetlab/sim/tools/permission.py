"""May this process change its network stack? The host's root may; a container needs CAP_NET_ADMIN.

Who isn't root in a container has no capability at all (dnetlab.sim.user).
"""

from __future__ import annotations

from dnetlab.model import Where
from dnetlab.sim.context import Context
from dnetlab.sim.kernel.sysctls import value_of
from dnetlab.sim.user import User
from dnetlab.sim.world import World


def may_configure(context: Context) -> bool:
    """True at the host, for `docker exec --privileged`, in a container with --privileged, --cap-add NET_ADMIN or ALL.

    Docker's default is without.
    """
    if not context.user.is_root:
        return False
    if context.container is None or context.privileged:
        return True
    from dnetlab.sim.dockerd.books import daemon

    spec = daemon(context.world, context.host).containers.get(context.container)
    if spec is None:
        return False
    added = {cap.upper().removeprefix("CAP_") for cap in spec.config.cap_add}
    return spec.config.privileged or bool(added & {"NET_ADMIN", "ALL"})


def is_privileged(context: Context) -> bool:
    """True where /proc/sys can be written: at the host and in a --privileged container."""
    if not context.user.is_root:
        return False
    if context.container is None or context.privileged:
        return True
    from dnetlab.sim.dockerd.books import daemon

    spec = daemon(context.world, context.host).containers.get(context.container)
    return spec is not None and spec.config.privileged


def may_send_raw(context: Context) -> bool:
    """True unless --cap-drop took CAP_NET_RAW away, which ping needs."""
    if not context.user.is_root:
        return False
    if context.container is None or context.privileged:
        return True
    from dnetlab.sim.dockerd.books import daemon

    spec = daemon(context.world, context.host).containers.get(context.container)
    if spec is None or spec.config.privileged:
        return True
    added, dropped = (
        {cap.upper().removeprefix("CAP_") for cap in caps} for caps in (spec.config.cap_add, spec.config.cap_drop)
    )
    return bool(added & {"NET_RAW", "ALL"}) or not dropped & {"NET_RAW", "ALL"}


def may_bind(world: World, where: Where, user: User, port: int) -> bool:
    """Root may listen at any port; others from the first that the namespace leaves to everybody (0 in containers of
    their own, 1024 where they share the host's network)."""
    first = value_of(world.namespace(where), "net.ipv4.ip_unprivileged_port_start") or "1024"
    return user.is_root or port >= int(first)
