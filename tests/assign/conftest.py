"""One small lesson of an instructor's own, for graders that are slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnetlab.lessons.new import new_lesson

LESSON = """title = { en = "Two at once", zh = "两个" }

[[goals]]
en = "Start two."
zh = "启动两个。"

[[tasks]]
id = "pair"
points = 3
title = { en = "A pair", zh = "一对" }
text = { en = "Run `web1` and `web2`.", zh = "运行 `web1` 和 `web2`。" }
checks = [
    { kind = "container", name = "web1", weight = 2 },
    { kind = "container", name = "web2" },
]
hints = [{ en = "Two.", zh = "两个。" }]

[[tasks]]
id = "third"
points = 0.1
title = { en = "A third", zh = "第三个" }
text = { en = "Run `web3`.", zh = "运行 `web3`。" }
checks = [{ kind = "container", name = "web3" }]
hints = [{ en = "Three.", zh = "三个。" }]
"""
SOLUTION = "docker run -d --name web1 nginx\ndocker run -d --name web2 nginx\n\ndocker run -d --name web3 nginx\n"


@pytest.fixture(scope="session")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with that lesson, 13-pair, in it."""
    folder = new_lesson("13-pair", tmp_path_factory.mktemp("lessons"))
    (folder / "lesson.toml").write_text(LESSON, encoding="utf-8")
    (folder / "page.md").write_text("[en]\n# Two\n[zh]\n# 两个\n\n```tasks\n```\n", encoding="utf-8")
    (folder / "solution.dnet").write_text(SOLUTION, encoding="utf-8")
    (folder / "start.dnet").unlink()
    return folder.parent
