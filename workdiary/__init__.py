"""WorkDiary: a time tracker and work diary whose hours both sides can check offline."""

from pathlib import Path

__version__ = "0.1.0"

# In the source tree `workdiary.resources` stands beside the package, not inside it.
_tree = Path(__file__).parent.parent
if (_tree / "resources").is_dir() and (_tree / "pyproject.toml").is_file():
    __path__.append(str(_tree))
