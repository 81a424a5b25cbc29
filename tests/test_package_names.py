"""Names of packed files: fit for every file system, whole characters, and no two alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.package.names import Names, safe


@pytest.mark.parametrize(
    "name, expected",
    [
        ("照片.jpg", "照片.jpg"),
        ("喆玥犇翀㛃䶮𠮷.png", "喆玥犇翀㛃䶮𠮷.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ('a<b>:"c"/d\\e|f?g*h.pdf', "a_b_c_d_e_f_g_h.pdf"),
        ("  前后 有空格 .jpg ", "前后 有空格.jpg"),
        ("换\n行\t制表.txt", "换_行_制表.txt"),
        ("翻\u202e转\u200b字.gpj", "翻转字.gpj"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("console.txt", "console.txt"),
        ("结尾有点...", "结尾有点"),
        (".", "未命名"),
        ("", "未命名"),
        (".jpg", "jpg"),
        ("没有后缀名的“引号”", "没有后缀名的“引号”"),
    ],
)
def test_a_name_becomes_one_that_every_system_takes(name, expected):
    assert safe(name) == expected


def test_a_long_name_is_cut_between_characters_and_keeps_its_suffix():
    assert safe("济" * 100 + ".jpeg", 60) == "济" * 18 + ".jpeg"
    assert safe("A" + "𠮷" * 100 + ".jpg", 20) == "A𠮷𠮷𠮷.jpg"


def test_alike_names_are_numbered_whatever_their_case():
    names = Names()

    given_out = [names.take("附件/", name) for name in ("图.jpg", "图.JPG", "图.jpg", "图(2).jpg", "图.png")]

    assert given_out == [
        "附件/图.jpg",
        "附件/图(2).JPG",
        "附件/图(3).jpg",
        "附件/图(2)(2).jpg",
        "附件/图.png",
    ]


def test_names_that_are_alike_once_cut_are_still_told_apart():
    names = Names()

    given_out = [names.take("", "济" * 100 + f"{number}.jpg", 34) for number in range(3)]

    assert given_out == ["济" * 10 + ".jpg", "济" * 9 + "(2).jpg", "济" * 9 + "(3).jpg"]
    assert [len(name.encode()) <= 34 for name in given_out] == [True] * 3


def test_the_same_name_stands_in_two_folders():
    names = Names()

    assert [names.take(folder, "图.jpg") for folder in ("一/", "二/")] == ["一/图.jpg", "二/图.jpg"]


@given(st.lists(st.text(max_size=80), max_size=8), st.integers(40, 200))
def test_whatever_people_call_their_files_paths_stay_inside_and_apart(wild, most):
    names = Names()

    given_out = [names.take("附件/", name, most) for name in wild]

    assert len({path.casefold() for path in given_out}) == len(wild)
    for path in given_out:
        name = path.removeprefix("附件/")
        assert 0 < len(name.encode()) <= most
        assert not set(name) & set('<>:"/\\|?*\n\r\t\0')
        assert name == name.strip(" .")
