"""Sentences of the daemon that differ by release, by key; each release has those of the one before and its own.

Observed on 20.10.24, 26.1.5 and 28.5.2; those of 29.7 as recorded from 29.7.2. runc's words are those of the runc
that came with the engine: 1.1.5, 1.1.15 and 1.3.6.
"""

from __future__ import annotations

TEXTS_20_10: dict[str, str] = {
    "sysctl of a link": "",
    "join unanswered": "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    "pools exhausted": "could not find an available, non-overlapping IPv4 address pool among the defaults to assign "
    "to the network",
    "ipv6 pools exhausted": "could not find an available, non-overlapping IPv6 address pool among the defaults to "
    "assign to the network",
    "pool overlaps": "Pool overlaps with other one on this address space",
    "bad restart policy": "invalid restart policy '{name}'",
    "negative retries": "maximum retry count cannot be negative",
    "bad subnet": "Invalid subnet {subnet} : invalid CIDR address: {subnet}",
    "empty network name": "network with name  already exists",
    "network in use": "network {name} id {id} has active endpoints",
    "bind failed": "Error starting userland proxy: listen {family} {ip}:{port}: bind: {problem}",
    "join unknown": "No such container: {name}",
    "join itself": "cannot join own network",
    "join stopped": "cannot join network of a non running container: {id}",
    "ip predefined": "user specified IP address is supported on user defined networks only",
    "ip unconfigured": "user specified IP address is supported only when connecting to networks with user configured "
    "subnets",
    "connect host": "container cannot be disconnected from host network or connected to host network",
    "disconnect host": "container cannot be disconnected from host network or connected to host network",
    "port rule failed": "",
    "pool full": "No available addresses on this pool",
    "mode gone": "",
    "bridge missing": "could not find bridge {name}: route ip+net: no such network interface",
    "long name": "failed to check bridge interface existence: numerical result out of range",
    "link elsewhere": "Cannot link to /{name}, as it does not belong to the default network",
    "parent unknown": "-o parent interface does was not found on the host: {name}",
    "bad filter": "Invalid filter '{name}'",
    "bad status": "Invalid filter 'status={value}'",
    "bad exited": "{reason}",
    "filter by unknown": "no such container {name}",
    "inspect unknown image": "no such image: {name}: {message}",
    "id ambiguous": "Multiple IDs found with provided prefix: {reference}",
    "no command": "No command specified",
    "push failed": 'Get "{scheme}://{domain}/v2/": {problem}',
    "pull failed": 'Get "{scheme}://{domain}/v2/": {problem}',
    "registry silent": "net/http: request canceled while waiting for connection (Client.Timeout exceeded while "
    "awaiting headers)",
    "registry paused": "net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
    "manifest unknown": "manifest for {reference} not found: manifest unknown: manifest unknown",
    "bad container mode": "Invalid network mode: invalid container format container:<name|id>",
    "retries elsewhere": "maximum retry count cannot be used with restart policy '{policy}'",
    "not running": "Container {id} is not running",
    "remove running": "You cannot remove a {state} container {id}. "
    "Stop the container before attempting removal or force remove",
    "remove paused": "You cannot remove a {state} container {id}. "
    "Unpause and then stop the container before attempting removal or force remove",
    "bad signal": "Invalid signal: {signal}",
    "kill failed": "Cannot kill container: {reference}: {problem}",
    "kill by bad signal": "Invalid signal: {signal}",
    "kill by unknown number": "Cannot kill container: {reference}: The linux daemon does not support signal {signal}",
    "create failed": "failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: {problem}: unknown",
    "bad sysctl": "error during container init: write /proc/sys/{path}: invalid argument",
    "no sysctl": "error during container init: open /proc/sys/{path}: no such file or directory",
    "sysctl of host": "failed to create shim task: OCI runtime create failed: runc create failed: "
    'sysctl "{name}" not allowed in host network namespace: unknown',
    "exec failed": "OCI runtime exec failed: exec failed: unable to start container process: {problem}: unknown",
    "runs a directory": "permission denied",
    "bad daemon file": "{problem}",
    "bad bip": "{problem}",
    "live restore in swarm": "Error starting cluster component: --live-restore daemon configuration is incompatible "
    "with swarm mode",
    "bad cpus": "Range of CPUs is from 0.01 to {most}, as there are only {cpus} CPUs available",
    "bad ipc": "Invalid IPC mode: {mode}",
    "ipc private": "can't join IPC of container {id}: non-shareable IPC "
    "(hint: use IpcMode:shareable for the donor container)",
    "pid stopped": "cannot join PID of a non running container: {id}",
    "bad runtime": "Unknown runtime specified {name}",
    "dockerfile line": "line",
    "build container removed": "Removing intermediate container {id}",
    "build chown": "--chown={who}",
    "unknown instruction": "unknown instruction: {name}",
    "no tar": "Error processing tar file(exit status 1): unexpected EOF",
}
TEXTS_26_1 = TEXTS_20_10 | {
    "join unanswered": "rpc error: code = DeadlineExceeded desc = received context error while waiting for new "
    "LB policy update: context deadline exceeded",  # observed on 26.1.5
    "dockerfile line": "on line",
    "build container removed": " ---> Removed intermediate container {id}",
    "build chown": "--chown={who} ",
    "unknown instruction": "unknown instruction: {name}{meant}",
    "no tar": "unexpected EOF",
    "bad ipc": "invalid IPC mode: {mode}",
    "pid stopped": "failed to join PID namespace: container {id} is not running",  # observed on 26.1.5, 28.5.2
    "ipc private": "failed to join IPC namespace: container {id}: non-shareable IPC "
    "(hint: use IpcMode:shareable for the donor container)",
    "bad runtime": "unknown or invalid runtime name: {name}",
    "bad restart policy": "invalid restart policy: unknown policy '{name}'; "
    "use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
    "negative retries": "invalid restart policy: maximum retry count cannot be negative",
    "bad subnet": "invalid network config:\ninvalid subnet {subnet}: invalid CIDR block notation",
    "empty network name": "invalid name:",
    "bridge missing": "Device does not exist",
    "long name": "numerical result out of range",
    "parent unknown": "-o parent interface was not found on the host: {name}",
    "pool full": "no available addresses on this pool",
    "mode gone": "could not find a network matching network mode {name}: network {name} not found",
    "ip outside": "no configured subnet or ip-range contain the IP address {ip}",
    "bad filter": "invalid filter '{name}'",
    "bad status": "invalid filter 'status={value}': invalid value for state ({value}): must be one of {states}",
    "bad exited": "invalid filter 'exited={value}': {reason}",
    "filter by unknown": "No such container: {name}",
    "inspect unknown image": "{message}",
    "id ambiguous": "multiple IDs found with provided prefix: {reference}",
    "no command": "no command specified",
    "retries elsewhere": "invalid restart policy: maximum retry count can only be used with 'on-failure'",
    "not running": "container {id} is not running",
    "remove running": 'cannot remove container "/{name}": container is {state}: '
    "stop the container before removing or force remove",
    "remove paused": 'cannot remove container "/{name}": container is {state} and must be unpaused first',
    "bad signal": "invalid signal: {signal}",
    "kill failed": "cannot kill container: {reference}: {problem}",
    "kill by bad signal": "cannot kill container: {reference}: invalid signal: {signal}",
    "kill by unknown number": "cannot kill container: {reference}: the linux daemon does not support signal {signal}",
    "create failed": "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: {problem}: unknown",
    "sysctl of host": "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    'runc create failed: sysctl "{name}" not allowed in host network namespace: unknown',
}
TEXTS_28_5 = TEXTS_26_1 | {
    "registry silent": "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    "registry paused": "context deadline exceeded",
    "live restore in swarm": "failed to start cluster component: --live-restore daemon configuration is incompatible "
    "with swarm mode",
    "sysctl of a link": "interface specific sysctl setting \"{key}\" must be supplied using driver option "
    "'com.docker.network.endpoint.sysctls'",  # observed on 28.5.2
    "join unanswered": "rpc error: code = DeadlineExceeded desc = context deadline exceeded while waiting for "
    "connections to become ready",  # observed on 28.5.2
    "pools exhausted": "all predefined address pools have been fully subnetted",
    "ipv6 pools exhausted": "all predefined address pools have been fully subnetted",
    "pool full": "",  # observed on 28.5.2: says that the address is in use
    "pool overlaps": "invalid pool request: Pool overlaps with other one on this address space",
    "empty network name": "invalid name: name is empty",
    "network in use": "network {name} has active endpoints ({users})",
    "bind failed": "failed to bind host port for {ip}:{port}:{target}/{protocol}: {problem}",
    "link elsewhere": "container {id} not attached to default bridge network",
    "port rule failed": "Unable to enable {purpose} rule: ",
    "join unknown": "joining network namespace of container: No such container: {name}",
    "join itself": "cannot join own network namespace",
    "join stopped": "cannot join network namespace of a non running container: container {name} is {state}",
    "connect host": "cannot connect container to host network - container must be created in host network mode",
    "disconnect host": "cannot disconnect container from host network - container was created in host network mode",
    "bad container mode": "invalid network mode: invalid container format container:<name|id>",
    "remove running": 'cannot remove container "{reference}": container is {state}: '
    "stop the container before removing or force remove",
    "remove paused": 'cannot remove container "{reference}": container is {state} and must be unpaused first',
    "create failed": "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: {problem}",
    "bad sysctl": 'failed to write sysctl {name} = "{value}": write fsmount:fscontext:proc/./sys/{path}: '
    "invalid argument",
    "no sysctl": "open sysctl {name} file: unsafe procfs detected: openat2 fsmount:fscontext:proc/./sys/{path}: "
    "no such file or directory",
    "sysctl of host": "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    'runc create failed: sysctl "{name}" not allowed in host network namespace',
    "exec failed": "OCI runtime exec failed: exec failed: unable to start container process: {problem}",
    "runs a directory": "is a directory: permission denied",
    "bad bip": "parse {option} failed: {problem}",
    "bad cpus": "range of CPUs is from 0.01 to {most}, as there are only {cpus} CPUs available",
}
TEXTS_29_7 = TEXTS_28_5 | {
    # of containerd's client and its remotes/docker, by their source
    "push failed": 'failed to do request: Head "{scheme}://{domain}/v2/{path}": {problem}',
    "pull failed": 'failed to resolve reference "{full}": failed to do request: '
    'Head "{scheme}://{domain}/v2/{path}": {problem}',
    "manifest unknown": 'failed to resolve reference "{full}": {full}: not found',
    "bad daemon file": "invalid JSON: {problem}",
    "bad subnet": "invalid JSON: netip.ParsePrefix(\"{subnet}\"): no '/'",
    "bind failed": "failed to bind host port {ip}:{port}/{protocol}: {problem}",
    "ip predefined": "user-specified IP address is supported on user-defined networks only",
    "ip outside": "no configured subnet contains IP address {ip}",
}
