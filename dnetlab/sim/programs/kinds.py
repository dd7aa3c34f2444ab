"""What a command line turns out to be: which program, with which words, and whether the image has it at all."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from dnetlab.commands.shell import Script, ShellRefused, parse_shell
from dnetlab.commands.userland import USERLANDS
from dnetlab.sim.dockerd.catalogue import Recipe
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.dockerd.images import recipe_of
from dnetlab.sim.processes import SIGNALS
from dnetlab.sim.world import World

SHELLS = ("sh", "ash")
APPLETS = ("httpd", "nc", "sleep", "tail", "top", "cat", "sh", "ash", "ls", "busybox")
SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {  # program -> its file, and the service that it starts and waits for
    "httpd-foreground": ("/usr/local/bin/httpd-foreground", ("httpd", "-f", "-p", "80", "-h")),
    "mysqld": ("/usr/sbin/mysqld", ("nc", "-ll", "-p", "3306", "-e", "/bin/true")),
    "php-fpm": ("/usr/local/sbin/php-fpm", ("nc", "-ll", "-p", "9000", "-e", "/bin/true")),
}
DIRECTORIES = ("/", "/bin", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/sbin", "/sys", "/tmp", "/usr", "/var")
PATHS = ("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
FILES = ("/etc/passwd", "/etc/group", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/nsswitch.conf")
_POLITE = {SIGNALS[name]: 0 for name in ("TERM", "INT", "QUIT")}
# What a program that is process 1 answers to a signal: its exit status. What it has no handler for, it never gets.
_FATAL = ("HUP", "INT", "QUIT", "TERM", "PIPE", "ABRT", "ALRM", "VTALRM", "XCPU", "XFSZ", "USR1", "USR2")
HANDLERS: dict[str, dict[int, int]] = {
    "top": {SIGNALS[name]: 128 + SIGNALS[name] for name in _FATAL},  # busybox, BB_FATAL_SIGS; TERM observed: 143
    "nginx": _POLITE,
    "httpd-foreground": {**_POLITE, SIGNALS["WINCH"]: 0},
    "mysqld": {**_POLITE, SIGNALS["WINCH"]: 0},
    "php-fpm": {**_POLITE, SIGNALS["WINCH"]: 0},
    "redis-server": {SIGNALS["TERM"]: 0, SIGNALS["INT"]: 0},
    "ping": {SIGNALS["INT"]: 0},
    **dict.fromkeys(("postgres", "mariadbd", "catalina.sh", "entrypoint.sh", "whoami"), _POLITE),
}
_IGNORED_BY_DEFAULT = {SIGNALS[name] for name in ("CHLD", "CONT", "URG", "WINCH", "STOP", "TSTP", "TTIN", "TTOU")}


@dataclass(frozen=True)
class Missing:
    """Why process 1 can't be started. kind: 'not found', 'no such file', 'permission' or 'directory'."""

    word: str
    kind: str


def basename(word: str) -> str:
    return word.rsplit("/", 1)[-1]


def missing_in(recipe: Recipe, word: str) -> Missing | None:
    """None when the image has that program."""
    base = basename(word)
    own = _own_file(recipe, word)
    if own is not None:
        return None if own & 0o111 else Missing(word, "permission")
    if "/" in word:
        if word.rstrip("/") in DIRECTORIES or word == "/":
            return Missing(word, "directory")
        if word in FILES:
            return Missing(word, "permission")
        if word in recipe.programs:
            return None
        known = recipe.userland != "none" and word.rsplit("/", 1)[0] in PATHS
        return None if known and has_program(recipe, base) else Missing(word, "no such file")
    return None if has_program(recipe, base) else Missing(word, "not found")


def _own_file(recipe: Recipe, word: str) -> int | None:
    """The permissions of a program that somebody put into the image, None when there is none of that name."""
    own = recipe.content
    paths = [posixpath.normpath(posixpath.join(recipe.directory or "/", word))] if "/" in word else [
        f"{folder}/{word}" for folder in PATHS]  # fmt: skip
    found = next((path for path in paths if path in own.files), None)
    return None if found is None else own.modes.get(found, 0o644)


def has_program(recipe: Recipe, name: str) -> bool:
    """Is there a program of that name in the image's PATH?"""
    if name in recipe.programs:
        return True
    if recipe.userland == "none":
        return False
    if recipe.userland in ("debian", "netshoot"):
        return name in USERLANDS[recipe.userland] or name in ("sh", "bash", "dash")
    return name in USERLANDS[recipe.userland] or name in APPLETS


