"""`python -m dnetlab` is the `dnetlab` command."""

from dnetlab.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
