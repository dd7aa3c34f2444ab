"""中文：每个英文句子的中文，按屋子里的各个部分分文件；以及列名。"""

from __future__ import annotations

from dnetlab.language.zh import (
    command_line,
    commands,
    docker,
    engines,
    gradebook,
    lab,
    notebook,
    serve,
    site,
    tools,
    views,
)
from dnetlab.language.zh.headings import HEADINGS

_PARTS = (command_line, commands, docker, engines, gradebook, lab, notebook, serve, site, tools, views)
CATALOGUE: dict[str, str] = {english: chinese for part in _PARTS for english, chinese in part.SENTENCES.items()}

__all__ = ["CATALOGUE", "HEADINGS"]
