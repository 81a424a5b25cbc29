"""How long a body may be, by its route: refused by what it announces, before anything reads it (row 37)."""

from io import BytesIO

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse

from portal import bodies, body_limits
from portal.models import Filing, HeldForm, User
from portal.registry import STAMPED_SCAN
from tests import factories
from tests.crawling import plant, routes, urls
from tests.identity import age, entered

pytestmark = pytest.mark.django_db
LONG, LONGER = 400 * 2**20, 3 * 2**30
FILES = {body_limits.SLOT, *body_limits.UPLOADS}


class Passing(BytesIO):
    """A body without an end that counts what is read of it."""

    amount = 0

    def read(self, size: int = -1) -> bytes:
        self.amount += size
        return bytes(size)


@pytest.fixture(scope="module")
def planted(for_the_module) -> list[Filing]:
    """Plant filings and what hangs on them, once for all who send to their addresses."""
    return plant()


def send(client: Client, address: str, length: int | str | None = LONG, **more):
    """Announce a form with a file to an address; return the answer and how much of the body was read."""
    body = Passing()
    said = {"wsgi.input": body, "CONTENT_TYPE": "multipart/form-data; boundary=x", **more}
    if length is not None:
        said["CONTENT_LENGTH"] = str(length)
    answer = client.generic("POST", address, **said)
    return answer, body.amount


def everywhere(client: Client, planted: list[Filing], length: int) -> dict[str, set[tuple[int, int]]]:
    """Return of each route with which status a long body was answered there, and how much was read."""
    found: dict[str, set[tuple[int, int]]] = {}
    for name, route in routes():
        for address in urls(name, route, planted)[:1]:
            answer, read = send(client, address, length)
            found.setdefault(name, set()).add((answer.status_code, read))
    return found


def test_no_route_reads_a_byte_of_400_megabytes_that_a_stranger_announces(planted):
    found = everywhere(Client(enforce_csrf_checks=True), planted, LONG)

    assert len(found) > 200
    assert {name: met for name, met in found.items() if met != {(413, 0)}} == {
        name: {(302, 0)}
        for name in FILES  # to the page where one signs in
    }


def test_signed_in_too_only_what_takes_files_looks_at_more_and_reads_a_megabyte_at_most(planted):
    User.objects.filter(pk=factories.filer().pk).update(is_staff=True)
    browser = entered(factories.filer())

    found = everywhere(browser, planted, LONGER)

    assert {name for name, met in found.items() if met != {(413, 0)}} - FILES == set()
    assert max(read for name in FILES for _, read in found[name]) == bodies.DISCARDED == 2**20
    assert {status for name in FILES for status, _ in found[name]} - {404, 413} == set()


def test_control_what_is_short_enough_is_read_of_strangers_too():
    short, long = (send(Client(), reverse("preferences"), most) for most in (bodies.FORM, bodies.FORM + 1))

    assert (short[1] > 0, long[0].status_code, long[1]) == (True, 413, 0)


@pytest.mark.parametrize(
    "announced", [f"{'0' * 30}{LONG}", f"+{LONG}", f" {LONG}", "400_000_000", "9" * 5000]
)
def test_a_length_is_understood_as_django_does(announced):
    answer, read = send(Client(), reverse("preferences"), announced)

    assert (answer.status_code, read) == (413, 0)


@pytest.mark.parametrize("announced", [None, "", "-5", "x"])
def test_of_what_announces_no_length_nothing_is_read(announced):
    answer, read = send(Client(), reverse("preferences"), announced, HTTP_TRANSFER_ENCODING="chunked")

    assert (answer.status_code, read) == (400 if announced == "-5" else 302, 0)


def test_a_form_with_rows_may_be_as_long_as_django_reads_fields_and_any_other_half_of_it():
    grids = {body_limits.most(name) for name in body_limits.GRIDS}

    assert (grids, body_limits.most("filing-act")) == ({settings.DATA_UPLOAD_MAX_MEMORY_SIZE}, 2 * 2**20)
    assert {*body_limits.GRIDS, *FILES} - {name for name, _ in routes()} == set()


def test_a_draft_of_three_megabytes_is_read_and_stored():
    draft, browser = factories.draft("skill-brands"), entered(factories.filer())
    form = {"revision": draft.revision, "name": "演示品牌", "padding": "x" * 3 * 2**20}

    answer = browser.post(reverse("filing-edit", args=[draft.pk]), form)

    assert (answer.status_code, Filing.objects.get(pk=draft.pk).title) == (302, "演示品牌")


def test_a_person_is_told_on_a_page_and_a_script_in_json():
    page, _ = send(Client(), reverse("preferences"))
    told, _ = send(Client(), reverse("preferences"), HTTP_ACCEPT="application/json")

    assert f"<p>{body_limits.SAID}</p>" in page.content.decode()
    assert (told.json(), told["Cache-Control"]) == ({"message": body_limits.SAID}, "no-store")


@pytest.mark.parametrize("name", sorted(FILES))
def test_of_a_file_sent_after_the_sign_in_has_run_out_nothing_is_read_and_nothing_kept(name):
    person = factories.filer()
    address = {"filing-upload": [1, STAMPED_SCAN], "filing-archive": [1]}
    numbered = [1] if name.startswith("edition") else []
    browser = entered(person)
    age(browser, seen_at=3600)

    answer, read = send(browser, reverse(name, args=address.get(name, numbered)), 9 * 2**20)

    assert (answer.status_code, answer["Location"].split("?")[0], read) == (302, reverse("login"), 0)
    assert HeldForm.objects.count() == 0


def test_every_figure_is_asked_by_its_route_with_room_for_the_form_around_the_file():
    request = RequestFactory().post("/", **{"CONTENT_LENGTH": "0"})
    over = {}
    for name in FILES:
        for more in (0, 1):
            request.META["CONTENT_LENGTH"] = str(body_limits.most(name) + more)
            over.setdefault(name, []).append(body_limits.is_too_long(request, name))

    assert over == {name: [False, True] for name in FILES}
    assert {name: body_limits.most(name) - most for name, most in body_limits.UPLOADS.items()} == {
        name: bodies.ENVELOPE for name in body_limits.UPLOADS
    }
