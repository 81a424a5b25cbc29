"""What changed between two texts or tables, in parts that make sense to a reader."""

import pytest

from portal.comparison import row_parts, text_parts


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "潍坊风筝制作品牌",
            "潍坊风筝扎制品牌",
            [("", "潍坊风筝"), ("del", "制作"), ("ins", "扎制"), ("", "品牌")],
        ),
        ("约2000人", "约2300人", [("", "约"), ("del", "2000"), ("ins", "2300"), ("", "人")]),
        ("", "新写的", [("ins", "新写的")]),
        ("删去的", "", [("del", "删去的")]),
        ("一样", "一样", [("", "一样")]),
        ("", "", []),
    ],
)
def test_a_text_is_compared_by_words_that_make_sense(old, new, parts):
    assert text_parts(old, new) == parts


def test_a_long_text_is_compared_clause_by_clause():
    clauses = [f"第{number}道工序讲求匀称，" for number in range(600)]
    changed = [*clauses[:300], "新增一道工序，", *clauses[301:]]

    parts = text_parts("".join(clauses), "".join(changed))

    assert [mark for mark, _ in parts] == ["", "del", "ins", ""]
    assert parts[1:3] == [("del", "第300道工序讲求匀称，"), ("ins", "新增一道工序，")]


def test_rows_that_went_stand_before_those_that_came():
    assert row_parts([["2023", "5"], ["2024", "6"]], [["2023", "5"], ["2024", "7"]]) == [
        ("", ["2023", "5"]),
        ("del", ["2024", "6"]),
        ("ins", ["2024", "7"]),
    ]
