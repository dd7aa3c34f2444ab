"""Images that the world has and the lab has not: what stands in for one, and which names Docker Hub really knows.

A closed lab can't ask a registry. It answers like one for a name that nobody has (a typo); an image that exists is
refused in the lab's own voice, because `pull access denied` would be a lie.
"""

from __future__ import annotations

from dnetlab.commands.docker.reference import Reference
from dnetlab.language import Words
from dnetlab.sim.dockerd.catalogue import BY_TAG
from dnetlab.sim.dockerd.errors import NotModelled

_WEB, _DATA, _TOOLS = "nginx, httpd or webserver:v3", "mysql or redis", "busyboxplus or alpine"
_PHP, _PLAIN = "php-fpm", "busybox, alpine, debian or ubuntu"
# Docker Official Images, and others of tutorials about networking, by the image of the lab that can take their place.
INSTEAD: dict[str, str] = {
    name: instead
    for instead, names in (
        (_WEB, "caddy haproxy traefik jetty wordpress ghost nextcloud drupal joomla rails node python golang "
               "ruby kong varnish mediawiki grafana/grafana nginxdemos/hello "
               "jwilder/whoami kennethreitz/httpbin hashicorp/http-echo training/webapp dockersamples/static-site "
               "openresty/openresty bitnami/nginx nginxinc/nginx-unprivileged adminer phpmyadmin sonarqube"),
        (_DATA, "mongo memcached influxdb cassandra couchdb couchbase rabbitmq elasticsearch kibana "
                "logstash neo4j percona zookeeper vault consul etcd nats eclipse-mosquitto valkey bitnami/redis "
                "mongo-express mysql/mysql-server"),
        (_TOOLS, "curlimages/curl praqma/network-multitool wbitt/network-multitool appropriate/curl "
                 "byrnedo/alpine-curl yauritux/busybox-curl networkstatic/iperf3 frrouting/frr quay.io/frrouting/frr "
                 "jonlabelle/network-tools amouat/network-utils weaveworks/scope"),
        (_PHP, "php composer"),
        (_PLAIN, "centos fedora rockylinux almalinux amazonlinux oraclelinux archlinux opensuse/leap clearlinux "
                 "photon cirros bash buildpack-deps eclipse-temurin openjdk maven gradle gcc perl rust docker swarm "
                 "portainer/portainer-ce portainer/portainer busybox-curl kalilinux/kali-rolling"),
    )
    for name in names.split()
}  # fmt: skip


def refuse(reference: Reference, present: tuple[str, ...]) -> None:
    """Raise NotModelled for an image that exists, or may exist, and that the lab has not; nothing for a mere typo.

    present: the tags on the host. A name with a user or a registry in it may exist: the lab can't ask.
    """
    name = reference.repository
    ours = sorted(tag for tag in {*BY_TAG, *present} if tag.rpartition(":")[0] == name)
    wanted = reference.full if reference.domain else str(reference)
    if ours:
        hint = Words("It has {images}.", images=", ".join(ours))
    elif name in INSTEAD:
        hint = Words(
            "It asks no registry. {other} can take its place; docker images lists all that is here.",
            other=INSTEAD[name],
        )
    elif "/" in name or reference.domain:
        hint = Words("It asks no registry. docker images lists what is here.")
    else:
        return
    raise NotModelled("The lab has no image {wanted}.", hint, wanted=wanted)
