"""What runs inside containers: programs that listen, serve, log, wait, and end as the real ones do.

    kinds.py    which program a command line is, whether the image has it, what it answers to signals
    launch.py   process 1 starts: it stays, or runs to its end and leaves an exit status
    web.py      nginx and busybox httpd: sockets, pages, access logs
    logs.py     what was printed, and when
"""
