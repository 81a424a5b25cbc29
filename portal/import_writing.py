"""Carrying a plan out: everything that is new or changed, or nothing.

What each row means is looked up again under locks; when it means another thing than the preview showed,
nothing is imported.
"""

from collections.abc import Iterable, Iterator

from portal import bulk_drafts
from portal.bulk_drafts import Change, New, batches
from portal.import_plans import Plan, Row
from portal.import_reading import Progress, unheard
from portal.importing import values
from portal.importing.held import Held, Known
from portal.models import ImportedRow, Organisation, RowOutcome, User
from portal.offers import offer
from portal.refusals import Conflict, Refused
from portal.registry import RecordType

STAGE = "写入"
MOVED = (
    "预览以后，文件涉及的填报有了变动（第 {} 行“{}”），没有导入任何数据；请重新上传这个文件，核对后再确认。"
)
EDITED = "有人刚刚改动了文件涉及的一件填报，没有导入任何数据；请重新上传这个文件，核对后再确认。"
GONE = "预览以后，文件选用的目录条目有了变动，没有导入任何数据；请重新上传这个文件，核对后再确认。"


class Writing:
    """One plan being carried out for one bureau. Needs a transaction, rolled back when it raises."""

    def __init__(
        self,
        plan: Plan,
        record_type: RecordType,
        organisation: Organisation,
        *,
        by: User,
        progress: Progress = unheard,
    ):
        self.plan, self.type, self.organisation, self.by = plan, record_type, organisation, by
        self.progress, self.done, self.held = progress, 0, Held(record_type.slug)
        self.total = sum(block.rows for name in plan.blocks for block in plan.blocks[name])

    def carry_out(self) -> int:
        """Write all that is new or changed and return how many filings that were. Raises ``Refused``."""
        # Others may file for the bureau meanwhile, but no second import: only foreign keys look at this row.
        Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=self.organisation.pk)
        self._load()
        for outcome in (RowOutcome.SAME, RowOutcome.LEFT):
            for batch in self._checked(outcome):
                told = [row for row in batch if row.get("d")]
                self._forget([row["f"] for row in told])
                self._remember((row["f"], row["d"], row["n"]) for row in told)
        try:
            return self._change() + self._create()
        except Conflict:
            raise Refused(EDITED) from None

    def _load(self) -> None:
        """Get ready what the rows name; refuse what is no longer offered."""
        named = values.loaded(self.plan.facts.get("named", {}))
        blank = self.type.model(organisation=self.organisation, region=self.organisation.region)
        for label, keys in self.plan.facts.get("named", {}).items():
            model = next(one for one in named if one._meta.label == label)
            if {str(key) for key in keys} - offer(model, blank, ()).objects.keys():
                raise Refused(GONE)
        names = [*self.type.fields, "explanation"]
        self.values = values.Unpacker(self.type.model, names, named)
        self.rows = {
            name: values.Unpacker(self.type.row_model(name), fields, named)
            for name, fields in self.type.rows.items()
        }

    def _checked(self, outcome: str) -> Iterator[list[Row]]:
        """Yield the rows of an outcome in batches, as long as they still mean what they meant."""
        for batch in batches(self.plan.rows(outcome)):
            held = self.held.find(self.organisation.pk, [row["t"] for row in batch])
            for row in batch:
                if not _means(outcome, row, held.get(row["t"])):
                    raise Refused(MOVED.format(row["r"], row["t"]))
            yield batch
            self.done += len(batch)
            self.progress(self.done, self.total, STAGE)

    def _create(self) -> int:
        """Write what is new."""
        digests: list[str] = []
        made = bulk_drafts.create(self.type, self.organisation, self._new(digests), by=self.by)
        total = 0
        for numbers in made:
            self._remember((number, digest, 0) for number, digest in zip(numbers, digests, strict=True))
            digests.clear()
            total += len(numbers)
        return total

    def _new(self, digests: list[str]) -> Iterator[New]:
        for batch in self._checked(RowOutcome.NEW):
            for row in batch:
                digests.append(row.get("d", ""))
                yield New(self.values(row["v"]), self._child_rows(row))

    def _child_rows(self, row: Row) -> dict[str, list[dict]]:
        return {name: [self.rows[name](one) for one in made] for name, made in row.get("c", {}).items()}

    def _change(self) -> int:
        """Write what is changed."""
        total = 0
        for batch in self._checked(RowOutcome.CHANGED):
            changes = [Change(r["f"], r["n"], self.values(r["v"]), self._child_rows(r)) for r in batch]
            for numbers in bulk_drafts.save(self.type, changes, by=self.by):
                total += len(numbers)
            self._forget([row["f"] for row in batch])
            self._remember((row["f"], row.get("d", ""), row["n"] + 1) for row in batch)
        return total

    def _remember(self, found: Iterable[tuple[int, str, int]]) -> None:
        """Keep the digests of filings that have none."""
        lines = [line for line in found if line[1]]
        bulk_drafts.insert(ImportedRow._meta.db_table, ["filing_id", "digest", "revision"], lines)

    def _forget(self, numbers: list[int]) -> None:
        if numbers:
            ImportedRow.objects.filter(filing__in=numbers).delete()


def _means(outcome: str, row: Row, found: Known | None) -> bool:
    """Say whether a row still means what the plan says."""
    if outcome == RowOutcome.NEW:
        return found is None
    if found is None or found.pk != row["f"]:
        return False
    if outcome == RowOutcome.LEFT:
        return not found.is_editable
    return found.is_editable and found.revision == row["n"]
