"""The daemon, on the world. Who wants something of it calls `api`; the `docker` command is such a client.

    api/           one function per operation of the Docker Engine API, plain JSON in and out
    inspect.py     containers, networks, images and volumes as that JSON;  inspect_host.py  .HostConfig
    books.py       what the daemon has written down, and the functions that read and change it
    networks.py    network create, remove, connect, disconnect; the predefined ones
    drivers/       what stands behind a network: bridge, macvlan, host, null …, a file each
    firewall/      the rules that the daemon writes: one backend, by release
    ipam.py        pools and addresses;  addressset.py  a set of addresses
    endpoints.py   a container's place in its networks: made at the start, gone at the end, connect and disconnect
    settings.py    what may be asked of an endpoint
    sandbox.py     the container's namespace, the names and routes of its links, its way to the resolver
    ports.py       host ports and docker-proxy
    resolver.py    embedded DNS
    hostsfile.py   /etc/hosts, /etc/resolv.conf, /etc/hostname of containers
    lifecycle.py   start, stop, kill, the end and what follows, remove; environment.py  what a process in it sees
    containers.py  all that can be asked of containers: create.py, exec.py, rename, pause, wait, top
    images.py      the catalogue, pull, tag, remove
    system.py      the daemon's own start, stop and restart
"""
