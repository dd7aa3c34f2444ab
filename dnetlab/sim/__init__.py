"""The simulated lab: packets (forward), the daemon (dockerd), and the tools that answer at a prompt."""
