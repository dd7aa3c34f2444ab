"""The simulated hosts served as Docker Engines: real clients over HTTP, on sockets of their owner and loopback TCP.

    server.py    the doors of a lab; sockets.py: one; thread.py: the server beside a notebook
    relay.py     doors that pass everything on to real engines
    door.py      a connection of uvicorn's that a handler may take over
    app.py       HTTP in, values out, and back
    staying.py   what a client stays for: wait, logs, attach, exec;  terminal.py, editor.py: who sits at a shell
    desk.py      one after the other at the lab, and time that passes in it;  wire.py: what travels
"""