def missing(world: World, config: ContainerConfig, image_id: str) -> Missing | None:
    """Why the container's process 1 can't be started, None when it can."""
    return missing_in(recipe_of(world, image_id), config.path)


def runc_error(world: World, problem: Missing, stage: str = "create") -> str:
    """The daemon's words for it (observed on 20.10.24 with runc 1.1.5 and on 28.5.2 with runc 1.3)."""
    from dnetlab.sim.dockerd.books import release_of

    release = release_of(world)
    reason = {
        "not found": "executable file not found in $PATH",
        "no such file": f"stat {problem.word}: no such file or directory",
        "permission": "permission denied",
        "directory": release.text("runs a directory"),
    }[problem.kind]
    return release.text(f"{stage} failed", problem=f'exec: "{problem.word}": {reason}')


def no_directory(world: World, path: str) -> str:
    """The words for a working directory of `docker exec -w` that isn't there (observed on 20.10.24, 28.5.2)."""
    from dnetlab.sim.dockerd.books import release_of

    text = release_of(world).text("exec failed", problem="X")
    return text.replace("X", f'chdir to cwd ("{path}") set in config.json failed: no such file or directory')


def start_failure_code(message: str) -> int:
    """127: no such program; 126: it can't be executed; 128: anything else (moby daemon/start.go)."""
    if "executable file not found" in message or "no such file or directory" in message:
        return 127
    if "permission denied" in message or "is a directory" in message:
        return 126
    return 128


# -- what runs ----------------------------------------------------------------------------------------------------


def script_of(argv: tuple[str, ...]) -> Script | None:
    """The script of `sh -c TEXT`; None for anything else, also for a text that the cell language refuses."""
    if len(argv) < 3 or basename(argv[0]) not in (*SHELLS, "bash") or argv[1] != "-c":
        return None
    try:
        return parse_shell(argv[2])
    except ShellRefused:
        return None


def words_of(script: Script) -> tuple[str, ...] | None:
    """The last command of a script as words, None when it is a pipe or holds substitutions."""
    if not script.pipelines:
        return None
    commands = script.pipelines[-1][1].commands
    if len(commands) != 1:
        return None
    words = commands[0].words
    return tuple(word.text for word in words) or None if all(word.is_plain for word in words) else None


def last_program(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that stays as the container's program: `exec` scripts and `sh -c` looked through."""
    if argv and basename(argv[0]) == "docker-entrypoint.sh":
        return last_program(argv[1:])
    script = script_of(argv)
    if script is not None:
        words = words_of(script)
        if words is not None:
            return last_program(words[1:] if words[0] == "exec" else words)
    if argv and basename(argv[0]) == "busybox" and len(argv) > 1:
        return argv[1:]
    return argv


def name_of(config: ContainerConfig) -> str:
    """'nginx', 'sleep' …: the program that stays."""
    argv = last_program(config.argv)
    return basename(argv[0]) if argv else ""


def process_title(config: ContainerConfig) -> tuple[str, ...]:
    """Process 1 as `ps` shows it."""
    argv = config.argv
    if config.init:
        return ("/sbin/docker-init", "--", *argv)
    return title_of(argv)


def title_of(argv: tuple[str, ...]) -> tuple[str, ...]:
    if not argv:
        return argv
    name = basename(argv[0])
    if name == "nginx":
        return (f"nginx: master process {' '.join(argv)}",)
    if name == "docker-entrypoint.sh":
        return title_of(argv[1:])
    if name in SCRIPTS:
        return ("/bin/sh", SCRIPTS[name][0], *argv[1:])
    script = script_of(argv)
    if script is not None and len(script.pipelines) == 1:  # the shell becomes its only command
        words = words_of(script)
        if words is not None:
            return title_of(words)
    return argv


def answer_to(config: ContainerConfig, signal: int) -> int | None:
    """The exit status with which process 1 answers a signal; None: it has no handler, so nothing happens."""
    if signal == SIGNALS["KILL"]:
        return 128 + signal
    name = name_of(config)
    handled = HANDLERS.get(name, {})
    if signal in handled:
        return handled[signal]
    if config.init and signal not in _IGNORED_BY_DEFAULT:
        return 128 + signal
    return None


def reloads(config: ContainerConfig) -> bool:
    """Does SIGHUP make it read its configuration again?"""
    return name_of(config) == "nginx"
