"""Text as the portal keeps it, compares it and counts it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  潍坊风筝\u3000", "潍坊风筝"),
        ("第一行\r\n第二行\r第三行", "第一行\n第二行\n第三行"),
        ("风\x00筝\x07", "风筝"),
        ("风\u200b筝\u202e\ufeff", "风筝"),
        ("风\ud800筝", "风筝"),
        ("e\u0301", "é"),
        ("（全角）：１２３", "（全角）：１２３"),
        ("喆玥𠮷", "喆玥𠮷"),
        ("制表\t符", "制表\t符"),
    ],
)
def test_text_is_kept_clean_and_as_meant(typed, kept):
    assert text.clean(typed) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [("品牌（演示）", "品牌(演示)"), ("ＡＢＣ", "abc"), ("品牌 项目\n名称", "品牌项目名称"), ("１２", "12")],
)
def test_labels_and_names_are_compared_without_width_case_and_blanks(one, other):
    assert text.key(one) == text.key(other)


def test_similar_names_stay_different():
    assert text.key("济南市") != text.key("济宁市")


@pytest.mark.parametrize(
    ("written", "expected"),
    [("", 0), ("三百字", 3), ("三 百\n字\u3000", 3), ("abc，12。", 7), ("𠮷喆", 2)],
)
def test_every_character_but_white_space_counts_one(written, expected):
    assert text.count(written) == expected


@pytest.mark.parametrize("cell", ["", "无", " 无。", "没有", "暂无", "-", "——", "/", "\u3000"])
def test_a_cell_that_means_none(cell):
    assert text.is_absence(cell)


@pytest.mark.parametrize("cell", ["无锡", "无人机驾驶", "0", "否"])
def test_a_cell_that_means_something(cell):
    assert not text.is_absence(cell)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("剪纸、风筝，年画；泥塑\n核雕,面塑;香包", ["剪纸", "风筝", "年画", "泥塑", "核雕", "面塑", "香包"]),
        (" 剪纸 、、 风筝。", ["剪纸", "风筝"]),
        ("无", []),
        ("", []),
        ("剪纸、无", ["剪纸"]),
    ],
)
def test_a_cell_that_lists_names_is_split_at_every_mark(cell, names):
    assert text.split_names(cell) == names


@pytest.mark.parametrize(
    ("typed", "plain"), [("１３８ ００", "13800"), ("9137\u3000００", "913700"), ("３７０７", "3707")]
)
def test_numbers_typed_in_full_width_are_plain(typed, plain):
    assert text.digits(typed) == plain


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_cleaning_is_final_and_leaves_nothing_a_database_or_a_sheet_refuses(typed):
    kept = text.clean(typed)

    assert text.clean(kept) == kept
    assert kept.encode("utf-8").decode("utf-8") == kept
    assert [c for c in kept if ord(c) < 32 and c not in "\n\t"] == []
    assert text.count(kept) <= len(kept)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(typed):
    assert text.fold(text.fold(typed)) == text.fold(typed)
