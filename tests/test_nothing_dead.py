"""Nothing lies about that nobody uses: templates, classes of stylesheets, functions and constants."""

import ast
import re
from collections import Counter
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PRODUCT = [
    path
    for folder in ("portal", "assessments", "brands", "workforce")
    for path in sorted(ROOT.glob(f"{folder}/**/*.py"))
    if "migrations" not in path.parts
]
TEMPLATES = [path for path in sorted((ROOT / "templates").glob("**/*")) if path.is_file()]
SHEETS, SCRIPTS = (sorted((ROOT / "portal" / "static").glob(f"**/*.{kind}")) for kind in ("css", "js"))
CODE = {path: path.read_text(encoding="utf-8") for path in PRODUCT}
MARKUP = {path: path.read_text(encoding="utf-8") for path in TEMPLATES}
# What Django or Celery asks for by its name.
BY_DJANGO = {"403.html", "403_csrf.html"}
VIEWS_OF_DJANGO = "registration/"
BY_FRAMEWORK = {"handler400", "handler404", "handler500", "__getattr__", "app_name", "urlpatterns"}
# Only the tests ask for these: a whole workbook in memory, and the examples of the declarations as drafts.
FOR_TESTS = {"export_workbook", "example_draft", "related_titles"}
# Classes that are put together of a part and a value, and two of Django's own administration.
MADE = re.compile(r"c-37\d\d|[hkl]-?\d|action-checkbox|this-page")


def test_every_template_is_named_by_a_view_or_a_template():
    named = "\n".join([*CODE.values(), *MARKUP.values()])

    unused = [
        name
        for name in (str(path.relative_to(ROOT / "templates")) for path in TEMPLATES)
        if f'"{name}"' not in named
        and name not in BY_DJANGO
        and not name.startswith(VIEWS_OF_DJANGO)
        and f'"{name.removeprefix("print/")}"' not in named
    ]

    assert unused == []


def test_every_class_of_the_stylesheets_is_given_by_somebody():
    scripts = [path.read_text(encoding="utf-8") for path in SCRIPTS]
    given = set(re.findall(r"[\w-]+", "\n".join([*MARKUP.values(), *CODE.values(), *scripts])))

    styled = {name for sheet in SHEETS for name in classes(sheet.read_text(encoding="utf-8"))}

    assert sorted(name for name in styled - given if not MADE.fullmatch(name)) == []


def classes(sheet: str) -> set[str]:
    """Return the classes that the selectors of a stylesheet name."""
    plain = re.sub(r"/\*.*?\*/|url\([^)]*\)", "", sheet, flags=re.DOTALL)
    return {
        name
        for selector in re.findall(r"([^{}]+)\{", plain)
        for name in re.findall(r"\.([A-Za-z_][\w-]*)", selector)
    }


def test_every_function_and_constant_of_a_module_is_used_somewhere():
    programs = [path for path in (ROOT / "bin").glob("**/*") if path.is_file() and "pyc" not in path.suffix]
    programs += ROOT.glob("*/migrations/*.py")
    texts = [*CODE.values(), *MARKUP.values(), *(path.read_text(encoding="utf-8") for path in programs)]
    words = Counter(word for text in texts for word in re.findall(r"\w+", text))

    unused = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in CODE.items()
        if path.name not in ("settings.py", "apps.py")
        for name in defined(ast.parse(text))
        if words[name] == 1 and name not in BY_FRAMEWORK | FOR_TESTS
    ]

    assert unused == []


def defined(module: ast.Module):
    """Yield the names a module gives to functions, classes and constants; a decorator or a table is a use."""
    for node in module.body:
        is_table = isinstance(node, ast.ClassDef) and "models.Model" in map(ast.unparse, node.bases)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.decorator_list and not is_table:
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
