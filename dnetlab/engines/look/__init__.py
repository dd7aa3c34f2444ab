"""How lab hosts are looked at: by netlink in their namespaces, by one exec, by the API of their dockerd."""
