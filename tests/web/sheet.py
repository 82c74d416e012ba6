"""A page as its reader has it: its text, its tables, and where its links lead."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input", "source", "br"}


class Sheet(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.headings: list[int] = []
        self.language = ""
        self.tables: dict[str, list[list[str]]] = {}
        self._words: list[str] = []
        self._caption: str | None = None
        self._open: list[str] = []
        self._rows: list[list[str]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    @property
    def text(self) -> str:
        """What is read, with single spaces."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        if tag == "html":
            self.language = given["lang"]
        elif tag == "a":
            self.links.append(given["href"])
        elif tag in {"img", "source"}:
            self.pictures.append(given.get("src") or given["srcset"])
        elif tag in {"h1", "h2", "h3"}:
            self.headings.append(int(tag[1]))
        elif tag == "table":
            self._rows, self._caption = [], None
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag
        if tag == "table":
            assert self._caption, "a table without a caption"
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        if {"title", "style"} & set(self._open):
            return
        self._words.append(data)
        if "caption" in self._open:
            self._caption = (self._caption or "") + data.strip()
        elif {"td", "th"} & set(self._open):
            self._rows[-1][-1] += data.strip()
