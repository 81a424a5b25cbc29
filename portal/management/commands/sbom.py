"""Write the list of the portal's parts (SBOM) as CycloneDX JSON."""

import json
import tomllib
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import parts

USUAL = settings.BASE_DIR / "requirements" / "prod.txt"


class Command(BaseCommand):
    """Print the list, or write it to a file."""

    help = "输出软件物料清单（SBOM，CycloneDX 1.6 JSON）：锁定的依赖包、摘要和许可证"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser) -> None:
        """Take the file of pins and where to write."""
        parser.add_argument("--requirements", type=Path, default=USUAL, help="锁定版本的文件")
        parser.add_argument("--output", type=Path, help="写入的文件；不填则输出到屏幕")

    def handle(self, *, requirements: Path, output: Path | None, **options) -> None:
        """Write it; what is installed in another version than is pinned is said and nothing written."""
        try:
            found = parts.bill(requirements, *_portal())
        except (OSError, parts.Other) as reason:
            raise CommandError(f"没有写出物料清单：{reason}") from None
        said = json.dumps(found, ensure_ascii=False, indent=1)
        if output is None:
            self.stdout.write(said)
            return
        output.write_text(said + "\n", encoding="utf-8")
        self.stdout.write(f"已写出 {len(found['components'])} 个组件：{output}")


def _portal() -> tuple[str, str]:
    """Return name and version of the portal, where its project file is there."""
    file = settings.BASE_DIR / "pyproject.toml"
    said = tomllib.loads(file.read_text(encoding="utf-8"))["project"] if file.exists() else {}
    return said.get("name", "shandong-skill-brands"), said.get("version", "0")
