"""`python -m workdiary` and the `workdiary` command."""

from __future__ import annotations

from workdiary.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
