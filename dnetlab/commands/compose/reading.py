"""A compose file's YAML, its mistakes in compose's words, and files over each other (compose-spec.io, merge)."""

from __future__ import annotations

import re
from typing import Any

from dnetlab.commands.compose.problem import ComposeError

Json = dict[str, Any]
_SAYS = {  # PyYAML's words -> libyaml's, which compose prints
    "expected <block end>": "did not find expected key",
    "found character": "found character that cannot start any token",
    "mapping values are not allowed here": "mapping values are not allowed in this context",
    "could not find expected ':'": "could not find expected ':'",
    "expected ',' or": "did not find expected ',' or ']'",
    "found undefined alias": "unknown anchor",
}
_BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
MOST = 200_000  # characters of a file, and of what its aliases make of it


def parsed(text: str) -> Any:
    """The document; ComposeError for YAML that is none, and for aliases that would fill the memory."""
    import yaml

    if len(text) > MOST:
        raise ComposeError("yaml: document is too long")
    try:
        found = yaml.load(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        raise ComposeError(_told(error)) from None
    except (yaml.YAMLError, RecursionError):
        raise ComposeError("yaml: invalid document") from None
    if _size(found, MOST) > MOST:
        raise ComposeError("yaml: document contains excessive aliasing")
    return found


def _loader() -> Any:
    """YAML 1.2's booleans, as compose reads them: `yes` and `on` are texts; dates are texts, too."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = {
            letter: [(tag, pattern) for tag, pattern in rows if not tag.endswith((":bool", ":timestamp"))]
            for letter, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, "tTfF")
    return Loader


def _told(error: Any) -> str:
    """Line and words as go-yaml says them: the line where the unfinished block began, else where it stopped."""
    scanner = type(error).__name__ == "ScannerError"
    context, place = error.context_mark, error.problem_mark
    mark = context if context is not None and context.line and not scanner else place
    line = mark.line + (1 if scanner else 0)
    words = next((said for start, said in _SAYS.items() if (error.problem or "").startswith(start)), error.problem)
    return f"yaml: line {line}: {words}" if line else f"yaml: {words}"


def _size(tree: Any, most: int) -> int:
    """How many nodes a tree has, aliases counted each time; counting ends above `most`."""
    count, stack = 0, [tree]
    while stack and count <= most:
        node = stack.pop()
        count += 1
        if isinstance(node, dict):
            stack += node.values()
        elif isinstance(node, list):
            stack += node
    return count


# -- one file over another ----------------------------------------------------------------------------------------

_REPLACED = ("command", "entrypoint", "healthcheck")
_LISTS_AS_MAPS = {"environment": "=", "labels": "=", "sysctls": "=", "extra_hosts": ":"}


def merged(below: Any, above: Any, key: str = "") -> Any:
    """What stands above counts; maps are merged, lists appended, a command replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{k: merged(below[k], v, k) if k in below else v for k, v in above.items()}}
    if key in _REPLACED or above is None:
        return below if above is None else above
    if key in _LISTS_AS_MAPS and isinstance(below, dict | list) and isinstance(above, dict | list):
        return {**as_map(below, _LISTS_AS_MAPS[key]), **as_map(above, _LISTS_AS_MAPS[key])}
    if key in ("networks", "depends_on") and (isinstance(below, list) or isinstance(above, list)):
        return {**_named(below), **_named(above)}
    if isinstance(below, list) and isinstance(above, list):
        return below + [row for row in above if row not in below]
    return above


def as_map(rows: Any, separator: str = "=") -> Json:
    """['A=1', 'B'] -> {'A': '1', 'B': None}; a map stays one."""
    if isinstance(rows, dict):
        return dict(rows)
    pairs = (str(row).partition(separator) for row in rows or ())
    return {name: value if found else None for name, found, value in pairs}


def _named(rows: Any) -> Json:
    return dict.fromkeys(rows) if isinstance(rows, list) else dict(rows or {})
