"""The shell at a prompt of the simulator: substitutions first, then each command of a pipe hands its output on."""

from __future__ import annotations

from dnetlab.commands.shell import Command, Pipeline, Script, ShellRefused, Word, parse_shell
from dnetlab.commands.userland import PACKAGE_MANAGERS, USERLANDS, is_left_out, names
from dnetlab.model.changed import replace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.programs.ash import exported

# Real programs of a Debian host that no lesson needs: refused, because "command not found" would be a lie.
NOT_MODELLED: dict[str, str] = {
    "ip6tables": "The lab's lessons are about IPv4; use iptables.",
    "ip6tables-save": "The lab's lessons are about IPv4; use iptables-save.",
    "iptables-restore": "Add rules one by one with iptables -A or -I.",
    "nft": "The same rules are shown by iptables -S and iptables-save.",
    "tcpdump": "Use `%dnet trace SRC DST` to see every step of a packet.",
    "conntrack": "Use `%dnet trace SRC DST`: it shows the connection that NAT undoes.",
    "ethtool": "Use ip -d link show.",
    "nsenter": "Use docker exec to run a command inside a container.",
    "mkdir": "The lab's hosts have no disk of their own to write to; -v NAME:/path makes a volume.",
    "touch": "The lab's hosts have no disk of their own to write to; -v NAME:/path makes a volume.",
    "ln": "The namespace of a container is shown by docker exec NAME ip addr, and by `%dnet ips`.",
    "lsof": "Use ss -tlnp or netstat -tlnp: both name the process behind a port.",
    "fuser": "Use ss -tlnp or netstat -tlnp: both name the process behind a port.",
    "nmap": "Use nc -z -v HOST PORT for one port.",
    "mtr": "Use traceroute.",
    "tracepath": "Use traceroute.",
    "ufw": "Use iptables.",
    "firewall-cmd": "Use iptables.",
    "nmcli": "Use ip.",
    "netcat": "The same program is called nc here.",
    "ncat": "Use nc.",
    "ping6": "The lab's lessons are about IPv4; use ping.",
    "htop": "Use ps aux, or docker top CONTAINER.",
    "tc": "Delays and losses are not simulated.",
    "dig": "Use nslookup.",
    "host": "Use nslookup.",
    "telnet": "Use nc -z HOST PORT or curl.",
    "ssh": "A prompt on the line picks the host: docker2# …",
    "vi": "Files can be read with cat; the lab has no editor.",
    "vim": "Files can be read with cat; the lab has no editor.",
    "nano": "Files can be read with cat; the lab has no editor.",
    "less": "Pipe into head or tail.",
    "more": "Pipe into head or tail.",
    "watch": "Run the command again where you want to look again.",
    "top": "Use ps aux, or docker top CONTAINER.",
    "sed": "Pipe into grep, head, tail, wc, sort or uniq.",
    "awk": "Pipe into grep, head, tail, wc, sort or uniq; docker takes -f '{{…}}'.",
    "cut": "Pipe into grep, head, tail, wc, sort or uniq; docker takes -f '{{…}}'.",
    "tr": "Pipe into grep, head, tail, wc, sort or uniq.",
    "tee": "Pipe into grep, head, tail, wc, sort or uniq.",
    "xargs": "Use $(…): docker rm -f $(docker ps -aq).",
    "jq": "Use docker inspect -f '{{json .NetworkSettings}}'.",
    "python3": "Write Python in a cell without %%dnet.",
    "man": "Use COMMAND --help.",
    "journalctl": "Use systemctl status docker, or docker logs CONTAINER.",
    "reboot": "Use systemctl restart docker, or %dnet reset for a fresh lab.",
    "shutdown": "Use %dnet reset for a fresh lab.",
    "modprobe": "The kernel modules of the lab are loaded already.",
    "dockerd": "Use systemctl start docker.",
    "crictl": "Use docker.",
    "podman": "Use docker.",
    "docker-compose": "Start the containers one by one with docker run.",
}  # fmt: skip
LAB_WORDS: dict[str, str] = {
    "help": "`%dnet` lists what the lab can show; COMMAND --help is each command's own help.",
    "?": "`%dnet` lists what the lab can show; COMMAND --help is each command's own help.",
    "history": "`%dnet journal` lists the commands of this session.",
}
_SHELLS = ("sh", "bash", "ash")


