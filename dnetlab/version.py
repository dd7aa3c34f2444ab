"""The version of the package, as `dnetlab --version` says it and journals write it down."""

__version__ = "0.1.0"
