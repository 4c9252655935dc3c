"""What a format's reader gives back, and how text with headings and pages is put together."""

from dataclasses import dataclass, field

from corpus.types import Metadata, Section


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file, with what its format says about it. An empty title is none."""

    text: str
    title: str = ""
    sections: tuple[Section, ...] = ()
    metadata: Metadata = field(default_factory=dict)


@dataclass(slots=True)
class TextAssembly:
    """A text that grows block by block, and knows where its headings begin."""

    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _sections: list[Section] = field(default_factory=list)

    def add(self, block: str, *, gap: str = "\n\n") -> int:
        """Append a block after `gap` (which the first block goes without); returns its start."""
        if self._parts:
            self._parts.append(gap)
            self._length += len(gap)
        start = self._length
        self._parts.append(block)
        self._length += len(block)
        return start

    def add_heading(self, heading: str) -> None:
        """Append a heading, which opens a section."""
        self._sections.append(Section(start=self.add(heading), heading=heading))

    def first_heading(self) -> str:
        """The first heading, or nothing."""
        return next((section.heading or "" for section in self._sections), "")

    def extracted(self, title: str) -> Extracted:
        """The finished text under `title`, or under its first heading when that is empty."""
        return Extracted(
            text="".join(self._parts),
            title=title.strip() or self.first_heading(),
            sections=tuple(self._sections),
        )
