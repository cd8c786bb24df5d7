"""What do pages say by their structure? Addresses of links, classes of elements, preformatted text; never prose."""

from __future__ import annotations

from html.parser import HTMLParser


class Structure(HTMLParser):
    """The links, the classes and the preformatted text of one page."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.classes: set[str] = set()
        self._pre: list[list[str]] = []
        self._depth = 0
        self.feed(html)
        self.close()

    @property
    def preformatted(self) -> str:
        """Give the longest preformatted text: the log, where one is shown."""
        return max(("".join(part) for part in self._pre), key=len, default="")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links and classes, and where preformatted text begins."""
        values = dict(attrs)
        self.classes.update((values.get("class") or "").split())
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        if tag == "pre":
            self._depth += 1
            self._pre.append([])

    def handle_endtag(self, tag: str) -> None:
        """Note where preformatted text ends."""
        if tag == "pre":
            self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        """Keep preformatted text."""
        if self._depth and self._pre:
            self._pre[-1].append(data)
