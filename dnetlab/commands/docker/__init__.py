"""The command line of docker (client 28.2): words in, values out, and its own complaints about what can't be read."""
