"""Which commands there are at a prompt: on a host, and in the containers of each kind of image."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The text and file tools (sim/userland), which Debian and busybox both have.
TEXT: frozenset[str] = _words(
    "awk sed printf cut tr tee tac paste nl fold seq yes mkdir rmdir rm touch cp mv ln chmod chown basename dirname "
    "readlink realpath mktemp find xargs expr diff test [ stat time tty egrep fgrep"
)
HOST: frozenset[str] = _words(
    "docker ip bridge brctl iptables iptables-save ip6tables ip6tables-save sysctl iptables-restore "
    "ip6tables-restore iptables-nft iptables-legacy iptables-legacy-save ping ping6 traceroute curl wget "
    "nslookup arp netstat ss nc ps "
    "kill pkill pgrep pidof killall systemctl service journalctl dockerd yum dnf apt apt-get cat ls hostname env "
    "printenv echo true false sleep date whoami id pwd clear uname timeout which grep head tail wc sort uniq "
    "ifconfig route rev column jq mawk nsenter ssh scp tcpdump conntrack ethtool "
    "arping telnet lsns python3 lsof fuser pstree dig host getent nmap watch mtr ufw firewall-cmd nft dmesg ipset "
    "socat less more xtables-monitor gzip gunzip zcat"
) | TEXT
# Debian's busybox-static, which the lab's images are made of, has neither pgrep, pkill nor printenv.
BUSYBOX: frozenset[str] = _words(
    "ip brctl ping ping6 traceroute wget nslookup arp netstat nc ps kill pidof killall cat ls hostname env echo true "
    "false sleep date whoami id pwd clear uname timeout which grep head tail wc sort uniq ifconfig route sysctl "
    "rev less more arping telnet ipcalc traceroute6"
) | TEXT
# nicolaka/netshoot has what a host has, but for what runs the host itself.
NETSHOOT: frozenset[str] = HOST - _words(
    "docker systemctl service journalctl dockerd yum dnf apt apt-get ssh scp ufw firewall-cmd lsns"
)
USERLANDS: dict[str, frozenset[str]] = {
    "host": HOST,
    "netshoot": NETSHOOT,
    "busybox": BUSYBOX,
    "busyboxplus": BUSYBOX | {"curl"},
    "alpine": BUSYBOX | {"apk"},
    "nginx": BUSYBOX | {"curl"},
    "debian": _words("cat ls hostname env printenv echo true false sleep date whoami id pwd uname timeout "
                        "grep head tail wc sort uniq which mawk apt apt-get more") | TEXT,
}  # fmt: skip
# Applets that the images' busybox has and the lab has not: to say "not found" of them would be a lie.
OTHER_APPLETS: frozenset[str] = _words(
    "arping ash awk base64 basename bc cal chgrp chmod chown cmp cp cut dd df diff dirname dmesg du ed egrep expr "
    "find fgrep fold free getopt groups gunzip gzip hexdump httpd id ifdown ifup install ipcalc ipneigh less ln "
    "logger md5sum mkdir mkfifo mktemp more mount mv nproc nsenter od paste printf readlink realpath renice "
    "rev rm rmdir sed seq setsid sha256sum shuf stat strings stty su tac tar tee telnet test time top touch tr "
    "traceroute6 tty udhcpc umount unshare uptime usleep vconfig vi w watch who xargs xxd yes"
)  # busybox --list of busybox-static 1.35
_COREUTILS = _words(
    "arch b2sum base32 base64 basename basenc chcon chgrp chmod chown chroot cksum comm cp csplit cut dd df dir "
    "dircolors dirname du expand expr factor fmt fold groups head id install join link ln logname md5sum mkdir mkfifo "
    "mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printf ptx readlink realpath rm rmdir runcon "
    "sha1sum sha256sum shred shuf split stat stdbuf stty sum sync tac tail tee test touch tr truncate tsort tty test [ "
    "unexpand unlink users who yes awk mawk sed find xargs diff cmp gzip gunzip tar perl bash dash login mount umount "
    "more dmesg lsblk su passwd useradd usermod chpasswd dpkg apt-cache apt-key apt-mark"
)
# Other programs of a Linux host, there or an `apt install` away: "command not found" would teach a wrong lesson.
_HOST_PROGRAMS = _words(
    "arping bmon bpftool containerd crontab ctr cri-o dhclient dhcpcd dnsmasq docker-machine ebtables egrep ethtool "
    "fdisk fgrep file firewall-cmd fping free ftp fuser git halt helm host hping3 htop hwclock ifdown ifquery ifstat "
    "iftop ifup init insmod iotop iperf iperf3 ip6tables ipcalc ipset ipvsadm "
    "iptables-apply jobs journalctl k3s kind kmod kubectl kubeadm lnstat locate logger ls lsattr lscpu lshw lsmod "
    "lsof lspci lsns mii-tool minikube modinfo modprobe mpstat mtr ncat netcat netplan networkctl ngrep nload nmap "
    "nmcli nmtui nslookup nsenter nstat openssl ovs-ofctl ovs-vsctl pgrep pip pip3 pkexec pmap poweroff pstree python "
    "python2 resolvectl rfkill rmmod rpm rsync runc scp screen seq sftp skopeo slattach snap socat ssh sshd sshpass "
    "ss strace sysctl systemd-analyze systemd-resolve tcpdump telnet tftp time tmux top tracepath traceroute6 tree "
    "tshark tunctl ufw unshare unzip uptime vconfig vmstat w whereis whois wireshark wg zip zypper batctl rarpd rtmon "
    "type hash ulimit umask wait fg bg trap eval exec command builtin declare let "
    "routel iptables-translate arptables conntrackd dig delv ldd crun hostnamectl "
    "timedatectl loginctl lslogins nsupdate rdate sar slabtop watch pidstat vnstat less vi vim nano emacs ed man"
)
PACKAGE_MANAGERS: frozenset[str] = _words("apk apt apt-get apt-cache aptitude dpkg yum dnf microdnf rpm zypper pacman")
OTHERS: dict[str, frozenset[str]] = {  # what a real place of that kind has or may have, beside its userland here
    "host": _COREUTILS | _HOST_PROGRAMS,
    "busybox": OTHER_APPLETS,
    "busyboxplus": OTHER_APPLETS,
    "alpine": OTHER_APPLETS | PACKAGE_MANAGERS,
    "nginx": OTHER_APPLETS | PACKAGE_MANAGERS,  # apk in its Alpine build, apt-get in the other
    "debian": _COREUTILS | PACKAGE_MANAGERS,
    "netshoot": OTHER_APPLETS | _HOST_PROGRAMS | PACKAGE_MANAGERS,
}
# Packages that bring tools of the lab, and the tools: of Debian, and of Alpine.
DEBIAN_PACKAGES: dict[str, tuple[str, ...]] = {
    "curl": ("curl",), "wget": ("wget",), "iproute2": ("ip", "ss", "bridge"), "iputils-ping": ("ping",),
    "inetutils-ping": ("ping",), "iputils-arping": ("arping",), "arping": ("arping",), "dnsutils": ("dig", "nslookup"),
    "net-tools": ("ifconfig", "route", "netstat", "arp"), "bind9-dnsutils": ("dig", "nslookup"),
    "bind9-host": ("host",), "traceroute": ("traceroute",), "inetutils-traceroute": ("traceroute",),
    "tcpdump": ("tcpdump",), "netcat-openbsd": ("nc",), "netcat-traditional": ("nc",), "netcat": ("nc",),
    "procps": ("ps", "pgrep", "pkill", "sysctl", "watch"), "iptables": ("iptables", "iptables-save"),
    "bridge-utils": ("brctl",), "conntrack": ("conntrack",), "ethtool": ("ethtool",), "nmap": ("nmap",),
    "mtr": ("mtr",), "mtr-tiny": ("mtr",), "telnet": ("telnet",), "inetutils-telnet": ("telnet",), "lsof": ("lsof",),
    "psmisc": ("fuser", "killall", "pstree"), "jq": ("jq",), "socat": ("socat",),
    **dict.fromkeys(("ca-certificates", "bash", "coreutils", "gnupg", "lsb-release", "apt-utils"), ()),
}  # fmt: skip
ALPINE_PACKAGES: dict[str, tuple[str, ...]] = {
    "curl": ("curl",), "wget": ("wget",), "iproute2": ("ss", "bridge"), "iputils": ("arping",), "iputils-ping": (),
    "bind-tools": ("dig", "host"), "bridge-utils": ("brctl",), "tcpdump": ("tcpdump",), "nmap": ("nmap",),
    "iptables": ("iptables", "iptables-save"), "net-tools": (), "netcat-openbsd": ("nc",), "mtr": ("mtr",),
    "conntrack-tools": ("conntrack",), "ethtool": ("ethtool",), "jq": ("jq",), "lsof": ("lsof",),
    "psmisc": ("fuser", "killall", "pstree"), "procps": ("pgrep", "pkill", "watch"), "busybox-extras": ("telnet",),
    "arping": ("arping",), "traceroute": ("traceroute",), "socat": ("socat",),
    "bash": (), "ca-certificates": (), "coreutils": (),
}  # fmt: skip


def is_left_out(userland: str, name: str) -> bool:
    """Does a real host or container of that kind have this command, though the lab doesn't?"""
    return name in OTHERS.get(userland, frozenset()) - USERLANDS.get(userland, frozenset())


def names(userland: str) -> tuple[str, ...]:
    """The commands of a userland, sorted."""
    return tuple(sorted(USERLANDS[userland]))
