"""A package read by others: imported into an empty database, unpacked, opened by office programs, large."""

import shutil
import subprocess
import tracemalloc

import pytest
from django.db import transaction

from portal import attachments, importing, package, registry, snapshot
from portal.examples import FILES
from portal.vocabulary import State
from tests import campaigning, factories, packing
from tests.factories import KUIWEN, WEIFANG
from tests.packing import PAPERS, PDF, with_files
from tests.programs import converted, needs
from tests.test_documents import words_of_pdf

pytestmark = pytest.mark.django_db
TYPES = list(registry.all_types())
every_type = pytest.mark.parametrize("record_type", TYPES, ids=lambda record_type: record_type.slug)


@every_type
def test_the_overview_is_read_back_into_an_empty_database_equal(record_type):
    with transaction.atomic():
        campaign = campaigning.campaign(kind=record_type.slug)
        sent = [
            campaigning.answer(campaign, State.CITY_REVIEW)
            for _ in range(2 if record_type.key == ["name"] else 1)
        ]
        before = [packing.comparable(filing.versions.get().snapshot) for filing in sent]
        sheet = packing.opened(packing.packed(campaign))["汇总一览表.xlsx"]
        transaction.set_rollback(True)
    factories.publish_related(record_type, record_type.example)

    read = importing.read_file(sheet, "汇总一览表.xlsx", record_type, factories.filer())
    made = importing.commit(read, factories.filer())

    assert [read.errors, read.warnings] == [[], []]
    assert [packing.comparable(snapshot.take(filing.record)) for filing in made] == before


def test_the_sheet_of_each_county_is_read_back_by_that_county():
    with transaction.atomic():
        campaign = campaigning.campaign()
        campaigning.answer(campaign, name="潍坊甲品牌（演示）")
        campaigning.answer(campaign, place=KUIWEN, name="潍坊甲品牌（演示）")
        files = packing.opened(packing.packed(campaign))
        transaction.set_rollback(True)
    record_type = registry.get("skill-brands")
    factories.publish_related(record_type, record_type.example)

    read = {
        place: importing.read_file(files[path], path, record_type, factories.filer(place))
        for place, path in {
            WEIFANG: "分单位一览表/潍坊市人力资源和社会保障局.xlsx",
            KUIWEN: "分单位一览表/潍坊市奎文区人力资源和社会保障局.xlsx",
        }.items()
    }

    assert [[draft.title for draft in reading.records] for reading in read.values()] == [
        ["潍坊甲品牌（演示）"]
    ] * 2
    assert [reading.errors for reading in read.values()] == [[], []]


def test_a_large_film_is_packed_without_being_held_in_memory(tmp_path):
    campaign = campaigning.campaign(kind="city-training-brands")
    film = tmp_path / "film.mp4"
    free = 100 * 2**20
    film.write_bytes((FILES / "video.mp4").read_bytes() + (free + 8).to_bytes(4, "big") + b"free")
    with film.open("r+b") as file:
        file.truncate(film.stat().st_size + free)
    record = factories.draft("city-training-brands")
    with film.open("rb") as file:
        attachments.add(record, "video", file, "大片.mp4", by=factories.filer())
    factories.act(record, "submit", factories.filer())
    contents = packing.found(campaign)

    tracemalloc.start()
    with package.scratch() as target:
        package.write(contents, target, by=factories.reviewer(), at=packing.NOON)
        size, (_, peak) = target.tell(), tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size > free
    assert peak < 20 * 2**20


def test_unzip_and_office_programs_open_what_is_packed(tmp_path):
    needs("unzip")
    campaign = campaigning.campaign()
    with_files(campaign, {"盖章页喆.pdf": PDF % b"1"}, name="潍坊演示品牌喆")
    (tmp_path / "package.zip").write_bytes(packing.packed(campaign))

    command = ["unzip", "-q", "-d", str(tmp_path / "out"), str(tmp_path / "package.zip")]
    subprocess.run(
        command, check=True, capture_output=True, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    )

    out = tmp_path / "out"
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == sorted(
        [*PAPERS, "回执.txt", "附件/01 潍坊演示品牌喆/盖章扫描件/盖章页喆.pdf"]
    )
    for name, words in {
        "报送函.docx": "山东省人力资源和社会保障厅",
        "汇总一览表.xlsx": "潍坊演示品牌喆",
    }.items():
        shutil.copy(out / name, tmp_path / name)
        assert words in words_of_pdf(as_pdf(tmp_path, name))


def as_pdf(folder, name: str) -> bytes:
    """Return a document as LibreOffice prints it."""
    converted(folder / name, folder, "pdf")
    return (folder / name).with_suffix(".pdf").read_bytes()
