"""docker compose: a client of the simulated daemon as the docker command is, by `dockerd.api` and nothing else.

command.py    one call: its words, the project of the folder, which verb
ask.py        what of a project is there: containers, networks, by their labels
body.py       what the daemon is asked for a service's container, a network, a volume
progress.py   the lines ` Container shop-web-1  Started`
building.py   build, and the images that up builds first;  warning.py  compose's warnings
up.py         create, up, start, scale, and what a service waits for
down.py       stop, kill, pause, restart, rm, down
looks.py      ps, ls, images, top, port, logs, config
inside.py     exec and run
"""