def run_text(context: Context, text: str) -> Result:
    """Run one line of shell text in that place. Raises Refused for what the cell language leaves out."""
    return run_script(context, _read(text))


def _read(text: str) -> Script:
    try:
        return parse_shell(text)
    except ShellRefused as refused:
        raise Refused(refused.refusal.reason, refused.refusal.hint) from None


def run_script(context: Context, script: Script, own_shell: bool = False) -> Result:
    """Run the pipelines of a script as `;`, `&&` and `||` say; the exit status is that of the last one that ran.

    own_shell: this is the text of `sh -c`, which `exit N` ends.
    """
    stdout = stderr = ""
    code = 0
    for operator, pipeline in script.pipelines:
        if (operator == "&&" and code != 0) or (operator == "||" and code == 0):
            continue
        left = _exit_status(pipeline, code) if own_shell else None
        if left is not None:
            return Result(stdout, stderr, left)
        result = run_pipeline(context, pipeline)
        stdout += result.stdout
        stderr += result.stderr
        code = result.exit_code
    return Result(stdout, stderr, code)


def _exit_status(pipeline: Pipeline, before: int) -> int | None:
    """The status that `exit` leaves with, which is the last command's without a number; None for another command."""
    words = [word.text for word in pipeline.commands[0].words]
    if len(pipeline.commands) > 1 or words[0] != "exit" or len(words) > 2:
        return None
    if len(words) == 1:
        return before
    return int(words[1]) % 256 if words[1].isascii() and words[1].isdecimal() else None


def run_pipeline(context: Context, pipeline: Pipeline) -> Result:
    """Each command reads what the one before wrote; errors of all of them reach the terminal."""
    stderr = ""
    stdin = context.stdin
    last = len(pipeline.commands) - 1
    result = Result()
    for position, command in enumerate(pipeline.commands):
        beside = tuple(tuple(word.text for word in later.words) for later in pipeline.commands[position + 1 :])
        place = replace(context, stdin=stdin, tty=context.tty and position == last, beside=beside)
        argv, complaints = expand(place, command)
        stderr += complaints
        result = run_command(place, argv) if argv else Result()
        stderr += result.stderr
        stdin = result.stdout
    return Result(result.stdout, stderr, result.exit_code)


def expand(context: Context, command: Command) -> tuple[tuple[str, ...], str]:
    """The words after substitution and splitting, and what the substituted commands wrote to stderr."""
    fields: list[str] = []
    stderr = ""
    for word in command.words:
        made, complaints = _fields(context, word)
        fields.extend(made)
        stderr += complaints
    return tuple(fields), stderr


def _fields(context: Context, word: Word) -> tuple[list[str], str]:
    """One word becomes no, one or many fields: an unquoted substitution is split at white space."""
    fields: list[str] = []
    current: str | None = None
    stderr = ""
    for part in word.parts:
        if part.script is None:
            current = (current or "") + part.text
            continue
        result = run_script(replace(context, stdin=None, tty=False), part.script)
        stderr += result.stderr
        text = result.stdout.rstrip("\n")
        if part.quoted:
            current = (current or "") + text
            continue
        pieces = text.split()
        if text[:1].isspace() and current is not None:
            fields.append(current)
            current = None
        for number, piece in enumerate(pieces):
            if number:
                fields.append(current or "")
                current = None
            current = (current or "") + piece
    if current is not None:
        fields.append(current)
    return fields, stderr


