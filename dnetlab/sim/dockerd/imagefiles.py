"""What the lab's own images hold beside their programs: the same files as on the real lab hosts (engines/images.py)."""

from __future__ import annotations

from dnetlab.sim.dockerd.imagelayers import Layer

PAGES = {
    "nginx": "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head>"
    "<body><h1>Welcome to nginx!</h1></body></html>\n",
    "httpd": "<html><body><h1>It works!</h1></body></html>\n",
    "webserver": "<html><body><h1>webserver v3</h1></body></html>\n",
}
NGINX_CONF = """\
user root;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
pid /var/run/nginx.pid;
events { worker_connections 1024; }
http {
    default_type application/octet-stream;
    types { text/html html htm; text/plain txt; }
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
    access_log /var/log/nginx/access.log main;
    include /etc/nginx/conf.d/*.conf;
}
"""
NGINX_SITE = """\
server {
    listen 80;
    listen [::]:80;
    server_name localhost;
    location / { root /usr/share/nginx/html; index index.html index.htm; }
}
"""
OWN: dict[str, Layer] = {  # key of the recipe -> its files
    "alpine": Layer({"/etc/alpine-release": "3.22.2\n"}),
    "nginx": Layer(
        {"/etc/nginx/nginx.conf": NGINX_CONF, "/etc/nginx/conf.d/default.conf": NGINX_SITE,
         "/usr/share/nginx/html/index.html": PAGES["nginx"],
         **{f"/var/lib/nginx/{name}/": "" for name in ("body", "fastcgi", "proxy", "scgi", "uwsgi")}},
        {"/var/log/nginx/access.log": "/dev/stdout", "/var/log/nginx/error.log": "/dev/stderr"},
    ),
    "httpd": Layer({"/usr/local/apache2/htdocs/index.html": PAGES["httpd"]}),
    "webserver": Layer({"/var/www/html/index.html": PAGES["webserver"]}),
}  # fmt: skip
