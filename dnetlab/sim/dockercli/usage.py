"""docker stats, docker system df, docker history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnetlab.commands.docker.units import ago, size
from dnetlab.sim.dockercli.listing import CONTAINERS, container_row, date_of_unix
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockercli.table import Listing, truncated
from dnetlab.sim.dockerd import api

Json = Mapping[str, Any]
STATS = Listing(
    "*container.statsContext",
    {"Container": "CONTAINER", "Name": "NAME", "ID": "CONTAINER ID", "CPUPerc": "CPU %",
     "MemUsage": "MEM USAGE / LIMIT", "MemPerc": "MEM %", "NetIO": "NET I/O", "BlockIO": "BLOCK I/O", "PIDs": "PIDS"},
    "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
)  # fmt: skip
HISTORY = Listing(
    "*formatter.historyContext",
    {"ID": "IMAGE", "CreatedSince": "CREATED", "CreatedAt": "CREATED AT", "CreatedBy": "CREATED BY", "Size": "SIZE",
     "Comment": "COMMENT"},
    "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
)  # fmt: skip
DISK = Listing(
    "*formatter.diskUsageContext",
    {"Type": "TYPE", "TotalCount": "TOTAL", "Active": "ACTIVE", "Size": "SIZE", "Reclaimable": "RECLAIMABLE"},
    "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
)  # fmt: skip
_IMAGES = Listing(
    "*formatter.imageContext",
    {"ID": "IMAGE ID", "Repository": "REPOSITORY", "Tag": "TAG", "CreatedSince": "CREATED", "Size": "SIZE",
     "SharedSize": "SHARED SIZE", "UniqueSize": "UNIQUE SIZE", "Containers": "CONTAINERS"},
    "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}"
    "\t{{.Containers}}",
)  # fmt: skip
_OF_CONTAINERS = ("{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}"
                  "\t{{.Names}}")  # fmt: skip
_VOLUMES = Listing(
    "*formatter.volumeContext", {"Name": "VOLUME NAME", "Links": "LINKS", "Size": "SIZE"},
    "{{.Name}}\t{{.Links}}\t{{.Size}}",
)  # fmt: skip


# -- stats ------------------------------------------------------------------------------------------------------------


def stats(session: Session) -> int:
    """Without --no-stream somebody would look on until Ctrl-C; here they look once."""
    call = session.call
    names = list(call.arguments)
    if not names:
        found = session.ask(api.container_list, every=call.on("all"))
        names = [container["Id"] for container in found]
        running = {c["Id"] for c in session.ask(api.container_list)}
        names = [name for name in names if name in running or call.on("all")]
    rows = [_stats_row(session, name, session.ask(api.container_stats, name)) for name in names]
    session.stdout.append(STATS.render(rows, call.text("format")))
    if not call.on("no-stream"):
        session.wait(2.0)
        session.out("^C")
        return 130
    return 0


def _stats_row(session: Session, name: str, read: Json) -> Any:
    memory, whole = read["memory_stats"], session.call.on("no-trunc")
    used, limit = memory.get("usage", 0), memory.get("limit", 0)
    share = 100 * used / limit if limit else 0.0
    rx, tx = (sum(one[key] for one in read.get("networks", {}).values()) for key in ("rx_bytes", "tx_bytes"))
    return STATS.row({
        "Container": name if session.call.arguments else read["id"][:12],
        "Name": read["name"].removeprefix("/"), "ID": read["id"] if whole else read["id"][:12],
        "CPUPerc": "0.00%", "MemUsage": f"{binary(used)} / {binary(limit)}", "MemPerc": f"{share:.2f}%",
        "NetIO": f"{size(rx, 3)} / {size(tx, 3)}", "BlockIO": "0B / 0B",
        "PIDs": str(read["pids_stats"].get("current", 0)),
    })  # fmt: skip


def binary(number: float) -> str:
    """2353004 -> '2.244MiB' (docker/go-units BytesSize)."""
    units, place = ["B", "KiB", "MiB", "GiB", "TiB"], 0
    while number >= 1024 and place < len(units) - 1:
        number /= 1024
        place += 1
    return f"{number:.4g}{units[place]}"


# -- history ----------------------------------------------------------------------------------------------------------


def history(session: Session) -> int:
    call = session.call
    whole = call.on("no-trunc")
    rows = []
    for step in session.ask(api.image_history, call.arguments[0]):
        shown = step["Id"] if whole or step["Id"] == "<missing>" else step["Id"].removeprefix("sha256:")[:12]
        text = step["CreatedBy"].replace("\t", " ")
        plain = call.text("human", "true") == "false"
        rows.append(HISTORY.row({
            "ID": shown, "CreatedSince": date_of_unix(step["Created"]) if plain
            else f"{ago(session.now - step['Created'])} ago",
            "CreatedAt": date_of_unix(step["Created"]), "CreatedBy": text if whole else truncated(text, 45),
            "Size": str(step["Size"]) if plain else size(step["Size"], 3), "Comment": step["Comment"],
        }))  # fmt: skip
    session.stdout.append(HISTORY.render(rows, call.text("format"), quiet=call.on("quiet")))
    return 0


# -- system df --------------------------------------------------------------------------------------------------------


def df(session: Session) -> int:
    call = session.call
    found = session.ask(api.system_data_usage)
    if call.on("verbose"):
        if call.text("format") not in ("", "table"):
            raise Failed("the verbose and the format options conflict")
        session.stdout.append(_verbose(session, found))
        return 0
    rows = [_images_row(found), _containers_row(found), _volumes_row(found),
            DISK.row(_disk("Build Cache", 0, 0, 0, "0B"))]  # fmt: skip
    session.stdout.append(DISK.render(rows, call.text("format")))
    return 0


def _disk(kind: str, total: int, active: int, used: int, reclaimable: str) -> dict[str, Any]:
    return {"Type": kind, "TotalCount": str(total), "Active": str(active), "Size": size(used),
            "Reclaimable": reclaimable}  # fmt: skip


def _share(freed: int, used: int) -> str:
    """'23.12MB (70%)'"""
    return f"{size(freed)} ({freed * 100 // used}%)" if used else size(freed)


def _images_row(found: Json) -> Any:
    used = sum(i["Size"] - i["SharedSize"] for i in found["Images"] if i["Containers"])
    active = sum(i["Containers"] > 0 for i in found["Images"])
    total = found["LayersSize"]
    return DISK.row(_disk("Images", len(found["Images"]), active, total, _share(total - used, total)))


def _containers_row(found: Json) -> Any:
    rows = found["Containers"]
    running = [c for c in rows if c["State"] in ("running", "paused", "restarting")]
    total = sum(c["SizeRw"] for c in rows)
    free = total - sum(c["SizeRw"] for c in running)
    return DISK.row(_disk("Containers", len(rows), len(running), total, _share(free, total)))


def _volumes_row(found: Json) -> Any:
    rows = [v["UsageData"] for v in found["Volumes"]]
    total, free = sum(v["Size"] for v in rows), sum(v["Size"] for v in rows if not v["RefCount"])
    return DISK.row(_disk("Local Volumes", len(rows), sum(v["RefCount"] > 0 for v in rows), total, _share(free, total)))


def _verbose(session: Session, found: Json) -> str:
    images = [_IMAGES.row({
        "Repository": tag.rpartition(":")[0], "Tag": tag.rpartition(":")[2], "ID": i["Id"].removeprefix("sha256:")[:12],
        "CreatedSince": f"{ago(session.now - i['Created'])} ago", "Size": size(i["Size"], 3),
        "SharedSize": size(i["SharedSize"]), "UniqueSize": size(i["Size"] - i["SharedSize"]),
        "Containers": str(i["Containers"]),
    }) for i in found["Images"] for tag in i["RepoTags"][:1] or ["<none>:<none>"]]  # fmt: skip
    containers = [container_row(session, c | {"SizeRootFs": 0}) for c in found["Containers"]]
    volumes = [_VOLUMES.row({"Name": v["Name"], "Links": str(v["UsageData"]["RefCount"]),
                             "Size": size(v["UsageData"]["Size"])}) for v in found["Volumes"]]  # fmt: skip
    return (
        f"Images space usage:\n\n{_IMAGES.render(images, '')}\nContainers space usage:\n\n"
        f"{CONTAINERS.render(containers, '', default=_OF_CONTAINERS)}\nLocal Volumes space usage:\n\n"
        f"{_VOLUMES.render(volumes, '')}\nBuild cache usage: 0B\n\n"
        "CACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   USAGE     SHARED\n"
    )
