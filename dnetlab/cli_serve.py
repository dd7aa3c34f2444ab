"""`dnetlab serve`: the lab's hosts as Docker Engines on this machine, for the docker command and others like it."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.language import say
from dnetlab.language.arguments import Parser
from dnetlab.model import Topology


def add(commands: argparse._SubParsersAction[Parser], engine_options: Callable[[Parser], None]) -> Parser:
    _add_mcp(commands)
    serve = commands.add_parser("serve", help=say("serve the lab's hosts as Docker Engines, for real clients"))
    serve.add_argument("--dir", type=Path, default=Path(".dnetlab"), help=say("where the sockets are: DIR/HOST.sock"))
    engine_options(serve)
    serve.add_argument("--journal", metavar="FILE", help=say("append every command to this file"))
    serve.add_argument(
        "--no-waiting", action="store_true", help=say("who waits for a program of the lab to end needn't")
    )
    serve.add_argument("--tcp", metavar="[ADDRESS:]PORT", help=say("on loopback TCP as well, with a token or TLS"))
    serve.add_argument("--tlscacert", metavar="FILE.pem", help=say("who signed the clients' certificates"))
    serve.add_argument("--tlscert", metavar="FILE.pem", help=say("the server's certificate"))
    serve.add_argument("--tlskey", metavar="FILE.pem", help=say("the server's key"))
    return serve


def _add_mcp(commands: argparse._SubParsersAction[Parser]) -> None:
    mcp = commands.add_parser("mcp", help=say("let a tutor's program read the lab (Model Context Protocol)"))
    mcp.add_argument("--journal", type=Path, metavar="FILE", help=say("the lab's journal (default: .dnetlab's newest)"))
    mcp.set_defaults(run=_mcp)


def _mcp(arguments: argparse.Namespace) -> int:
    from dnetlab import tutor

    return tutor.run(arguments.journal)


def run(arguments: argparse.Namespace, topology: Topology) -> int:
    from dnetlab.lab import Lab
    from dnetlab.serve.loop import new_loop

    tcp = _tcp(arguments)
    with Lab(arguments.engine, arguments.docker, arguments.seed, arguments.journal, topology=topology,
             attach=arguments.attach) as lab, asyncio.Runner(loop_factory=new_loop) as runner:  # fmt: skip
        return runner.run(_serve(lab, arguments, tcp))


def _tcp(arguments: argparse.Namespace) -> Any:
    from dnetlab.serve.server import Tcp

    files = (arguments.tlscacert, arguments.tlscert, arguments.tlskey)
    if any(files) and not (all(files) and arguments.tcp):
        raise UsageError("TLS needs three files and a port", hint="--tcp PORT --tlscacert --tlscert --tlskey")
    if not arguments.tcp:
        return None
    address, _, port = arguments.tcp.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise UsageError("{port!r} is no port", hint="--tcp 2375", port=port)
    tls = files if all(files) else None
    found = Tcp(int(port), address or "127.0.0.1", "" if tls else secrets.token_urlsafe(16), tls)
    found.check()
    return found


async def _serve(lab: Any, arguments: argparse.Namespace, tcp: Any) -> int:
    from dnetlab.serve.server import opened

    server = opened(lab, arguments.dir, skips=arguments.no_waiting, tcp=tcp)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    try:
        await server.start()
        if arguments.engine == "sim":
            lab.reach_today()
        for host, url in server.urls.items():
            print(f"{host.split()[0]}  export DOCKER_HOST={url}", flush=True)
        if tcp and tcp.token:
            told = f"export DOCKER_CONFIG={_client_config(server.folder, tcp.token)}"
            print(say("The token for TCP, as the docker command reads it: {command}", command=told), flush=True)
        gc.collect()
        gc.freeze()  # what is loaded stays; requests needn't look through it
        await ended.wait()
    finally:
        await server.close()
    return 0


def _client_config(folder: Path, token: str) -> Path:
    """A folder with a config.json that makes the docker command say the token; only its owner can read it."""
    made = folder / "client"
    made.mkdir(mode=0o700, exist_ok=True)
    file = made / "config.json"
    file.unlink(missing_ok=True)
    with open(file, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        json.dump({"HttpHeaders": {"Authorization": f"Bearer {token}"}}, out)
    return made
