"""The public search after a place was renamed: its texts written anew by a worker, nobody waits for it."""

from portal import jobs, search_texts
from portal.models import Job, Region

KIND, TITLE = "search-texts", "公开查询按新的地名更新：{}"


def ask(region: Region) -> Job:
    """Ask for the texts of a region and below, in the transaction that renames it."""
    return jobs.enqueue(KIND, title=TITLE.format(region.full_name), parameters={"region": region.pk})


@jobs.runner(KIND)
def run(job: Job, work: jobs.Work) -> None:
    """Write the texts anew; what was written of them stays when it has to be tried again."""
    search_texts.refresh(job.parameters["region"])
    with work.at_once():
        pass  # nothing is left to write but that it is done, and there is no file to tell of
