"""python binder/link.py [ADDRESS]: the launch link of a public copy of this project, and its badge for a README.

ADDRESS: of the repository, as git clones it; left out: where this clone came from (its remote `origin`). mybinder.org
builds public repositories only. https://mybinder.readthedocs.io/en/latest/introduction.html names the forms of links.
"""

from __future__ import annotations

import re
import subprocess
import sys
from urllib.parse import quote

OPENS = "lab/tree/notebooks/00-tour.ipynb"


def link(address: str, branch: str = "main") -> str:
    """The link that builds that repository and opens the tour."""
    address = re.sub(r"^(?:ssh://)?git@([^:/]+)[:/]", r"https://\1/", address).removesuffix("/").removesuffix(".git")
    forge = re.fullmatch(r"https://(github|gitlab)\.com/(.+)", address)
    if forge is None:
        kind, name = "git", quote(address, safe="")
    elif forge[1] == "github":
        kind, name = "gh", forge[2]
    else:
        kind, name = "gl", quote(forge[2], safe="")
    return f"https://mybinder.org/v2/{kind}/{name}/{branch}?urlpath={quote(OPENS, safe='')}"


def badge(address: str) -> str:
    return f"[![Launch on Binder](https://mybinder.org/badge_logo.svg)]({link(address)})"


def main(address: str = "") -> int:
    if not address:
        asked = subprocess.run(["git", "remote", "get-url", "origin"], capture_output=True, text=True)
        address = asked.stdout.strip()
    if "://" not in address and "@" not in address:
        print("binder/link.py: this clone came from no public address. Name it: python binder/link.py ADDRESS")
        return 2
    print(link(address), badge(address), sep="\n\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
