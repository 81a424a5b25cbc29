"""Files in a form, and a sheet that travels with its preview."""

import base64
import binascii
from dataclasses import dataclass
from pathlib import PurePath

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from portal import sandbox
from portal.imports import EMPTY

CARRIED = 700 * 1024  # a file up to here travels in the preview page and need not be chosen twice
LONGEST_NAME = 120
NO_FILE = "请选择要导入的文件。"
AGAIN = "没有收到刚才的文件，没有导入；请重新选择文件。"


@dataclass(frozen=True)
class Upload:
    """A file as it was sent, now or with the preview."""

    name: str
    data: bytes

    @property
    def carried(self) -> str:
        """The content as the preview page carries it; empty when it is too large for that.

        It needs no signature: confirming reads it anew, exactly as if it had been uploaded then.
        """
        return base64.b64encode(self.data).decode() if len(self.data) <= CARRIED else ""


def name_of(chosen: UploadedFile) -> str:
    """Return what a file is called, without folders, its ending kept when the name is cut."""
    name = PurePath(chosen.name or "").name
    ending = PurePath(name).suffix[:10]
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - len(ending)] + ending


def sent(request: HttpRequest) -> Upload | None:
    """Return the file of a form, chosen now or carried along from the preview; None when there is none."""
    if chosen := request.FILES.get("file"):
        return Upload(name_of(chosen), chosen.read() if chosen.size <= settings.UPLOAD_LIMIT else b"")
    try:
        data = base64.b64decode(request.POST.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Upload(request.POST.get("name", "")[:LONGEST_NAME], data) if data else None


def why_unreadable(upload: Upload | None, request: HttpRequest) -> str:
    """Return why a file cannot be read, empty when there is something in it to be read."""
    if upload is None:
        return AGAIN if "confirm" in request.POST else NO_FILE
    if upload.data:
        return ""
    return sandbox.TOO_BIG if request.FILES["file"].size else EMPTY
