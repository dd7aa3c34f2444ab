"""The notebooks go into the wheel as dnetlab/_notebooks; journals and checkpoints that lie beside them stay out."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NotebooksHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        folder = Path(self.root) / "notebooks"
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder)
            if not any(part.startswith(".") for part in name.parts):
                build_data["force_include"][str(path)] = f"dnetlab/_notebooks/{name.as_posix()}"
