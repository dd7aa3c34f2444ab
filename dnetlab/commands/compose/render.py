"""`docker compose config`: the project as compose writes it (compose-go, Project.MarshalYAML)."""

from __future__ import annotations

import json
import re
from typing import Any

from dnetlab.commands.compose.project import Project

Json = dict[str, Any]
# Plain words that YAML 1.1 reads as something else stand in quotes (go-yaml).
_OTHER = re.compile(
    r"(?:[yY]|yes|Yes|YES|[nN]|no|No|NO|on|On|ON|off|Off|OFF|true|True|TRUE|false|False|FALSE|null|Null|NULL|~|)"
)


def tree_of(project: Project) -> Json:
    """The project as one tree, keys in compose's order."""
    tree: Json = {"name": project.name, "services": {k: dict(sorted(v.items())) for k, v in project.services.items()}}
    for key, found in (("networks", project.networks), ("volumes", project.volumes)):
        if found:
            tree[key] = found
    for one in tree["services"].values():
        if "environment" in one:
            one["environment"] = dict(sorted(one["environment"].items()))
    return {**tree, **_sorted(project.extra)}


def _sorted(value: Any) -> Any:
    """Go writes a map by its keys."""
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in sorted(value.items())}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def as_yaml(project: Project) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            return super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        tag = "tag:yaml.org,2002:str"
        quoted = _OTHER.fullmatch(value) or dumper.resolve(yaml.ScalarNode, value, (True, False)) != tag
        return dumper.represent_scalar(tag, value, style='"' if quoted else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(tree_of(project), Dumper=Dumper, sort_keys=False, width=10_000, allow_unicode=True))


def as_json(project: Project) -> str:
    tree = tree_of(project)
    for one in tree["services"].values():
        one.setdefault("command", None)
        one.setdefault("entrypoint", None)
    for one in tree.get("networks", {}).values():
        one.setdefault("ipam", {})
    tree["services"] = {name: dict(sorted(one.items())) for name, one in tree["services"].items()}
    return json.dumps(dict(sorted(tree.items())), indent=2, ensure_ascii=False) + "\n"
