"""The files of one host or container as a tree that can be changed: what the lab holds, and what somebody made of it.

Contents are in `World.files`, links, permissions and owners beside them, so that undo and a removed container take
them along. Who isn't root may do what the owner and the permissions let him (path_resolution(7), unlink(2), chmod(2)).
What a real machine has and the lab hasn't is refused, not called missing (`tools/tree.py`).
"""

from __future__ import annotations

import errno
import posixpath
from typing import Any

from dnetlab.commands.userland import USERLANDS
from dnetlab.model.owned import Owned
from dnetlab.sim.context import Context, Refused
from dnetlab.sim.dockerd.mounts import SOCKETS
from dnetlab.sim.kernel import KernelError
from dnetlab.sim.kernel.sysctls import KEPT, key_of, value_of
from dnetlab.sim.login import PROGRAM
from dnetlab.sim.tools import accounts, nslinks, tree
from dnetlab.sim.tools.permission import is_privileged
from dnetlab.sim.world import FileKey

LARGEST = 1 << 20  # characters of a file
MOST_FILES = 2_000  # that a host or container may hold
_PROGRAMS = ("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_DEVICES = (
    "/dev/null",
    "/dev/zero",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
    "/dev/random",
    "/dev/urandom",
)
_SHELLS = ("sh", "bash", "ash", "dash")
_EVERYBODYS = ("/tmp", "/var/tmp", "/dev/shm")
READ, WRITE, ENTER = 4, 2, 1  # as in permissions; ENTER of a file is to run it


