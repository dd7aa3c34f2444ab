"""What the kernel says when it says no: an errno as a value, and the longer sentence that some refusals carry."""

from __future__ import annotations

from enum import Enum


class Errno(Enum):
    """The errors of Linux that the lab's kernel knows; the value is what strerror(3) calls them."""

    ENOENT = "No such file or directory"
    ESRCH = "No such process"
    EACCES = "Permission denied"
    EBUSY = "Device or resource busy"
    EEXIST = "File exists"
    ENODEV = "No such device"
    EINVAL = "Invalid argument"
    ERANGE = "Numerical result out of range"
    ELOOP = "Too many levels of symbolic links"
    EOPNOTSUPP = "Operation not supported"
    EADDRINUSE = "Address already in use"
    EADDRNOTAVAIL = "Cannot assign requested address"
    ENETDOWN = "Network is down"
    ENETUNREACH = "Network is unreachable"
    EHOSTUNREACH = "No route to host"

    @property
    def words(self) -> str:
        """'Device or resource busy', as C programs print it."""
        return self.value

    @property
    def go_words(self) -> str:
        """'device or resource busy', as programs written in Go print it (the daemon)."""
        return self.value.lower()


class KernelError(Exception):
    """The kernel refused. errno: which of its errors; sentence: its extended acknowledgement, '' without one.

    iproute2 prints `Error: SENTENCE` when there is one and `RTNETLINK answers: WORDS` else.
    """

    def __init__(self, errno: Errno, sentence: str = "") -> None:
        super().__init__(sentence or errno.words)
        self.errno = errno
        self.sentence = sentence

    @property
    def words(self) -> str:
        return self.errno.words
