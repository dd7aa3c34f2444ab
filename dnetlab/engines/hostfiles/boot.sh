#!/bin/sh
# First process of a lab host: builds the host's own root and becomes its init.
#
# Runs in fresh mount, pid, uts, ipc, cgroup and network namespaces. The root is a tmpfs; /usr and /etc are overlays, so that the
# host has the machine's tools and may change or delete any file of "its own" without touching the machine. Nothing outlives the
# mount namespace. What the kernel has only once (/sys but for the host's own links, /proc/sys but for net) is read-only.
#
# environment: DNETLAB_HOST name, DNETLAB_BASE empty directory, DNETLAB_TREE engine's tree or "" for the machine's own dockerd,
#              DNETLAB_DATA directory with images for dockerd or "" for a host without one, DNETLAB_FILES these scripts,
#              DNETLAB_CGROUPS lines "path kind options" of control groups to mount, DNETLAB_ADDRESS its own address,
#              DNETLAB_RESOLVER its nameserver or "", DNETLAB_DISK bytes that its files may take
set -e
umask 022

overlay_of() { # overlay_of LOWER DIR: DIR becomes a private, writable copy of LOWER
    mkdir -p "$2" "$DNETLAB_BASE/.layers$2/upper" "$DNETLAB_BASE/.layers$2/work"
    mount -t overlay overlay \
        -o "lowerdir=$1,upperdir=$DNETLAB_BASE/.layers$2/upper,workdir=$DNETLAB_BASE/.layers$2/work" "$2"
}

populate() { # populate TREE ROOT: the directories of a Linux system in ROOT, programs and settings from TREE
    for name in bin sbin lib lib32 lib64 libx32; do
        if [ -L "$1/$name" ]; then
            cp -P "$1/$name" "$2/$name"
        elif [ -d "$1/$name" ]; then
            overlay_of "$1/$name" "$2/$name"
        fi
    done
    overlay_of "$1/usr" "$2/usr"
    overlay_of "$1/etc" "$2/etc"
    mkdir -p "$2/proc" "$2/sys" "$2/dev" "$2/run" "$2/tmp" "$2/root" "$2/home" "$2/mnt" "$2/srv" "$2/opt" \
        "$2/var/lib/docker" "$2/var/log" "$2/var/tmp" "$2/var/cache" "$2/etc/docker"
    ln -s /run "$2/var/run"
    ln -s /run/lock "$2/var/lock"
    chmod 1777 "$2/tmp" "$2/var/tmp"
    chmod 700 "$2/root"
    rm -f "$2/etc/resolv.conf" "$2/etc/mtab"
    ln -s /proc/mounts "$2/etc/mtab"
    if [ -n "$DNETLAB_RESOLVER" ]; then printf 'nameserver %s\n' "$DNETLAB_RESOLVER" >"$2/etc/resolv.conf"; else : >"$2/etc/resolv.conf"; fi
    printf '%s\n' "$DNETLAB_HOST" >"$2/etc/hostname"
    printf '127.0.0.1\tlocalhost\n%s\t%s\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n' \
        "$DNETLAB_ADDRESS" "$DNETLAB_HOST" >"$2/etc/hosts"
}

device() { # device NAME MAJOR MINOR
    mknod -m 666 "$root/dev/$1" c "$2" "$3" 2>/dev/null || {
        : >"$root/dev/$1"
        mount --bind "/dev/$1" "$root/dev/$1"
    }
}

readonly_but() { # readonly_but DIR SUB: DIR can only be read, SUB in it written as before
    if [ -d "$1/$2" ]; then mount --bind "$1/$2" "$1/$2"; fi
    mount -o remount,bind,ro "$1"
}

control_groups() { # every hierarchy of the machine, as far as this host's own part of it
    mkdir -p "$root/sys/fs/cgroup"
    case $DNETLAB_CGROUPS in
    '/sys/fs/cgroup cgroup2 '*) ;;
    *) mount -t tmpfs -o mode=755,size=1m cgroup "$root/sys/fs/cgroup" ;;
    esac
    printf '%s\n' "$DNETLAB_CGROUPS" | while read -r path kind options; do
        mkdir -p "$root$path"
        mount -t "$kind" $([ "$options" = - ] || printf -- '-o %s' "$options") cgroup "$root$path"
        if [ "$kind" = cgroup2 ] && [ -s "$root$path/cgroup.controllers" ]; then
            mkdir -p "$root$path/init" # no group with processes of its own may have controlled ones below it
            tries=0
            until echo 0 >"$root$path/init/cgroup.procs" && for controller in $(cat "$root$path/cgroup.controllers"); do
                echo "+$controller" >"$root$path/cgroup.subtree_control" || break; done; do
                tries=$((tries + 1)); [ $tries -gt 100 ] && break; sleep 0.05
            done 2>/dev/null
        fi
    done
}

mount --make-rprivate /
mount -t tmpfs -o "mode=755,size=$DNETLAB_DISK" "$DNETLAB_HOST" "$DNETLAB_BASE"
root=$DNETLAB_BASE/root
mkdir "$root"
mount -t tmpfs -o "mode=755,size=$DNETLAB_DISK" root "$root"
populate / "$root"

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
readonly_but "$root/proc/sys" net
for name in sysrq-trigger irq bus fs acpi; do
    if [ -e "$root/proc/$name" ]; then
        mount --bind "$root/proc/$name" "$root/proc/$name"
        mount -o remount,bind,ro "$root/proc/$name"
    fi
done
mount -t sysfs sysfs "$root/sys"
readonly_but "$root/sys" devices/virtual/net
control_groups
mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
device null 1 3
device zero 1 5
device full 1 7
device random 1 8
device urandom 1 9
device tty 5 0
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/lock"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=64m shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
mount --bind "$root/run" "$root/run"
mount --make-shared "$root/run" # what dockerd mounts in /run/docker/netns is seen outside of the engine's tree as well
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

mkdir -p "$root/usr/local/sbin" "$root/run/dnetlab"
for tool in systemctl yum; do
    cp "$DNETLAB_FILES/$tool.sh" "$root/usr/local/sbin/$tool"
    chmod 755 "$root/usr/local/sbin/$tool"
done
for tool in dnf apt apt-get service; do
    ln -sf yum "$root/usr/local/sbin/$tool"
done
ln -sf systemctl "$root/usr/local/sbin/service"
printf -- '--no-progress-meter\n' >"$root/root/.curlrc"  # a terminal shows no meter when the page itself goes to it

if [ -n "$DNETLAB_DATA" ]; then
    cp -a "$DNETLAB_DATA/." "$root/var/lib/docker/"
    printf '/docker\n' >"$root/run/dnetlab/cgroup"
    : >"$root/run/dnetlab/arguments"
    if [ -n "$DNETLAB_TREE" ]; then
        mkdir "$root/.engine"
        mount -t tmpfs -o "mode=755,size=64m" engine "$root/.engine"
        populate "$DNETLAB_TREE" "$root/.engine"
        for shared in proc sys dev run tmp root home mnt srv opt var/lib/docker etc/docker; do
            mount --rbind "$root/$shared" "$root/.engine/$shared"
        done
    fi
fi

printf '%s\n' '::sysinit:/bin/true' >"$root/etc/inittab"
hostname "$DNETLAB_HOST"
cd "$root"
mkdir .old
pivot_root . .old
cd /
umount -l /.old
rmdir /.old
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DNETLAB_LAB="$DNETLAB_LAB" \
    bash -c 'exec -a /sbin/init busybox' </dev/null >/dev/null 2>&1
