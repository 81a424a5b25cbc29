"""What was typed of the grounds of an act, read from a form: reasons, width and findings."""

from django.http import QueryDict

from portal.grounds import Finding, Grounds
from portal.models import Filing


def grounds(post: QueryDict, filing: Filing | None = None) -> Grounds:
    """Return the grounds a form holds, not checked yet.

    Fields: ``reason`` for each reason of a return, ``whole``; of one filing ``met-1`` and ``note-1`` for
    the first of its criteria, and so on.
    """
    criteria = enumerate(filing.criteria.words if filing else (), 1)
    findings = (Finding(name, post.get(f"met-{n}", ""), post.get(f"note-{n}", "")) for n, name in criteria)
    said = tuple(finding for finding in findings if finding.met or finding.note.strip())
    return Grounds(tuple(post.getlist("reason")), bool(post.get("whole")), said)
