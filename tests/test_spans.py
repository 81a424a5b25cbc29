"""组织时间 as people write it (鲁人社字〔2021〕32号 附件2注2)."""

from datetime import date

import pytest

from workforce.spans import DAY, LONGER, MONTH, TEN_DAYS, parse

SAID = {
    "2021年5月10日-5月28日": ("0510", "0528", DAY, None),
    "2021年5月10日至28日": ("0510", "0528", DAY, None),
    "2021年5月10—28日": ("0510", "0528", DAY, None),
    "2021.5.10—28": ("0510", "0528", DAY, None),
    "2021.05.10-2021.05.28": ("0510", "0528", DAY, None),
    "5.10-5.28": ("0510", "0528", DAY, None),
    "2021/5/10～2021/5/28": ("0510", "0528", DAY, None),
    "2021-05-10至2021-05-28": ("0510", "0528", DAY, None),
    "20210510-20210528": ("0510", "0528", DAY, None),
    "２０２１年５月１０日": ("0510", "0510", DAY, None),
    "2021-05-10 00:00": ("0510", "0510", DAY, None),
    "2021年5月10日9:00-17:00": ("0510", "0510", DAY, None),
    "5月10日上午": ("0510", "0510", DAY, None),
    "5月10日-12日、6月2日-4日": ("0510", "0604", DAY, None),
    "5月10日、6月2日": ("0510", "0602", DAY, None),
    "9月上旬（计划）": ("0901", "0910", TEN_DAYS, True),
    "2021年9月中旬": ("0911", "0920", TEN_DAYS, None),
    "2021年2月下旬": ("0221", "0228", TEN_DAYS, None),
    "6月底": ("0621", "0630", TEN_DAYS, None),
    "5月下旬至6月上旬": ("0521", "0610", TEN_DAYS, None),
    "2021年6月": ("0601", "0630", MONTH, None),
    "2021年六月": ("0601", "0630", MONTH, None),
    "十二月": ("1201", "1231", MONTH, None),
    "2021.6": ("0601", "0630", MONTH, None),
    "2021-06": ("0601", "0630", MONTH, None),
    "2021-6月": ("0601", "0630", MONTH, None),
    "6月份": ("0601", "0630", MONTH, None),
    "5-6月": ("0501", "0630", MONTH, None),
    "5、6、7月": ("0501", "0731", MONTH, None),
    "2021年7月—9月": ("0701", "0930", MONTH, None),
    "2021-5至2021-6": ("0501", "0630", MONTH, None),
    "预计9月份": ("0901", "0930", MONTH, True),
    "拟于9月举办": ("0901", "0930", MONTH, True),
    "已于5月开展": ("0501", "0531", MONTH, False),
    "第三季度": ("0701", "0930", LONGER, None),
    "2021年第1季度": ("0101", "0331", LONGER, None),
    "一季度至二季度": ("0101", "0630", LONGER, None),
    "上半年": ("0101", "0630", LONGER, None),
    "2021年下半年（计划）": ("0701", "1231", LONGER, True),
    "全年": ("0101", "1231", LONGER, None),
    "2021年": ("0101", "1231", LONGER, None),
}


@pytest.mark.parametrize(("text", "expected"), SAID.items(), ids=SAID.keys())
def test_what_people_write_is_read_as_days_with_their_precision(text, expected):
    span = parse(text, 2021)

    assert (f"{span.start:%m%d}", f"{span.end:%m%d}", span.precision, span.planned) == expected
    assert (span.start.year, span.end.year) == (2021, 2021)


@pytest.mark.parametrize("text", ["12月25日至1月5日", "12月25日-次年1月5日", "2021年12月25日-2022年1月5日"])
def test_a_training_may_end_in_the_next_year(text):
    span = parse(text, 2021)

    assert (span.start, span.end) == (date(2021, 12, 25), date(2022, 1, 5))


def test_the_year_that_is_said_goes_before_the_year_of_the_sheet():
    assert parse("2020年6月", 2021).start == date(2020, 6, 1)
    assert parse("6月", 2021).start == date(2021, 6, 1)


UNREADABLE = [
    "",
    "待定",
    "每月",
    "年底前",
    "44326",
    "13月",
    "2021年2月30日",
    "5月28日-2021年5月10日",
    "5月10日—",
    "随时",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_names_no_days_is_not_guessed(text):
    assert parse(text, 2021) is None