class LabFiles:
    """`userland.seam.Files` for the place of a context."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.world = context.world

    def key(self, path: str) -> FileKey:
        return tree.file_key(self.context, path)

    def absolute(self, path: str) -> str:
        """A path as somebody typed it, from where the shell is."""
        return tree.absolute(self.context, path)

    def followed(self, path: str) -> str:
        """The path with the links in it followed, the last one too. Raises OSError(ELOOP)."""
        for _ in range(20):
            for end in [i for i, c in enumerate(path) if c == "/" and i] + [len(path)]:
                target = self.target(path[:end])
                if target is not None:
                    path = posixpath.normpath(posixpath.join(posixpath.dirname(path[:end]), target)) + path[end:]
                    break
            else:
                return path
        raise OSError(errno.ELOOP, "Too many levels of symbolic links")

    def place(self, path: str) -> str:
        """The path with the links in its directories followed, but not its own."""
        return posixpath.join(self.followed(posixpath.dirname(path)), posixpath.basename(path))

    # -- looking -------------------------------------------------------------------------------------------------

    def kind(self, path: str) -> str:
        try:
            path = self.followed(path)
        except OSError:
            return ""
        key = self.key(path)
        if key in self.world.files:
            return "file"
        if path in _DEVICES:
            return "device"
        if not key[1] and key[2] in SOCKETS:
            return "socket"  # a host's own, and where it is mounted
        if self.key(path + "/") in self.world.files or tree.is_directory(self.context, path):
            return "directory"
        if self.is_program(path):
            return "file"
        try:
            tree.read(self.context, path)
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except IsADirectoryError:
            return "directory"
        return "file"

    def is_program(self, path: str) -> bool:
        folder, name = posixpath.split(path)
        known = name in USERLANDS[self.context.userland] or name in _SHELLS and self.context.userland != "none"
        return folder in _PROGRAMS and known

    def read(self, path: str) -> str:
        full = self.followed(path)
        if full in ("/dev/zero", "/dev/random", "/dev/urandom"):
            raise Refused(
                "{full} never ends, and the lab has no such bytes.", "printf writes what you need.", full=full
            )
        own = self.world.files.get(self.key(full))
        if own is None and self.is_program(full) or own is not None and own.startswith(PROGRAM):
            raise Refused("{full} is a program; the lab has no file of it.", "COMMAND --help is its help.", full=full)
        self._check_may(full, READ)
        return tree.read(self.context, full)

    def names(self, path: str) -> list[str]:
        full = self.followed(path)
        self._check_may(full, READ)
        return tree.listing(self.context, full)

    def target(self, path: str) -> str | None:
        if path == "/var/run" and self.context.container is None:
            return "/run"
        return self.world.links.get(self.key(path))

    def shown(self, path: str) -> str | None:
        """What `readlink` shows: of a namespace below /proc its kind and number, which no path leads to."""
        return self.target(path) or nslinks.target(self.context, path)

    def mode(self, path: str) -> int:
        path = self.followed(path)
        given = self.world.modes.get(self.key(path))
        if given is not None:
            return given
        if path in _EVERYBODYS:
            return 0o1777
        kind = self.kind(path)
        if kind in ("device", "socket"):
            return 0o666 if kind == "device" else 0o660
        return 0o755 if kind == "directory" or self.is_program(path) else 0o644

    def owner(self, path: str) -> tuple[int, int]:
        """uid and gid."""
        return self.world.owners.get(self.key(self.followed(path)), (0, 0))

    # -- who may ---------------------------------------------------------------------------------------------------

    def may(self, path: str, wanted: int) -> bool:
        """May the process do all of READ, WRITE, ENTER that is wanted with what is there?"""
        user = self.context.user
        if user.is_root:
            return True
        uid, gid = self.owner(path)
        shift = 6 if uid == user.uid else 3 if user.is_in(gid) else 0
        return self.mode(path) >> shift & wanted == wanted

    def _check_may(self, path: str, wanted: int) -> None:
        """Raises PermissionError for the file itself, and for a directory on the way that it may not enter."""
        if self.context.user.is_root:
            return
        way = [path[:at] or "/" for at, letter in enumerate(path) if letter == "/"]
        if path not in _DEVICES and not (all(self.may(one, ENTER) for one in way) and self.may(path, wanted)):
            raise PermissionError(errno.EACCES, "Permission denied")

    def _check_gone(self, path: str) -> None:
        """Raises PermissionError: who takes something out of a directory writes the directory; where it is everybody's,
        only its owner may."""
        folder, user = posixpath.dirname(path), self.context.user
        self._check_may(folder, WRITE | ENTER)
        sticky = self.mode(folder) & 0o1000 and user.uid not in (self.owner(path)[0], self.owner(folder)[0])
        if sticky and not user.is_root:
            raise OSError(errno.EPERM, "Operation not permitted")

    def _is_made(self, path: str) -> None:
        """Whose it is from now on."""
        user = self.context.user
        if (user.uid, user.gid) != (0, 0):
            self.world.owners[self.key(path)] = (user.uid, user.gid)

    # -- changing ------------------------------------------------------------------------------------------------

    def write(self, path: str, text: str, append: bool = False) -> None:
        path = self.followed(path)
        if path.startswith("/proc/sys/"):
            self._set(path, text)
            return
        if path in _DEVICES:
            return
        self._check_parent(path)
        if self.kind(path) == "directory":
            raise IsADirectoryError(path)
        key = self.key(path)
        before = (self.world.files[key] if key in self.world.files else self._old(path)) if append else ""
        if len(before) + len(text) > LARGEST:
            raise OSError(errno.EFBIG, "File too large")
        fresh = not self.kind(path)
        self._check_may(posixpath.dirname(path) if fresh else path, WRITE | ENTER if fresh else WRITE)
        self._count(key)
        self.world.files[key] = before + text
        if fresh:
            self._is_made(path)

    def _old(self, path: str) -> str:
        try:
            return tree.read(self.context, path)
        except FileNotFoundError:
            return ""

    def _check_parent(self, path: str) -> None:
        parent = posixpath.dirname(path)
        self._check_mount(path)
        kind = self.kind(parent)
        if not kind:
            raise FileNotFoundError(path)
        if kind != "directory":
            raise NotADirectoryError(path)
        if parent.startswith(("/proc", "/sys", "/dev")):
            raise Refused(
                "The lab does not write {path}.",
                "Of /proc only the switches under /proc/sys/net are written.",
                path=path,
            )

    def _check_mount(self, path: str) -> None:
        from dnetlab.sim.dockerd.mounts import mount_at

        mount = mount_at(self.world, self.context.host, self.context.container or "", path)
        if mount is not None and mount.read_only:
            raise OSError(errno.EROFS, "Read-only file system")

    def _count(self, key: FileKey) -> None:
        if key not in self.world.files and len(self.world.files.of(*key[:2])) >= MOST_FILES:
            raise OSError(errno.ENOSPC, "No space left on device")

    def _set(self, path: str, text: str) -> None:
        """`echo 1 > /proc/sys/net/ipv4/ip_forward`; opening the file writes nothing yet."""
        key = key_of(path.removeprefix("/proc/sys/"))
        if value_of(self.context.stack, key) is None:
            tree.read(self.context, path)  # says why
            return
        if not is_privileged(self.context):
            raise OSError(errno.EROFS, "Read-only file system")
        if key.startswith(KEPT):
            raise Refused("Writing {key} is not modelled.", "The lab keeps to the value that `sysctl {key}` shows.",
                          key=key)  # fmt: skip
        if text.strip():
            try:
                self.context.kernel.set_sysctl(key, text.strip())
            except KernelError as error:
                raise OSError(errno.EINVAL, error.words) from None

    def make_directory(self, path: str) -> None:
        path = self.place(path)
        if self.kind(path) or self.target(path) is not None:
            raise FileExistsError(path)
        self._check_parent(path)
        self._check_may(posixpath.dirname(path), WRITE | ENTER)
        self._count(self.key(path))
        self.world.files[self.key(path + "/")] = ""
        self._is_made(path)

    def remove(self, path: str) -> None:
        path = self.place(path)
        self._check_mount(path)
        if self.target(path) is not None or self.kind(path):
            self._check_gone(path)
        if self.world.links.pop(self.key(path), None) is not None:
            return
        kind = self.kind(path)
        if not kind:
            raise FileNotFoundError(path)
        key = self.key(path + "/" if kind == "directory" else path)
        if key not in self.world.files:
            raise Refused("{path} belongs to the lab, which needs it.", "Remove what you made yourself.", path=path)
        if kind == "directory" and self.names(path):
            raise OSError(errno.ENOTEMPTY, "Directory not empty")
        del self.world.files[key]
        self.world.modes.pop(self.key(path), None)
        self.world.owners.pop(self.key(path), None)

    def rename(self, old: str, new: str) -> None:
        old, new = self.place(old), self.place(new)
        self._check_parent(new)
        self._check_gone(old)
        self._check_may(posixpath.dirname(new), WRITE | ENTER)
        link = self.world.links.pop(self.key(old), None)
        if link is not None:
            self.world.links[self.key(new)] = link
            return
        if self.kind(old) == "directory":
            self._rename_directory(old, new)
            return
        self.write(new, self.read(old))
        owner = self.owner(old)
        if self.key(old) in self.world.modes:
            self.world.modes[self.key(new)] = self.world.modes.pop(self.key(old))
        self.remove(old)
        self.world.owners[self.key(new)] = owner

    def _rename_directory(self, old: str, new: str) -> None:
        if self.key(old + "/") not in self.world.files:
            raise Refused("{old} belongs to the lab, which needs it.", "Move what you made yourself.", old=old)
        if self.key(old) in self.world.owners:
            self.world.owners[self.key(new)] = self.world.owners.pop(self.key(old))
        world = self.world
        books: tuple[Owned[Any], ...] = (world.files, world.links, world.modes, world.owners)
        for book in books:
            where = self.key(old)[:2]
            for path in [path for path in book.of(*where) if path.startswith(old + "/")]:
                book[self.key(new + path.removeprefix(old))] = book.pop((*where, path))

    def link(self, target: str, path: str) -> None:
        path = self.place(path)
        if self.kind(path) or self.target(path) is not None:
            raise FileExistsError(path)
        self._check_parent(path)
        self._check_may(posixpath.dirname(path), WRITE | ENTER)
        self.world.links[self.key(path)] = target

    def set_mode(self, path: str, mode: int) -> None:
        path = self.followed(path)
        if not self.kind(path):
            raise FileNotFoundError(path)
        if not self.context.user.is_root and self.owner(path)[0] != self.context.user.uid:
            raise OSError(errno.EPERM, "Operation not permitted")
        self.world.modes[self.key(path)] = mode

    def account(self, name: str, group: bool = False) -> int | None:
        return (accounts.gid_called if group else accounts.uid_called)(self.context, name)

    def named(self, number: int, group: bool = False) -> str | None:
        return (accounts.group_name if group else accounts.name_of)(self.context, number)

    def set_owner(self, path: str, uid: int | None, gid: int | None) -> None:
        """None leaves it. Only root gives something away (chown(2))."""
        path = self.followed(path)
        if not self.kind(path):
            raise FileNotFoundError(path)
        now = self.owner(path)
        if not self.context.user.is_root:
            raise OSError(errno.EPERM, "Operation not permitted")
        self.world.owners[self.key(path)] = (now[0] if uid is None else uid, now[1] if gid is None else gid)
