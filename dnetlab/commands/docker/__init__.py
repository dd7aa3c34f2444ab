"""The command line of docker (28.2 and 29.7): words in, values out, its own complaints about what can't be read.

help.txt       what `docker … --help` prints, help_29.txt where client 29 says something else; helptexts.py finds it,
               grammar.py reads commands and flags from it
parse.py       parse(argv, version) -> Invocation, or Stop with the client's own words
values.py      values of flags; ports.py: -p and --expose
completion.py  complete_docker(words) -> Candidates
"""

from dnetlab.commands.docker.completion import Candidates, Kind, complete_docker
from dnetlab.commands.docker.parse import Invocation, Stop, parse

__all__ = ["Candidates", "Invocation", "Kind", "Stop", "complete_docker", "parse"]
