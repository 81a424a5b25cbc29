"""The list of parts the portal is made of (SBOM), CycloneDX 1.6, from the pins and what is installed.

ASVS 5.0 15.1.2, GB/T 22239-2019 8.1.4.4 e: what is known to have a hole must be found among the parts. The
same pins and the same environment give the same bytes.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Pin:
    """A package as the requirements pin it: its name, its version, the hashes of its files."""

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The package URL."""
        return f"pkg:pypi/{re.sub('[-_.]+', '-', self.name).lower()}@{self.version}"


class Other(Exception):
    """What is installed is not what is pinned."""


def pins(requirements: Path) -> list[Pin]:
    """Return the pins of a file of requirements in their order."""
    logical = requirements.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    found = ((_PIN.match(line), line) for line in logical)
    return [Pin(m[1], m[2], tuple(_HASH.findall(line))) for m, line in found if m]


def bill(requirements: Path, name: str, version: str) -> dict:
    """Return the list of the parts that ``requirements`` pins, of the application ``name``.

    Licences are those of the packages installed here. Raises ``Other`` when one is there in another version.
    """
    parts = [_component(pin) for pin in pins(requirements)]
    ref = f"pkg:generic/{name}@{version}"
    whole = "\n".join([ref, *(part["purl"] + str(part["hashes"]) for part in parts)])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, whole)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": ref, "name": name, "version": version}},
        "components": parts,
        "dependencies": [{"ref": ref, "dependsOn": sorted(part["bom-ref"] for part in parts)}],
    }


def _component(pin: Pin) -> dict:
    described = {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in pin.hashes],
    }
    licences = list(_licences(pin))
    return described | ({"licenses": licences} if licences else {})


def _licences(pin: Pin) -> Iterator[dict]:
    """Yield the licences a package states, none where it is not installed."""
    try:
        said = metadata.metadata(pin.name)
    except metadata.PackageNotFoundError:
        return
    if said["Version"] != pin.version:
        raise Other(f"{pin.name}：锁定 {pin.version}，安装的是 {said['Version']}")
    if expression := said["License-Expression"]:
        yield {"expression": expression}
        return
    kinds = [one.rpartition(" :: ")[2] for one in said.get_all("Classifier", []) if one.startswith("License")]
    first = (said["License"] or "").strip().splitlines()[:1]
    for name in kinds or first:
        yield {"license": {"name": name}}
