"""The daemon: one function per operation of the Docker Engine API, on the world. The `docker` command is its client.

    networks.py    network create, list, remove, connect, disconnect, prune; the bridges themselves
    ipam.py        pools and addresses
    macvlan.py     the macvlan driver
    endpoints.py   a container's place in its networks: made at the start, gone at the end, connect and disconnect
    settings.py    what may be asked of an endpoint
    interfaces.py  veth pairs, macvlan links, their names, MACs and routes
    firewall.py    the rules a daemon writes, per release
    ports.py       host ports and docker-proxy
    resolver.py    embedded DNS
    hostsfile.py   /etc/hosts, /etc/resolv.conf, /etc/hostname of containers
    containers.py  create, start, stop, kill, remove, rename, pause, wait, exec, logs, top, prune
    images.py      the catalogue, pull, tag, remove
    system.py      the daemon's own start, stop and restart; version, info
    books.py       what the daemon has written down
"""
