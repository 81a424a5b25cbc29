"""Addresses that are worked out once are those that Django works out."""

import json

import pytest
from django.template import Context, Template
from django.test import override_settings
from django.urls import NoReverseMatch, reverse
from whitenoise.storage import CompressedManifestStaticFilesStorage

from portal.addressing import StaticFiles, address

GIVEN = [
    ('{% url "desk" %}', reverse("desk")),
    ('{% url "filing" pk=number %}', reverse("filing", args=[7])),
    ('{% url "admin:portal_user_change" word %}', "/admin/portal/user/a&amp;b&#x27;c/change/"),
    (
        '{% autoescape off %}{% url "admin:portal_user_change" word %}{% endautoescape %}',
        "/admin/portal/user/a&b'c/change/",
    ),
    ('{% url "filing" number as page %}[{{ page }}]', f"[{reverse('filing', args=[7])}]"),
    ('{% url "nothing" as page %}[{{ page }}]', "[]"),
]


@pytest.mark.parametrize(("written", "shown"), GIVEN)
def test_a_template_shows_the_address_the_second_time_as_the_first(written, shown):
    template, given = Template(written), {"number": 7, "word": "a&b'c"}

    assert [template.render(Context(given)) for _ in range(2)] == [shown] * 2


def test_an_address_that_is_none_is_an_error_each_time():
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            Template('{% url "filing" word %}').render(Context({"word": "x"}))


def test_numbers_and_words_that_look_alike_are_told_apart():
    assert [address("filing", number) for number in (1, 2, 1)] == [
        reverse("filing", args=[n]) for n in (1, 2, 1)
    ]
    with pytest.raises(NoReverseMatch):
        address("filing", True)


def test_a_static_file_has_the_address_of_the_manifest_each_time(tmp_path):
    paths = {"a.css": "a.0123.css", "icons.svg": "icons.4567.svg"}
    (tmp_path / "staticfiles.json").write_text(json.dumps({"version": "1.1", "hash": "", "paths": paths}))
    with override_settings(DEBUG=False):
        ours, theirs = (
            kind(location=tmp_path, base_url="/static/")
            for kind in (StaticFiles, CompressedManifestStaticFilesStorage)
        )
        names = ["a.css", "icons.svg#add", "a.css"]

        assert [ours.url(name) for name in names] == [theirs.url(name) for name in names]
        assert ours.url("icons.svg#add") == "/static/icons.4567.svg#add"
        for _ in range(2):
            with pytest.raises(ValueError, match="Missing"):
                ours.url("missing.css")
