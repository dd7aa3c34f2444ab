"""Programs and words that a real host has and the lab hasn't, each with what to do instead."""

from __future__ import annotations

# Real programs of a Debian host that no lesson needs: refused, because "command not found" would be a lie.
NOT_MODELLED: dict[str, str] = {
    "tracepath": "Use traceroute.",
    "nmcli": "Use ip.",
    "iperf3": "The lab's links have no speed: what a packet meets is modelled, not how fast it is.",
    "iperf": "The lab's links have no speed: what a packet meets is modelled, not how fast it is.",
    "vconfig": "Use ip.",
    "netcat": "The same program is called nc here.",
    "ncat": "Use nc.",
    "htop": "Use ps aux, or docker top CONTAINER.",
    "tc": "Delays and losses are not simulated.",
    "ssh": "A prompt on the line picks the host: docker2# …",
    "vi": "Files can be read with cat; the lab has no editor.",
    "vim": "Files can be read with cat; the lab has no editor.",
    "nano": "Files can be read with cat; the lab has no editor.",
    "top": "Use ps aux, or docker top CONTAINER.",
    "python3": "Write Python in a cell without %%dnet.",
    "man": "Use COMMAND --help.",
    "journalctl": "Use systemctl status docker, or docker logs CONTAINER.",
    "reboot": "Use systemctl restart docker, or %dnet reset for a fresh lab.",
    "shutdown": "Use %dnet reset for a fresh lab.",
    "modprobe": "The kernel modules of the lab are loaded already.",
    "dockerd": "Use systemctl start docker.",
    "crictl": "Use docker.",
    "podman": "Use docker.",
}  # fmt: skip
LAB_WORDS: dict[str, str] = {
    "help": "`%dnet` lists what the lab can show; COMMAND --help is each command's own help.",
    "?": "`%dnet` lists what the lab can show; COMMAND --help is each command's own help.",
    "history": "`%dnet journal` lists the commands of this session.",
}
