"""The page of assurance says what is there: every control, tests and modules that exist."""

from tests import assurance


def test_every_control_stands_once_in_its_order():
    assert [row["number"] for row in assurance.rows()] == list(range(1, 81))


def test_a_control_has_a_priority_a_verdict_and_words():
    odd = [
        row["number"]
        for row in assurance.rows()
        if row["priority"] not in ("M", "S", "B")
        or row["verdict"] not in assurance.VERDICTS
        or not row["subject"]
        or (row["verdict"] != "met" and not row["said"])
    ]

    assert odd == []


def test_what_is_met_names_a_test_and_every_test_that_is_named_exists():
    named = {row["number"]: assurance.tests_of(row) for row in assurance.rows()}

    assert [n for n, row in enumerate(assurance.rows(), 1) if row["verdict"] == "met" and not named[n]] == []
    assert [test for tests in named.values() for test in tests if not assurance.exists(test)] == []


def test_every_module_that_is_named_exists():
    named = [name for row in assurance.rows() for name in row["built"].split()]

    assert [name for name in named if not (assurance.ROOT / name).exists()] == []


def test_the_page_is_the_one_drawn_from_the_rows():
    assert assurance.PAGE.read_text(encoding="utf-8") == assurance.page()


def test_control_a_test_that_is_not_there_is_noticed():
    assert not assurance.exists("tests/test_assurance.py::test_there_is_none_of_this_name")
    assert not assurance.exists("tests/test_nowhere.py::test_every_control_stands_once_in_its_order")
