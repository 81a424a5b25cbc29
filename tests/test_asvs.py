"""The statement for ASVS says what is there: every requirement once, tests, rows and modules that exist."""

from collections import Counter

from tests import assurance, asvs


def test_every_requirement_stands_once_in_its_order_and_none_of_a_chapter_is_missing():
    numbers = [entry["number"] for entry in asvs.requirements()]
    counted = Counter(map(asvs.chapter_of, asvs.requirements()))

    assert numbers == sorted(set(numbers), key=lambda number: [int(part) for part in number.split(".")])
    assert counted == {chapter: most for chapter, (_, most) in asvs.CHAPTERS.items()}
    assert Counter(entry["level"] for entry in asvs.requirements()) == {1: 70, 2: 183}


def test_a_requirement_has_a_verdict_and_a_few_words_and_says_why_it_is_not_met():
    odd = [
        entry["number"]
        for entry in asvs.requirements()
        if entry["verdict"] not in asvs.VERDICTS
        or not 0 < len(entry["subject"].split()) <= 8
        or (entry["verdict"] != "met" and not entry.get("said"))
    ]

    assert odd == []


def test_what_is_met_is_built_somewhere_and_held_by_a_test():
    met = [entry for entry in asvs.requirements() if entry["verdict"] == "met"]

    assert [entry["number"] for entry in met if not asvs.tests_of(entry) or not entry.get("built")] == []


def test_every_test_row_and_module_that_is_named_exists():
    named = {test for entry in asvs.requirements() for test in asvs.tests_of(entry)}
    modules = {name for entry in asvs.requirements() for name in entry.get("built", "").split()}

    assert [test for test in named if not assurance.exists(test)] == []
    assert [name for name in modules if not (assurance.ROOT / name).exists()] == []


def test_the_page_is_the_one_drawn_from_the_requirements_and_begins_with_their_sums():
    page = asvs.page()

    assert asvs.PAGE.read_text(encoding="utf-8") == page
    assert asvs.figures() in page.partition("\n## ")[0]
    assert [row["said"].startswith(asvs.figures()) for row in assurance.rows() if row["number"] == 79] == [
        True
    ]
