"""What is typed to open a selection round, to score and to decide; criteria are written one on a line."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms

from portal import ranking, registry, text
from portal.campaign_forms import CHOOSE, WANTED
from portal.forms import CleanText, LongText, WholeNumber
from portal.models import Candidate, Criterion, SelectionRound

CRITERION = re.compile(r"(.*\S)[\s　:：]+([0-9]{1,4})[\s　]*分?", re.ASCII)
POINTS = re.compile(r"[0-9]{1,3}(\.[0-9])?", re.ASCII)
CELL = "points-{}-{}"


class RoundForm(forms.Form):
    """The facts of a round and its criteria."""

    use_required_attribute = False

    kind = forms.ChoiceField(label="目录", error_messages=CHOOSE)
    name = CleanText(
        label="批次名称",
        max_length=60,
        error_messages=WANTED,
        help_text="例如：2026年省级专项职业能力品牌选拔",
    )
    basis = CleanText(
        label="依据", max_length=200, error_messages=WANTED, help_text="写明文号和条款，公布时用得到。"
    )
    quota = WholeNumber(label="名额", min_value=1, max_value=1000, help_text="最多选定几个。")
    criteria = LongText(
        label="评分项",
        error_messages=WANTED,
        help_text="一行一项，项目后面空一格写满分，如“品牌特色鲜明 40”；合计即总分。",
    )
    needs_publicity = forms.BooleanField(label="公布前须公示", required=False)

    def __init__(self, *args: Any, of: SelectionRound | None = None, kind: str = "", **kwargs: Any):
        kwargs.setdefault("initial", _initial(of) if of else _suggested(kind))
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = levelled()

    def clean_criteria(self) -> list[tuple[str, int]]:
        """Return (words, most points) of each line."""
        lines = [line.strip() for line in self.cleaned_data["criteria"].split("\n") if line.strip()]
        found = []
        for line in lines:
            match = CRITERION.fullmatch(text.clean(line).translate(_FULL_WIDTH))
            if not match:
                raise forms.ValidationError(f"“{line[:30]}”没有写满分；请在项目后面空一格写满分，如“40”。")
            found.append((match[1].rstrip(" 　:："), int(match[2])))
        return found


_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


def levelled() -> list[tuple[str, str]]:
    """Return the catalogues whose entries are municipal or provincial, as choices."""
    return [(kind.slug, kind.label) for kind in registry.all_types() if kind.levelled]


def _suggested(kind: str) -> dict[str, Any]:
    """Return the criteria of the notice for a start; the points are the province's to set."""
    known = dict(levelled())
    chosen = registry.get(kind if kind in known else next(iter(known)))
    return {
        "kind": chosen.slug,
        "basis": chosen.criteria_clause or chosen.basis,
        "criteria": "\n".join(chosen.criteria),
        "needs_publicity": True,
    }


def _initial(of: SelectionRound) -> dict[str, Any]:
    lines = "\n".join(f"{criterion.text} {criterion.points}" for criterion in of.criteria.all())
    names = ("kind", "name", "basis", "quota", "needs_publicity")
    return {"criteria": lines, **{name: getattr(of, name) for name in names}}


def numbers(values: Iterable[str]) -> set[int]:
    """Return the primary keys among what was ticked; anything else is passed over."""
    return {int(value) for value in values if re.fullmatch("[1-9][0-9]{0,17}", value, re.ASCII)}


class Sheet:
    """One scorer's sheet as a table of cells: typed or stored points, each with what is wrong with it."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        criteria: Sequence[Criterion],
        *,
        typed: Mapping[str, str] | None = None,
        stored: ranking.Points | None = None,
    ):
        self.points: ranking.Points = {}
        self.errors = 0
        self.rows = [(c, [self._cell(c, one, typed, stored or {}) for one in criteria]) for c in candidates]
        self.total = sum(criterion.points for criterion in criteria)
        self.cells = len(candidates) * len(criteria)

    def _cell(self, candidate: Candidate, criterion: Criterion, typed, stored) -> dict[str, Any]:
        name, key = CELL.format(candidate.pk, criterion.pk), (candidate.pk, criterion.pk)
        value = text.digits(typed.get(name, "")) if typed is not None else _shown(stored.get(key))
        error = _wrong(value, criterion.points)
        if value and not error:
            self.points[key] = Decimal(value)
        self.errors += bool(error)
        return {
            "name": name,
            "label": f"{candidate.entry.title}，{criterion.text}，满分 {criterion.points}",
            "value": value,
            "error": error,
        }

    @property
    def in_words(self) -> str:
        """The sheet as lines to be copied."""
        return "\n".join(
            f"{candidate.entry.title}：{'、'.join(cell['value'] or '—' for cell in cells)}"
            for candidate, cells in self.rows
        )

    @property
    def filled(self) -> int:
        """How many cells hold points that count."""
        return len(self.points)


def _shown(points: Decimal | None) -> str:
    return "" if points is None else text.plain_number(points)


def _wrong(value: str, most: int) -> str:
    if not value:
        return ""
    if not POINTS.fullmatch(value):
        return "请填数字，最多一位小数。"
    return f"最多 {most} 分。" if Decimal(value) > most else ""