def run_command(context: Context, argv: tuple[str, ...]) -> Result:
    """One simple command: a shell of its own, a tool of this userland, or an error in the shell's words."""
    name = argv[0]
    if name.rsplit("/", 1)[-1] in _SHELLS and context.userland != "none":
        return _run_shell(context, argv)
    if name == "sudo" and context.userland == "host":
        return _run_as_root(context, argv[1:])
    if name in LAB_WORDS:
        raise Refused(f"`{name}` is a word of an interactive shell, and this is the lab's.", LAB_WORDS[name])
    if name in ("cd", "export", "alias", "source", ".", "set", "unset", "read"):
        raise Refused(f"`{name}` would change a shell that each line starts anew.", "Write the full command instead.")
    if name in ("exit", "logout"):
        raise Refused(
            "There is no terminal of a container to leave: this is the host's own prompt.",
            "`exit` ends a container opened with docker run -it or docker exec -it.",
        )
    if name.rsplit("/", 1)[-1] in USERLANDS[context.userland]:
        return run_tool(context, argv)
    if name == "su" and context.userland == "host":
        raise Refused("Everybody is root on the hosts of this lab.", "Type the command itself.")
    refuse_left_out(context.userland, name.rsplit("/", 1)[-1])
    return _not_found(context, name)


def run_tool(context: Context, argv: tuple[str, ...]) -> Result:
    """Run a command that this userland has. KeyError for another."""
    return context.world.tools[argv[0].rsplit("/", 1)[-1]](context, argv)


def _run_as_root(context: Context, words: tuple[str, ...]) -> Result:
    """`sudo COMMAND` of root is COMMAND; sudo's options and `sudo -i` are left out."""
    if words and not words[0].startswith("-"):
        return run_command(context, words)
    raise Refused("Everybody is root on the hosts of this lab.", "Type the command itself, with or without sudo.")


def refuse_left_out(userland: str, name: str) -> None:
    """Raise Refused for a command that a real host or container has and the lab hasn't."""
    if userland == "host" and name in NOT_MODELLED:
        raise Refused(f"`{name}` is not part of this lab.", NOT_MODELLED[name])
    if not is_left_out(userland, name):
        return
    known = " ".join(names(userland))
    if name in PACKAGE_MANAGERS and userland != "host":
        raise Refused(
            "The containers of this lab can't install packages: there is no way out to a mirror.",
            f"Here you have {known}; busyboxplus, alpine and nginx have curl, ping, ip and nslookup.",
        )
    place = "Its hosts have" if userland == "host" else "This container has"
    raise Refused(f"`{name}` is not part of this lab.", NOT_MODELLED.get(name, f"{place} {known}."))


def _run_shell(context: Context, argv: tuple[str, ...]) -> Result:
    """`sh -c 'text'`; a shell without a command reads nothing and ends."""
    if context.userland not in ("host", "debian"):
        context = replace(context, environment=exported(context.environment or {}))
    if "-c" in argv:
        place = argv.index("-c")
        if len(argv) <= place + 1:
            return Result("", f"{argv[0]}: -c requires an argument\n", 2)
        return run_script(context, _read(argv[place + 1]), own_shell=True)
    if len(argv) > 1 and not argv[1].startswith("-"):
        return Result("", f"{argv[0]}: can't open '{argv[1]}'\n", 2)
    if context.stdin:
        results = [run_text(replace(context, stdin=None), line) for line in context.stdin.splitlines() if line.strip()]
        return Result("".join(r.stdout for r in results), "".join(r.stderr for r in results), results[-1].exit_code)
    return Result()


def _not_found(context: Context, name: str) -> Result:
    if "/" in name:
        shell = "bash" if context.userland == "host" else "sh"
        missing = "No such file or directory" if shell == "bash" else "not found"
        return Result("", f"{shell}: {name}: {missing}\n", 127)
    if context.userland == "host":
        return Result("", f"bash: {name}: command not found\n", 127)
    return Result("", f"sh: {name}: not found\n", 127)
