"""The releases of Docker that the simulator knows, the oldest first, and the one it has when nobody asks."""

RELEASES = ("20.10", "26.1", "28.5", "29.7")
DEFAULT_RELEASE = "29.7"
