"""The docker command: a client of the simulated daemon. Each verb asks `dockerd.api`, and nothing else of the daemon.

session.py    one call: streams, the one way to the daemon, its answers, its errors in the client's frame
dispatch.py   which function answers which command; what is refused
table.py      columns as Go's tabwriter draws them; --format
network.py container.py run.py exec.py listing.py inspect.py image.py volume.py system.py prune.py   the verbs
"""
