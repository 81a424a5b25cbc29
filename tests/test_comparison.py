"""What changed between two texts or tables, in parts that make sense to a reader."""

import pytest

from portal.comparison import after_of, before_of, file_parts, row_parts, text_parts, words_of


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "潍坊风筝制作品牌",
            "潍坊风筝扎制品牌",
            [("", "潍坊风筝"), ("del", "制作"), ("ins", "扎制"), ("", "品牌")],
        ),
        ("约2000人", "约2300人", [("", "约"), ("del", "2000"), ("ins", "2300"), ("", "人")]),
        (
            "经济效益较好，社会效益显著",
            "经济效益良好，社会效益明显",
            [
                ("", "经济效益"),
                ("del", "较好"),
                ("ins", "良好"),
                ("", "，社会效益"),
                ("del", "显著"),
                ("ins", "明显"),
            ],
        ),
        (
            "高级工35人",
            "高级技师3人、高级工50人",
            [("ins", "高级技师3人、"), ("", "高级工"), ("del", "35"), ("ins", "50"), ("", "人")],
        ),
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


@pytest.mark.parametrize(
    "number",
    [
        "12.5%",
        "1,200",
        "1,234,567.89",
        "2024-12-31",
        "50万",
        "３２０",
        "三百二十",
        "SB-3707-0001",
        "4K",
        "10:32:05",
    ],
)
def test_a_number_is_never_cut(number):
    assert words_of(f"共{number}，") == ["共", number, "，"]


@pytest.mark.parametrize("text", ["", "潍坊市1,200人。\n第二行 abc", "😀王\U00020000某", "，，，", "1,2,3"])
def test_a_text_cut_into_words_is_the_same_text(text):
    assert "".join(words_of(text)) == text


def test_what_is_frequent_is_compared_like_everything_else():
    old = "一、技能的，特色的，优势的；" * 40

    assert text_parts(old, old.replace("特色", "工艺", 1))[:3] == [
        ("", "一、技能的，"),
        ("del", "特色"),
        ("ins", "工艺"),
    ]


def test_two_sides_hold_the_whole_old_and_the_whole_new_text():
    old, new = "从业人员很多，带徒授艺。", "从业人员约1200人，授艺带徒。"

    parts = text_parts(old, new)

    assert ["".join(words for _, words in side) for side in (before_of(parts), after_of(parts))] == [old, new]
    assert {mark for mark, _ in before_of(parts)} == {"", "del"}


def files(*digests: str) -> list[dict]:
    return [{"id": number, "sha256": digest} for number, digest in enumerate(digests)]


@pytest.mark.parametrize(
    ("old", "new", "marks"),
    [
        ("ab", "ab", [("", "a"), ("", "b")]),
        ("ab", "bc", [("del", "a"), ("", "b"), ("ins", "c")]),
        ("aa", "a", [("del", "a"), ("", "a")]),
        ("", "a", [("ins", "a")]),
        ("a", "", [("del", "a")]),
    ],
)
def test_files_are_compared_by_their_content(old, new, marks):
    assert [(mark, file["sha256"]) for mark, file in file_parts(files(*old), files(*new))] == marks
