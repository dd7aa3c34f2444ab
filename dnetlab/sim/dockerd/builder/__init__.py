"""`docker build` as the daemon itself does it, step by step (moby builder/dockerfile), without BuildKit.

    dockerfile.py  a Dockerfile's text as instructions
    settings.py    what an instruction says of an image's settings; `docker commit -c` and `docker import -c` use it too
    context.py     the files that were sent along, and .dockerignore
    steps.py       the build: a container for each RUN, an image for each step, and the cache of them
"""
