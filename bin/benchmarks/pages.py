"""What a bureau waits for: the pages of one filing, its acts, its paper; and how the portal starts.

The demonstration lies among a register of synthetic filings, so that the pages have all that they can show.
"""

import itertools
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from statistics import median

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import databases, measuring, plain_paper, serving  # noqa: E402
from benchmarks.measuring import MEGABYTE, Row, Verdict, tell  # noqa: E402
from portal import attachments, documents, drafts, package, population, registry  # noqa: E402
from portal.examples import example_draft, example_files  # noqa: E402
from portal.models import Campaign, Filing, FilingVersion, User  # noqa: E402
from portal.population import people  # noqa: E402
from portal.vocabulary import Role, State  # noqa: E402

CITY, KIND, SUBMITTED = "3707", "labour-brands", 12
TIMES = {
    "form page": 10,
    "review page": 10,
    "submit": 5,
    "decide": 5,
    "one form": 5,
    "16 forms": 2,
    "package": 1,
}
MOST_QUERIES, MOST_CPU, MOST_PAPER, LEAST_PAPER = 15, 0.060, 0.15, 20
MOST_CHECK, MOST_FIRST, MOST_MEMORY = 1.5, 5.0, 120 * MEGABYTE


def fill(size: int) -> None:
    """Write the demonstration, a register of ``size`` filings around it, and drafts that can be submitted."""
    call_command("demo", verbosity=0)
    population.fill_filings(size)
    kind, filer = registry.get(KIND), person(Role.FILER)
    for number in range(SUBMITTED):
        values, rows = example_draft(kind, name=f"潍坊演示量测品牌{number}")
        bureau = filer.posts[0].organisation
        record = drafts.create(kind, by=filer, organisation=bureau, values=values, rows=rows)
        for slot, path in example_files(kind):
            with path.open("rb") as file:
                attachments.add(record, slot, file, path.name, by=filer)


def person(role: str, place: str = CITY) -> User:
    """Return whoever has this post in the population."""
    return User.objects.get(username=people.name_of(role, place))


