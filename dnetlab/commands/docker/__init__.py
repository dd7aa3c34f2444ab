"""The command line of docker (client 28.2): words in, values out, and its own complaints about what can't be read.

help.txt       what `docker … --help` prints; helptexts.py finds it, grammar.py reads commands and flags from it
parse.py       parse(argv, version) -> Invocation, or Stop with the client's own words
values.py      values of flags; ports.py: -p and --expose
completion.py  complete_docker(words) -> Candidates
"""

from dnetlab.commands.docker.completion import Candidates, Kind, complete_docker
from dnetlab.commands.docker.parse import Invocation, Stop, parse

__all__ = ["Candidates", "Invocation", "Kind", "Stop", "complete_docker", "parse"]
