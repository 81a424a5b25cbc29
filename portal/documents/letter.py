"""An official letter (函) as a Word document in the layout of GB/T 9704-2012 10.1.

The document number and the date stay open: the office that seals the letter writes them.
"""

from dataclasses import dataclass

from portal.documents.word import COMMON_PARTS, written

PARTS = {
    "[Content_Types].xml": "letter/content_types.xml",
    "_rels/.rels": "word/package.rels",
    "word/document.xml": "letter/document.xml",
    "word/_rels/document.xml.rels": "letter/document.rels",
    "word/styles.xml": "letter/styles.xml",
    "word/header.xml": "letter/header.xml",
    "word/first_footer.xml": "letter/first_footer.xml",
    **COMMON_PARTS,
}
CHARACTER = 320  # 3号, in twentieths of a point
LINE_OF_TEXT, LARGEST_NAME = 8845, 60  # 156 mm in the same measure; 30 points in half points
DATE = "　　　　年　　月　　日"
RIGHT_OF_DATE = 4  # characters that stay free beside a date with a seal (7.3.5.1)


@dataclass(frozen=True)
class Letter:
    """A letter: who writes to whom, the title in whole lines, the paragraphs and the names of its annexes."""

    organisation: str
    addressee: str
    title: tuple[str, ...]
    paragraphs: tuple[str, ...]
    annexes: tuple[str, ...]

    @property
    def date(self) -> str:
        """The date, left open for the seal."""
        return DATE

    @property
    def name_size(self) -> int:
        """The size of the red name in half points, so that it fits on one line."""
        return min(LARGEST_NAME, LINE_OF_TEXT // len(self.organisation) // 10)

    @property
    def signature_right(self) -> int:
        """How far the signature stays from the right edge: centred over the date, inside the text."""
        return max(0, int(self._middle - len(self.organisation) / 2)) * CHARACTER

    @property
    def date_right(self) -> int:
        """How far the date stays from the right edge, further in under a long name."""
        return max(RIGHT_OF_DATE, round((len(self.organisation) - len(DATE)) / 2)) * CHARACTER

    @property
    def _middle(self) -> float:
        return self.date_right / CHARACTER + len(DATE) / 2


def letter_docx(letter: Letter) -> bytes:
    """Return ``letter`` as a .docx with the official typefaces by name; the same letter, the same bytes."""
    return written(PARTS, letter)
