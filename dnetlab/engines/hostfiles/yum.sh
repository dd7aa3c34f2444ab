#!/bin/sh
# yum, dnf, apt and apt-get of a lab host: the lab has no way to a package registry, and bridge-utils is already there.
tool=${0##*/}
verb=
package=
for word; do
    case $word in
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$word; else package="$package ${word%.x86_64}"; fi ;;
    esac
done
package=${package# }
case $tool:$verb:$package in
yum:install:bridge-utils | dnf:install:bridge-utils)
    echo 'Last metadata expiration check: 0:12:41 ago.'
    echo 'Package bridge-utils-1.7.1-1.x86_64 is already installed.'
    echo 'Dependencies resolved.'
    echo 'Nothing to do.'
    echo 'Complete!'
    ;;
apt*:install:bridge-utils)
    [ "$tool" = apt ] && printf '\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n' >&2
    echo 'Reading package lists...'
    echo 'Building dependency tree...'
    echo 'Reading state information...'
    echo 'bridge-utils is already the newest version (1.7.1-1).'
    echo '0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.'
    ;;
yum:*:* | dnf:*:*)
    echo "Error: Failed to download metadata for repo 'base': Cannot prepare internal mirrorlist" >&2
    exit 1
    ;;
*:update:*) echo 'Reading package lists...' ;;
*)
    echo 'Reading package lists...'
    echo 'Building dependency tree...'
    echo 'Reading state information...'
    for name in $package; do echo "E: Unable to locate package $name" >&2; done
    exit 100
    ;;
esac
