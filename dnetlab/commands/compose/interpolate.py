"""Variables in a compose file (compose-spec.io, interpolation), and the files that hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dnetlab.commands.compose.problem import ComposeError

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<word>[^}]*))?\}|"
    r"(?P<wrong>))"
)


def interpolated(tree: Any, variables: Mapping[str, str], missing: list[str], path: str = "") -> Any:
    """The tree with the variables in its texts replaced; `$$` stays for `docker compose config` to show.

    missing: names that are set nowhere and had no other word are added to it. Raises ComposeError.
    """
    if isinstance(tree, dict):
        return {
            key: interpolated(value, variables, missing, f"{path}.{key}".lstrip(".")) for key, value in tree.items()
        }
    if isinstance(tree, list):
        return [interpolated(value, variables, missing, f"{path}.[]") for value in tree]
    if not isinstance(tree, str) or "$" not in tree:
        return tree
    return _VARIABLE.sub(lambda match: _value(match, variables, missing, path), tree)


def _value(match: re.Match[str], variables: Mapping[str, str], missing: list[str], path: str) -> str:
    if match["escaped"]:
        return "$$"
    name = match["plain"] or match["name"]
    if name is None:
        raise ComposeError(
            f"invalid interpolation format for {path}.\nYou may need to escape any $ with another $.\n{match.string}"
        )
    return _filled(name, match["operator"] or "", match["word"] or "", variables, missing, path)


def _filled(name: str, operator: str, word: str, variables: Mapping[str, str], missing: list[str], path: str) -> str:
    value = variables.get(name)
    is_set = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return word if is_set else ""
    if is_set:
        return value or ""
    if operator.endswith("-"):
        return word
    if operator.endswith("?"):
        raise ComposeError(f"error while interpolating {path}: required variable {name} is missing a value: {word}")
    if value is None and name not in missing:
        missing.append(name)
    return value or ""


def variables_of(text: str) -> dict[str, str]:
    """The lines NAME=value of a .env or env_file; comments, `export` and quotes as compose reads them."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        bare = line.strip().removeprefix("export ").strip()
        if not bare or bare.startswith("#"):
            continue
        name, _, value = bare.partition("=")
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    for quote in ("'", '"'):
        if value.startswith(quote) and value.find(quote, 1) > 0:
            return value[1 : value.find(quote, 1)]
    return re.split(r"\s#", value, maxsplit=1)[0].rstrip()