def signed_in(user: User) -> Client:
    """Return a browser of ``user``."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


def _drafts() -> list[Filing]:
    return list(Filing.objects.filter(title__startswith="潍坊演示量测品牌", state=State.DRAFT).order_by("pk"))


def _counted(ask: Callable[[], object]) -> int:
    """Return how many queries ``ask`` makes."""
    queries = itertools.count()

    def note(execute, sql, params, many, context):
        next(queries)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        ask()
    return next(queries)


def _page(client: Client, url: str) -> Callable[[], str]:
    def work() -> str:
        answers: list = []
        number = _counted(lambda: answers.append(client.get(url)))
        return f"{answers[0].status_code} {number}"

    return work


def _acts(client: Client, action: str, found: Iterator[Filing], **said: str) -> Callable[[], str]:
    def work() -> str:
        filing, answers = next(found), []
        sent = {"action": action, "version": filing.version, "step": filing.step, **said}
        url = f"/desk/filings/{filing.pk}/act/?from=todo"
        number = _counted(lambda: answers.append(client.post(url, sent)))
        done = Filing.objects.get(pk=filing.pk).step == filing.step + 1
        return f"{answers[0].status_code if done else 'nothing'} {number}"

    return work


def form_page() -> Callable[[], str]:
    """A draft, opened by its filer."""
    return _page(signed_in(person(Role.FILER)), f"/desk/filings/{_drafts()[0].pk}/edit/")


def review_page() -> Callable[[], str]:
    """A filing, opened from the queue of the province."""
    found = next(_waiting("skill-brands"))
    return _page(signed_in(person(Role.REVIEWER, people.PROVINCE)), f"/desk/filings/{found.pk}/?from=todo")


def _waiting(*kinds: str) -> Iterator[Filing]:
    found = Filing.objects.filter(state=State.PROVINCE_REVIEW, submitted_by__username__startswith=people.MARK)
    return iter((found.filter(kind__in=kinds) if kinds else found).order_by("pk"))


def submit() -> Callable[[], str]:
    """A draft with all its files, submitted."""
    return _acts(signed_in(person(Role.FILER)), "submit", iter(_drafts()))


def decide() -> Callable[[], str]:
    """A filing approved by the province, on the way to the next one of the queue."""
    return _acts(
        signed_in(person(Role.APPROVER, people.PROVINCE)), "approve", _waiting(), comment="演示同意。"
    )


def _forms(number: int) -> list[documents.PrintedForm]:
    found = FilingVersion.objects.filter(filing__kind="skill-brands").select_related("filing__organisation")
    return [documents.version_form(one.filing, one) for one in found.order_by("pk")[:number]]


def _printed(name: str, write: Callable) -> Callable[[], str]:
    """Print other forms each time: the typesetter remembers what it has set."""
    number = FORMS[name]
    forms = iter(_forms(number * (TIMES[name] + 1)))  # one turn is not counted

    def work() -> str:
        made = write(list(itertools.islice(forms, number)), "演示", "演示")
        return str(made.startswith(b"%PDF"))

    return work


def packed() -> Callable[[], str]:
    """The package of a city for the campaign in which it sent most."""
    user = person(Role.REVIEWER)
    found = [package.find(user, campaign.pk, CITY) for campaign in Campaign.objects.order_by("pk")]
    largest = max((one for one in found if one and not package.why_not(one)), key=lambda one: len(one.items))

    def work() -> str:
        written = package.write(largest, BytesIO(), by=user, at=timezone.now())
        return str(len(largest.items) if written else 0)

    return work


WORKS: dict[str, Callable[[], Callable[[], str]]] = {
    "form page": form_page,
    "review page": review_page,
    "submit": submit,
    "decide": decide,
    "package": packed,
}
ACTS = ("form page", "review page", "submit", "decide")
QUERIES = {f"queries of {name}": name for name in ACTS}
FORMS = {"one form": 1, "16 forms": 16}
WRITERS = {
    "ours": documents.forms_pdf,
    "stock: WeasyPrint": plain_paper.forms_pdf,
    "tuned: WeasyPrint, fonts kept": plain_paper.tuned_pdf,
}
PAPERS = {f"{name}, {writer}": (name, writer) for name in FORMS for writer in WRITERS}


def of_a_filing(size: int, rounds: int) -> None:
    """P12: the pages and acts of one filing."""
    for name in ACTS:
        databases.use(f"pages{size}", lambda: fill(size))
        found = measuring.rounds(__file__, [name], rounds if "page" in name else 1, size=size)[name]
        tell(measuring.row("P12", name, size, "ours", found))
        counted = measuring.rounds(__file__, [f"queries of {name}"], 1, size=size)
        status, queries = counted[f"queries of {name}"][0].answer.split()
        if status not in ("200", "302"):
            raise SystemExit(f"{name}: {status}")
        claim = f"{name}, {size} filings"
        tell(
            Verdict(
                "P12", claim, f"{queries} queries", f"at most {MOST_QUERIES}", int(queries) <= MOST_QUERIES
            )
        )
        spent = measuring.cpu(found)
        tell(Verdict("P12", claim, f"{spent * 1000:.0f} ms CPU", "at most 60 ms", spent <= MOST_CPU))


def of_paper(size: int, rounds: int) -> None:
    """P13: one form, a print file, the package of a city."""
    databases.use(f"pages{size}", lambda: fill(size), is_read_only=True)
    for name in FORMS:
        _beside(name, size, min(rounds, 3))
    found = measuring.rounds(__file__, ["package"], min(rounds, 3), size=size)["package"]
    number = int(found[0].answer)
    tell(measuring.row("P13", "package", size, "ours", found, f"{number} forms with their materials"))
    _afforded("package", measuring.cpu(found) / number)


def _beside(name: str, size: int, rounds: int) -> None:
    """Measure a print beside WeasyPrint, where that can be imported."""
    there = [writer for writer in WRITERS if writer == "ours" or plain_paper.is_there()]
    names = {f"{name}, {writer}": writer for writer in there}
    found = measuring.rounds(__file__, names, rounds, size=size)
    measuring.hand_over("P13", name, size, found, names)
    ours, *plain = (measuring.cpu(own) for own in found.values())
    _afforded(name, ours / FORMS[name])
    times, why = (plain[0] / ours, "") if plain else (0, f"no WeasyPrint here: {plain_paper.INSTALL}")
    claim, goal = f"{name} against WeasyPrint", f"at least {LEAST_PAPER} times less CPU"
    tell(Verdict("P13", claim, f"{times:.1f} times less CPU", goal, times >= LEAST_PAPER, why))


def _afforded(name: str, each: float) -> None:
    said, goal = f"{each:.3f} s CPU", f"at most {MOST_PAPER} s"
    tell(Verdict("P13", f"{name}, each form", said, goal, each <= MOST_PAPER))


def _told(operation: str, own: float, wall: float, memory: int, rounds: int) -> None:
    tell(Row("P14", operation, 1, "ours", own, 0.0, wall, memory, rounds))


def of_the_start(rounds: int) -> None:
    """P14: the check, the first answer, the memory of a worker that has shown its pages."""
    _check()  # leaves bytecode behind, as every start does
    spent = median(_check() for _ in range(rounds))
    _told("manage.py check", spent, spent, 0, rounds)
    tell(
        Verdict(
            "P14", "manage.py check", f"{spent:.2f} s CPU", f"at most {MOST_CHECK} s", spent <= MOST_CHECK
        )
    )
    begun = time.monotonic()
    with serving.served(
        "portal.wsgi:application", {"OPENPYXL_LXML": "False"}
    ) as server:  # a tool brings lxml
        wall = time.monotonic() - begun
        for url in ("/", "/catalogue/", "/notices/", "/targets/", "/search/?q=演示", "/login/", "/api/"):
            serving.fetch(server.port, url)
        memory, own = serving.resident(server.worker), serving.unshared(server.worker)
    _told("first answer of the server", 0.0, wall, memory, 1)
    tell(
        Verdict(
            "P14",
            "first page after the start",
            f"{wall:.1f} s",
            f"at most {MOST_FIRST} s",
            wall <= MOST_FIRST,
        )
    )
    said = f"{memory / MEGABYTE:.0f} MB resident, {own / MEGABYTE:.0f} MB of them its own"
    goal = f"at most {MOST_MEMORY // MEGABYTE} MB resident"
    tell(Verdict("P14", "memory of a web worker after its first pages", said, goal, memory <= MOST_MEMORY))


def _check() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "manage.py", "check"]
    subprocess.run(command, cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _work(name: str) -> None:
    """Do one work in this process and print its round."""
    if name in PAPERS:
        paper, writer = PAPERS[name]
        plain_paper.is_there()
        measuring.repeated(_printed(paper, WRITERS[writer]), TIMES[paper])
    elif name in QUERIES:
        measuring.once(_most(WORKS[QUERIES[name]]()))
    else:
        ask = WORKS[name]()
        measuring.repeated(lambda: ask().split()[0], TIMES[name])


def _most(ask: Callable[[], str]) -> Callable[[], str]:
    """Return the most queries of two times after a first: some are asked once a process, or now and then."""
    ask()
    return lambda: max((ask() for _ in range(2)), key=lambda said: int(said.split()[1]))


def main() -> int:
    """Fill the databases, measure, hand over."""
    chosen = measuring.arguments(
        "pages", sizes=(10_000, 100_000), quick=(1_000,), works=[*WORKS, *QUERIES, *PAPERS]
    )
    if chosen.only:
        _work(chosen.only)
        return 0
    call_command("collectstatic", interactive=False, verbosity=0)  # the pages name what they are served with
    for size in chosen.sizes:
        of_a_filing(size, chosen.rounds)
    of_paper(chosen.sizes[0], chosen.rounds)
    of_the_start(chosen.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
