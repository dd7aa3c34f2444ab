"""中文：把实验环境当作 Docker 引擎提供给真实客户端（dnetlab serve）。"""

from __future__ import annotations

SENTENCES = {
    "serve the lab's hosts as Docker Engines, for real clients": "把实验里的主机当作 Docker 引擎提供给真实的客户端",
    "where the sockets are: DIR/HOST.sock": "套接字放在哪里：DIR/HOST.sock",
    "who waits for a program of the lab to end needn't": "等待实验里的程序结束的客户端不用真的等",
    "on loopback TCP as well, with a token or TLS": "同时在本机回环地址的 TCP 端口上提供，要令牌或 TLS",
    "who signed the clients' certificates": "签发客户端证书的 CA 证书",
    "the server's certificate": "服务器的证书",
    "the server's key": "服务器的私钥",
    "TLS needs three files and a port": "TLS 需要三个文件和一个端口",
    "--tcp PORT --tlscacert --tlscert --tlskey": "--tcp PORT --tlscacert --tlscert --tlskey",
    "{port!r} is no port": "{port!r} 不是端口",
    "--tcp 2375": "--tcp 2375",
    "The token for TCP, as the docker command reads it: {command}": "TCP 用的令牌，docker 命令这样读取：{command}",
    "the hosts' own daemons answer their clients": "主机上自己的 Docker 守护进程回答它们的客户端",
    "Serve them with --engine docker.": "请用 --engine docker 提供它们。",
    "{path} is too long for a socket": "{path} 太长，不能作套接字的路径",
    "Choose a shorter folder: --dir DIR": "请选一个路径短一些的文件夹：--dir DIR",
    "{address} is not this machine's loopback": "{address} 不是本机的回环地址",
    "Use 127.0.0.1.": "请用 127.0.0.1。",
    "a port is open to everybody on this machine": "端口对这台机器上的所有人开放",
    "Give it a token or certificates.": "请给它令牌或证书。",
    "no socket can be made at {path}: {problem}": "不能在 {path} 建立套接字：{problem}",
    "Choose another folder: --dir DIR": "请换一个文件夹：--dir DIR",
    "the certificates can't be used: {problem}": "这些证书不能用：{problem}",
    "port {port} can't be used: {problem}": "端口 {port} 不能用：{problem}",
    "{method} {path} of the Engine API is not modelled.": "没有模拟 Engine API 的 {method} {path}。",
    "The lab's daemon knows containers, exec, networks, volumes, images, swarm, nodes, services and tasks.": "实验里的守护进程支持容器、exec、网络、卷、镜像、swarm、节点、服务和任务。",
}
