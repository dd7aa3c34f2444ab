"""A POSIX shell over `seam`: state, expansion, arithmetic, conditions, builtins, and what runs a script."""
