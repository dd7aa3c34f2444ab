"""Network drivers: what stands behind a network, a file each (moby daemon/libnetwork/drivers).

    protocol.py   Driver: what the daemon asks of each of them
    bridge.py     a bridge on the host, NAT and published ports; options.py, device.py and veth.py are its parts
    macvlan.py    containers on the wire of a parent link
    ipvlan.py     refused
    overlay.py    refused outside a swarm, as the daemon does
    host.py       the host's own namespace;  null.py  nothing but lo

`table.py` finds the driver of a network by its name.
"""
