#!/bin/sh
# systemctl and service of a lab host: the only unit is docker. Words and statuses are those of systemd 252 (Debian 12).
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PID=/run/docker.pid
LOG=/var/log/dockerd.log

running() { [ -s $PID ] && kill -0 "$(cat $PID)" 2>/dev/null && [ "$(cat /proc/"$(cat $PID)"/comm 2>/dev/null)" = dockerd ]; }

answers() { curl -s -o /dev/null --max-time 2 --unix-socket /run/docker.sock http://docker/_ping; }

start() {
    running && return 0
    rm -f $PID /run/docker.sock /run/docker/containerd/*.pid
    arguments="-H unix:///var/run/docker.sock -p $PID --cgroup-parent $(cat /run/dnetlab/cgroup) $(cat /run/dnetlab/arguments)"
    set -a # EnvironmentFile=-/etc/default/docker of Debian's unit, which also hands $DOCKER_OPTS over
    # shellcheck disable=SC1091
    [ ! -r /etc/default/docker ] || . /etc/default/docker
    set +a
    arguments="$arguments ${DOCKER_OPTS-}"
    export DOCKER_RAMDISK=
    unset DOCKER_RAMDISK
    shim=$(pidof -s containerd-shim-runc-v2) # of a container that outlived its daemon ("live-restore"): among its mounts
    if [ -d /.engine ] && [ -n "$shim" ]; then
        # shellcheck disable=SC2086
        setsid nsenter -t "$shim" -m dockerd $arguments >>$LOG 2>&1 </dev/null &
    elif [ -d /.engine ]; then
        # shellcheck disable=SC2086
        setsid unshare --mount --propagation unchanged sh -c 'cd /.engine && mkdir -p .old && pivot_root . .old && cd / && umount -l /.old && exec "$@"' \
            sh dockerd $arguments >>$LOG 2>&1 </dev/null &
    else
        # shellcheck disable=SC2086
        setsid dockerd $arguments >>$LOG 2>&1 </dev/null &
    fi
    child=$!
    tries=0
    until answers; do
        tries=$((tries + 1))
        if [ $tries -gt 4000 ] || ! kill -0 $child 2>/dev/null; then
            echo 'Job for docker.service failed because the control process exited with error code.' >&2
            echo 'See "systemctl status docker.service" and "journalctl -xeu docker.service" for details.' >&2
            exit 1
        fi
        sleep 0.05
    done
}

stop() {
    running || return 0
    pid=$(cat $PID)
    kill "$pid"
    while [ -d "/proc/$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; do
        sleep 0.05
    done
}

if [ "${0##*/}" = service ]; then
    unit=$1 verb=$2
else
    verb=$1
    shift
    while [ "${1#-}" != "$1" ]; do shift; done
    unit=$1
fi
case $verb in daemon-reload) exit 0 ;; esac
case ${unit%.service} in
docker) ;;
'')
    echo 'Too few arguments.' >&2
    exit 1
    ;;
*)
    case $verb in
    status)
        echo "Unit ${unit%.service}.service could not be found." >&2
        exit 4
        ;;
    is-active)
        echo inactive
        exit 3
        ;;
    *)
        echo "Failed to $verb ${unit%.service}.service: Unit ${unit%.service}.service not found." >&2
        exit 5
        ;;
    esac
    ;;
esac
if [ ! -e /run/dnetlab/cgroup ]; then
    case $verb in
    status) echo 'Unit docker.service could not be found.' >&2 && exit 4 ;;
    is-active) echo inactive && exit 3 ;;
    *) echo "Failed to $verb docker.service: Unit docker.service not found." >&2 && exit 5 ;;
    esac
fi

case $verb in
start) start ;;
stop) stop ;;
restart)
    stop
    start
    ;;
reload) # ExecReload of Debian's unit
    if running; then
        kill -s HUP "$(cat $PID)"
    else
        echo 'docker.service is not active, cannot reload.' >&2
        exit 1
    fi
    ;;
enable | disable) ;;
is-active)
    running && echo active && exit 0
    echo inactive
    exit 3
    ;;
is-enabled) echo enabled ;;
status)
    if running; then
        pid=$(cat $PID)
        printf '● docker.service - Docker Application Container Engine\n'
        printf '     Loaded: loaded (/lib/systemd/system/docker.service; enabled; preset: enabled)\n'
        printf '     Active: active (running) since %s\n' "$(date -r $PID '+%a %Y-%m-%d %H:%M:%S %Z')"
        printf '   Main PID: %s (dockerd)\n' "$pid"
        exit 0
    fi
    printf '○ docker.service - Docker Application Container Engine\n'
    printf '     Loaded: loaded (/lib/systemd/system/docker.service; enabled; preset: enabled)\n'
    printf '     Active: inactive (dead)\n'
    exit 3
    ;;
*)
    echo "Unknown command verb $verb." >&2
    exit 1
    ;;
esac
