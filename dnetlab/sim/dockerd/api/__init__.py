"""The Docker Engine API: one function per operation, named as in its reference (docs.docker.com/reference/api/engine).

Each takes the world, the host whose daemon is asked, what stands in the path, and the query and the body as plain JSON
values; it answers with plain JSON, fields and their order as the engine of the lab's release writes them. Never text
for a terminal.

    door.py        call: how everybody comes in; is_up
    containers.py  container_list, _inspect, _create, _start, _stop, _restart, _kill, _rename, _pause, _unpause, _wait,
                   _update, _delete, _prune, _top
    create.py      the body of container_create as the daemon's own values
    streams.py     container_logs, container_attach: what programs print, as frames {'stream', 'text', 'time'}
    archive.py     container_archive, _archive_info, _changes, _export, put_container_archive: files, as tar in base64
    exec.py        container_exec, exec_start, exec_inspect, exec_ended
    staying.py     who stays with a container over a connection: container_stay, _read, _let_go, open_shell
    networks.py    network_list, _inspect, _create, _delete, _connect, _disconnect, _prune
    images.py      image_list, _inspect, _create (pull), _tag, _delete, _prune
    made.py        image_commit, _import, _get (save), _load: images that come from the lab itself
    build.py       image_build, build_prune: the daemon's own builder, in builder/
    events.py      system_events;  usage.py  system_data_usage (df), container_stats, image_history
    volumes.py     volume_list, _inspect, _create, _delete, _prune
    system.py      system_ping, system_version, system_info
    swarm.py       swarm_init, _join, _leave, _inspect, _update, _unlock, _unlock_key; what managers say in nodes.py
                   (node_list, _inspect, _update, _delete), services.py (service_create, _list, _inspect, _update,
                   _rollback, _delete, _logs) and tasks.py (task_list, _inspect, _logs)
    contents.py    content_create, _list, _inspect, _update, _delete: secrets and configs
    filters.py     `filters`: names and values, as a dict of lists; list.go and prune.go

Errors: ApiError(message, status), the engine's words and its HTTP status; NotModelled (501) for what the lab lacks.
A world after an ApiError is as the daemon leaves it; after NotModelled it may be half changed, so throw it away.
"""

from __future__ import annotations

from dnetlab.sim.dockerd.api.archive import (
    container_archive,
    container_archive_info,
    container_changes,
    container_export,
    put_container_archive,
)
from dnetlab.sim.dockerd.api.build import build_prune, image_build
from dnetlab.sim.dockerd.api.containers import (
    container_create,
    container_delete,
    container_inspect,
    container_kill,
    container_list,
    container_pause,
    container_prune,
    container_rename,
    container_restart,
    container_start,
    container_stop,
    container_top,
    container_unpause,
    container_update,
    container_wait,
)
from dnetlab.sim.dockerd.api.contents import (
    content_create,
    content_delete,
    content_inspect,
    content_list,
    content_update,
)
from dnetlab.sim.dockerd.api.door import call, is_up
from dnetlab.sim.dockerd.api.events import system_events
from dnetlab.sim.dockerd.api.exec import container_exec, exec_ended, exec_inspect, exec_start
from dnetlab.sim.dockerd.api.images import (
    image_create,
    image_delete,
    image_inspect,
    image_list,
    image_prune,
    image_push,
    image_tag,
)
from dnetlab.sim.dockerd.api.made import image_commit, image_get, image_import, image_load
from dnetlab.sim.dockerd.api.networks import (
    network_connect,
    network_create,
    network_delete,
    network_disconnect,
    network_inspect,
    network_list,
    network_prune,
)
from dnetlab.sim.dockerd.api.nodes import node_delete, node_inspect, node_list, node_update
from dnetlab.sim.dockerd.api.services import (
    service_create,
    service_delete,
    service_inspect,
    service_list,
    service_logs,
    service_rollback,
    service_update,
    task_logs,
)
from dnetlab.sim.dockerd.api.staying import (
    container_let_go,
    container_read,
    container_stay,
    open_shell,
)
from dnetlab.sim.dockerd.api.streams import container_attach, container_logs
from dnetlab.sim.dockerd.api.swarm import (
    swarm_ca,
    swarm_init,
    swarm_inspect,
    swarm_join,
    swarm_leave,
    swarm_unlock,
    swarm_unlock_key,
    swarm_update,
)
from dnetlab.sim.dockerd.api.system import system_info, system_ping, system_version
from dnetlab.sim.dockerd.api.tasks import task_inspect, task_list
from dnetlab.sim.dockerd.api.usage import container_stats, image_history, system_data_usage
from dnetlab.sim.dockerd.api.volumes import (
    volume_create,
    volume_delete,
    volume_inspect,
    volume_list,
    volume_prune,
)
from dnetlab.sim.dockerd.errors import ApiError, NotModelled

__all__ = [
    "ApiError", "NotModelled", "build_prune", "call", "image_build",
    "container_archive", "container_archive_info", "container_changes",
    "container_export", "container_stats", "image_commit", "image_get", "image_history", "image_import", "image_load",
    "put_container_archive", "system_data_usage", "system_events",
    "container_attach", "container_create", "container_delete", "container_exec",
    "container_inspect", "container_kill", "container_list", "container_logs", "container_pause", "container_prune",
    "container_rename", "container_restart", "container_start", "container_stop", "container_top", "container_unpause",
    "container_let_go", "container_read", "container_stay", "container_update", "container_wait", "exec_ended",
    "open_shell", "exec_inspect", "exec_start", "image_create", "image_delete", "image_inspect", "image_list",
    "image_prune", "image_push", "image_tag", "is_up", "network_connect", "network_create", "network_delete",
    "network_disconnect", "network_inspect", "network_list", "network_prune", "node_delete", "node_inspect",
    "node_list", "node_update", "service_create", "service_delete", "service_inspect", "service_list", "service_logs",
    "service_rollback", "service_update", "swarm_ca", "swarm_init", "swarm_inspect", "swarm_join", "swarm_leave",
    "swarm_unlock", "swarm_unlock_key", "swarm_update", "task_inspect", "task_list", "task_logs", "content_create",
    "content_delete", "content_inspect", "content_list", "content_update", "system_info", "system_ping",
    "system_version", "volume_create", "volume_delete", "volume_inspect", "volume_list", "volume_prune",
]  # fmt: skip
