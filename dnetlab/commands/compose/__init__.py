"""Compose files and the words of `docker compose`: text in, values out (compose-spec.io; held against 2.40.3).

words.py        `docker compose [OPTIONS] COMMAND …` by the grammar of its own help texts
project.py      Project: what the files of a folder say, ready to be made
reading.py      YAML with its mistakes in compose's words; several files over each other
interpolate.py  $NAME, ${NAME:-else}, ${NAME:?why}; .env and env_file
schema.py       which keys there are and what they hold
canonical.py    short forms in long ones; what must fit together
render.py       `docker compose config`
"""
