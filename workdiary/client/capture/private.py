"""Which windows are private: the lists, what an entry means, and the one place that decides.

An application entry is compared with every name a window's program has (WM_CLASS, process); a title entry
with the window's title and the titles of those it belongs to. Case and accents make no difference. `*` stands
for anything. A title entry without `*` at an end has to meet a word's edge there: "bank" is in "My bank", not
in "Banksy"; "*bank" is in "Commerzbank", too. Nothing here is ever logged: the lists tell as much as windows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Self

from workdiary.client.capture.port import ActiveWindow, OpenWindow
from workdiary.client.capture.private_defaults import APPS, TITLES
from workdiary.client.settings import Settings

WORD: Final = "private"  # what is recorded in the place of a private application's name
_IGNORED: Final = frozenset(
    {"Cf", "Mn"}
)  # bidi marks and zero-width spaces, which titles are full of; accents
_DOTLESS: Final = {0x131: "i"}  # Turkish: its capital folds to i everywhere else


@dataclass(frozen=True)
class PrivateLists:
    """What one contract's pictures and records must not show; entries as a person wrote them.

    spared: programs whose windows are not private because of a title (an editor with a file "banking.py").
    """

    apps: tuple[str, ...] = APPS
    titles: tuple[str, ...] = TITLES
    spared: tuple[str, ...] = ()

    @cached_property
    def _apps(self) -> re.Pattern[str] | None:
        return _whole(self.apps)

    @cached_property
    def _spared(self) -> re.Pattern[str] | None:
        return _whole(self.spared)

    @cached_property
    def _titles(self) -> re.Pattern[str] | None:
        return _pattern([_edged(title) for title in map(_folded, self.titles) if title.strip("* ")])

    def __bool__(self) -> bool:
        return self._apps is not None or self._titles is not None

    def match(self, names: Iterable[str], titles: Iterable[str]) -> bool:
        """Whether a window with these names and titles is private."""
        apps, words, spared = self._apps, self._titles, self._spared
        called = [_folded(name) for name in names]
        if apps is not None and any(apps.match(name) for name in called):
            return True
        if words is None or (spared is not None and any(spared.match(name) for name in called)):
            return False
        return any(words.search(_folded(title)) for title in titles)

    def hides(self, window: ActiveWindow) -> bool:
        """Whether the focused window is private."""
        own = () if window.title is None else (window.title,)
        return self.match((window.app, *window.names), (*own, *window.titles))

    def among(self, windows: Sequence[OpenWindow]) -> frozenset[int]:
        """The ids of the private ones; with any there, what draws other windows' names is private, too."""
        found = {window.id for window in windows if self.match(window.names, window.titles)}
        return frozenset(found | {window.id for window in windows if found and window.tells})

    def to_json(self) -> dict[str, list[str]]:
        """For the shot child's pipe, and for nothing else."""
        return {"apps": list(self.apps), "titles": list(self.titles), "spared": list(self.spared)}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Back from `to_json`. Raises `TypeError`, `KeyError`: a list that cannot be read is no empty one."""
        return cls(*(tuple(map(_text, value[name])) for name in ("apps", "titles", "spared")))


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is private in which contract: the general lists, and what single contracts add to them.

    more: by the contract's id or name; what belongs to another client.
    """

    general: PrivateLists = field(default_factory=PrivateLists)
    more: Mapping[str, PrivateLists] = field(default_factory=dict)
    _made: dict[tuple[str, ...], PrivateLists] = field(default_factory=dict, compare=False, repr=False)

    def of(self, *contract: str) -> PrivateLists:
        """The lists of one contract, which goes by these names (id, name); made once, asked every second."""
        if contract not in self._made:
            self._made[contract] = self._of(contract)
        return self._made[contract]

    def strangers(self, contracts: Iterable[str]) -> tuple[str, ...]:
        """Names of contracts with a list of their own that are none of these ids and names."""
        return tuple(sorted(self.more.keys() - set(contracts)))

    def _of(self, contract: tuple[str, ...]) -> PrivateLists:
        added = [self.more[name] for name in dict.fromkeys(contract) if name in self.more]
        apps = (*self.general.apps, *(app for each in added for app in each.apps))
        titles = (*self.general.titles, *(title for each in added for title in each.titles))
        return PrivateLists(apps, titles, self.general.spared) if added else self.general


def chosen(settings: Settings) -> Privacy:
    """What a person's settings make private."""
    general = PrivateLists(
        (*settings.private_apps, *(APPS if settings.private_defaults else ())),
        (*settings.private_titles, *(TITLES if settings.private_defaults else ())),
        settings.not_private_apps,
    )
    more = {name: PrivateLists(each.apps, each.titles) for name, each in settings.contract_private.items()}
    return Privacy(general, more)


def _folded(text: str) -> str:
    """One spelling for what reads alike: compatibility forms, case, accents, spaces, invisible marks."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_DOTLESS)
    return " ".join("".join(char for char in plain if unicodedata.category(char) not in _IGNORED).split())


def _entry(folded: str) -> str:
    """An entry as a regular expression: only `*` means something."""
    return ".*".join(re.escape(part) for part in re.split(r"\*+", folded))


def _whole(entries: Sequence[str]) -> re.Pattern[str] | None:
    return _pattern([f"{_entry(entry)}\\Z" for entry in map(_folded, entries) if entry.strip("* ")])


def _edged(folded: str) -> str:
    before = "" if folded.startswith("*") else r"(?<!\w)"
    after = "" if folded.endswith("*") else r"(?!\w)"
    return before + _entry(folded.strip("*")) + after


def _pattern(parts: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{part})" for part in parts), re.DOTALL) if parts else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("an entry of a private list is text")
    return value
