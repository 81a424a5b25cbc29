"""What an act rests on beside its words: reasons of a return, findings on the criteria; plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal import text
from portal.models import Filing
from portal.refusals import Refused
from portal.vocabulary import ReturnReason

PASS, FAIL = "pass", "fail"
MET = {PASS: "符合", FAIL: "不符合"}
LONGEST_NOTE = 200  # 字 of the note on one criterion; technical
UNEXPLAINED = "逐项核对有不符合的条件，仍要{}的，须写明意见。"


@dataclass(frozen=True)
class Finding:
    """What a reviewer found on one criterion of the notice: ``met`` is ``pass``, ``fail`` or not said."""

    criterion: str
    met: str = ""
    note: str = ""


@dataclass(frozen=True)
class Grounds:
    """``reasons`` of a return; ``whole``: it unlocks everything; ``findings`` on the criteria."""

    reasons: tuple[str, ...] = ()
    whole: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> list[Finding]:
        """The criteria that were found not to be met."""
        return [finding for finding in self.findings if finding.met == FAIL]

    def checked(self, filing: Filing, *, returns: bool) -> "Grounds":
        """Return the grounds fit to be stored; ``Refused`` when they name what the notice does not.

        A query where the criteria depend on a field of the filing and something was found on them.
        Only an act that ``returns`` the filing has reasons and a width.
        """
        reasons = tuple(dict.fromkeys(self.reasons))
        if returns and set(reasons) - set(ReturnReason.values):
            raise Refused("没有这个退回原因，请重新选择。")
        findings = tuple(_said(self.findings, filing.criteria.words)) if self.findings else ()
        return Grounds(reasons, self.whole, findings) if returns else Grounds(findings=findings)

    def facts(self) -> dict[str, Any]:
        """Return what was said as JSON data, what was not said left out."""
        findings = [{"criterion": f.criterion, "met": f.met, "note": f.note} for f in self.findings]
        said = {"reasons": list(self.reasons), "whole": self.whole, "findings": findings}
        return {name: value for name, value in said.items() if value}


NOTHING_SAID = Grounds()


def from_facts(facts: dict[str, Any]) -> Grounds:
    """Return the grounds that ``Grounds.facts`` stored."""
    findings = tuple(Finding(**found) for found in facts.get("findings", ()))
    return Grounds(tuple(facts.get("reasons", ())), facts.get("whole", False), findings)


def _said(findings: Sequence[Finding], criteria: Sequence[str]) -> list[Finding]:
    """Return the findings that say something, in the words of the notice; each criterion once."""
    found = {finding.criterion: finding for finding in findings}
    if set(found) - set(criteria) or len(found) != len(findings):
        raise Refused("核对的条件与通知不一致，请重新打开页面后再办理。")
    notes = {name: text.clean(finding.note) for name, finding in found.items()}
    if any(finding.met not in ("", *MET) for finding in findings):
        raise Refused("逐项核对只能选符合或不符合。")
    if long := next((note for note in notes.values() if text.count(note) > LONGEST_NOTE), ""):
        raise Refused(f"核对说明最多 {LONGEST_NOTE} 字，现在有 {text.count(long)} 字，请缩短后再提交。")
    listed = [Finding(name, found[name].met, notes[name]) for name in criteria if name in found]
    return [finding for finding in listed if finding.met or finding.note]
