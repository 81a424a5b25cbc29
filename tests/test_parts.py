"""The list of parts: exactly the pins with their hashes and licences, the same bytes each time (row 77)."""

import json
import re
from importlib import metadata
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal import parts

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "requirements" / f"{name}.txt" for name in ("base", "prod", "dev")]


def written(requirements: Path, folder: Path) -> dict:
    """Return what the command writes."""
    output = folder / "sbom.json"
    call_command("sbom", requirements=requirements, output=output)
    return json.loads(output.read_text(encoding="utf-8"))


@pytest.mark.parametrize("requirements", FILES, ids=lambda file: file.stem)
def test_the_parts_are_the_pins_with_their_hashes_and_no_other(requirements, tmp_path):
    lines = requirements.read_text().splitlines()
    names = [line.split()[0].split(";")[0] for line in lines if re.match("[A-Za-z0-9]", line)]
    digests = re.findall("sha256:([0-9a-f]+)", requirements.read_text())

    found = written(requirements, tmp_path)["components"]

    assert [f"{part['name']}=={part['version']}" for part in found] == names
    assert [one["content"] for part in found for one in part["hashes"]] == digests
    assert {one["alg"] for part in found for one in part["hashes"]} == {"SHA-256"}
    assert all(part["hashes"] for part in found)


@pytest.mark.parametrize("requirements", FILES[:1], ids=["base"])
def test_every_part_that_is_installed_names_its_licence(requirements, tmp_path):
    found = written(requirements, tmp_path)["components"]

    without = [part["name"] for part in found if not part.get("licenses")]

    assert [name for name in without if _is_installed(name)] == []


def _is_installed(name: str) -> bool:
    return any(metadata.distributions(name=name))


def test_the_list_has_the_head_and_the_references_of_cyclonedx(tmp_path):
    found = written(FILES[0], tmp_path)
    refs = [part["bom-ref"] for part in found["components"]]
    own = found["metadata"]["component"]

    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch("urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["serialNumber"])
    assert (own["type"], own["name"]) == ("application", "shandong-skill-brands")
    assert len(refs) == len(set(refs))
    assert found["dependencies"] == [{"ref": own["bom-ref"], "dependsOn": sorted(refs)}]
    assert all(re.fullmatch("pkg:pypi/[a-z0-9-]+@[^@/]+", ref) for ref in refs)


def test_the_same_pins_give_the_same_bytes(tmp_path):
    assert written(FILES[0], tmp_path) == written(FILES[0], tmp_path)


def test_a_package_in_another_version_than_its_pin_is_told_and_nothing_is_written(tmp_path):
    requirements, output = tmp_path / "pins.txt", tmp_path / "sbom.json"
    requirements.write_text(f"django==1.0 \\\n    --hash=sha256:{'0' * 64}\n")

    with pytest.raises(CommandError, match=r"django：锁定 1.0，安装的是"):
        call_command("sbom", requirements=requirements, output=output)

    assert output.exists() is False


def test_a_file_of_pins_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CommandError, match="没有写出物料清单"):
        call_command("sbom", requirements=tmp_path / "none.txt")


def test_a_package_that_is_not_installed_is_listed_without_a_licence(tmp_path):
    requirements = tmp_path / "pins.txt"
    requirements.write_text(f"no-such-package-of-ours==1.2 \\\n    --hash=sha256:{'0' * 64}\n")

    (part,) = parts.bill(requirements, "演示", "1")["components"]

    assert (part["purl"], part.get("licenses")) == ("pkg:pypi/no-such-package-of-ours@1.2", None)
