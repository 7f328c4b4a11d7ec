"""A page as a tree, read by the standard library's parser; enough to ask what a reader would find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
SVG_VOID = frozenset({"use", "rect", "path", "circle"})


@dataclass(slots=True)
class Node:
    """An element: its name, attributes, children in order (text as str)."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, spaces folded."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()
                yield " "

    def all(self, tag: str = "", cls: str = "") -> list[Node]:
        """Every element inside with that name and class."""
        return [n for n in self.walk() if (not tag or n.tag == tag) and (not cls or cls in n.classes)]

    def one(self, tag: str = "", cls: str = "") -> Node:
        """The only such element."""
        found = self.all(tag, cls)
        assert len(found) == 1, f"{len(found)} of {tag}.{cls}"
        return found[0]

    def by_id(self, name: str) -> Node:
        """The element with that id."""
        return next(n for n in self.walk() if n.attributes.get("id") == name)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def walk(self) -> Iterator[Node]:
        for child in self.children:
            if not isinstance(child, str):
                yield child
                yield from child.walk()


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("document", {})
        self.open = [self.root]
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        if len(set(names)) != len(names):
            self.faults.append(f"<{tag}> has an attribute twice: {names}")
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1].tag != tag:
            self.faults.append(f"</{tag}> closes <{self.open[-1].tag}>")
        if len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(text: str | bytes) -> Node:
    """The page; fails if its tags are not nested."""
    builder = _Builder()
    builder.feed(text.decode() if isinstance(text, bytes) else text)
    assert builder.faults == []
    assert len(builder.open) == 1, f"not closed: {[n.tag for n in builder.open[1:]]}"
    return builder.root
