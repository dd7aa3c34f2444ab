# Everything a snapshot needs of a lab host, in one go, on standard output; run by bash inside the host.
#
# Records begin with the byte 1e, a record's fields are separated by 1f; the first field says what kind of record it is.
# Processes are listed first, so that none of the programs started below is among them.
# arguments: sysctls to read
shopt -s nullglob
LC_ALL=C
record() { printf '\x1e'; printf '%s\x1f' "$@"; }

folders=(/proc/[0-9]*)
record clock
mapfile -t up </proc/uptime
printf '%s %s' "${up[0]%% *}" "$EPOCHREALTIME"
for folder in "${folders[@]}"; do
    case $folder in "/proc/$$" | "/proc/$PPID") continue ;; esac # this look itself
    { mapfile -t stat <"$folder/stat"; mapfile -t cgroup <"$folder/cgroup"; mapfile -d '' -t words <"$folder/cmdline"; } 2>/dev/null || continue
    [ ${#words[@]} -gt 0 ] && record process "${folder#/proc/}" "${stat[*]}" "${cgroup[*]}" "${words[@]}"
done
record inodes
stat -L -c '%n %i' "${folders[@]/%//ns/net}" 2>/dev/null
record users
stat -c '%n %u' "${folders[@]}" 2>/dev/null
record sockets
find "${folders[@]/%//fd}" -lname 'socket:*' -printf '%p %l\n' 2>/dev/null

socket=/run/docker.sock
url=http://docker
if [ -S $socket ] && curl -s -o /dev/null --max-time 5 --unix-socket $socket $url/_ping; then
    urls=()
    for id in $(docker ps -aq --no-trunc); do urls+=("$url/containers/$id/json"); done
    for id in $(docker network ls -q --no-trunc -f scope=swarm); do urls+=("$url/networks/$id?verbose=true"); done
    record docker
    curl -s --max-time 20 --unix-socket $socket "$url/containers/json?all=1" $url/networks $url/images/json $url/volumes "${urls[@]}"
fi

record named
kept=()
for file in /run/docker/netns/*; do
    [ "$(stat -f -c %T "$file")" = nsfs ] && kept+=("$file") && stat -c '%i %n' "$file" | sed 's:/.*/::'
done
declare -A seen
while read -r path number; do
    [ -n "${seen[$number]}" ] || seen[$number]=$path
done < <(stat -L -c '%n %i' /proc/1/ns/net "${folders[@]/%//ns/net}" "${kept[@]}" 2>/dev/null)
export sysctls="$*"
for number in "${!seen[@]}"; do
    record namespace "$number"
    nsenter --net="${seen[$number]}" bash -c '
        printf "\x1f"; ip -j -d address
        printf "\x1f"; ip -j -d -4 route show table all
        printf "\x1f"; ip -j neigh
        printf "\x1f"; bridge -j fdb show
        printf "\x1f"; iptables-save -c
        printf "\x1f"; ss -Hantue
        printf "\x1f"; for key in $sysctls; do
            read -r value <"/proc/sys/${key//.//}" && printf "%s=%s\n" "$key" "$value"
        done
        printf "\x1f"; [ -r /proc/net/nf_conntrack ] && cat /proc/net/nf_conntrack
        printf "\x1f"; ip -j -d -6 route show table all
        printf "\x1f"; ip6tables-save -c
        printf "\x1f"; nft -a list ruleset
        printf "\x1f"; ip -j -d rule; ip -j -d -6 rule
        printf "\x1f"; cat /usr/share/iproute2/rt_tables /etc/iproute2/rt_tables' 2>/dev/null
done
exit 0
