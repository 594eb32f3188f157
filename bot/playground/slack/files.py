"""The files of the workspace: places to upload to, uploaded bytes, and where each file was shared.

The flow of three calls [K]: getUploadURLExternal, a POST of the bytes, completeUploadExternal. Sharing is
asynchronous as at Slack: the answer of the third call carries no `shares`, the message appears a moment later.
"""

import mimetypes
import secrets
from dataclasses import dataclass, field

from bot.playground.slack.cast import BOT_USER_ID
from bot.playground.slack.refusal import Json, RefusalError

SNIPPET_BYTES = 1_048_576


@dataclass(slots=True, kw_only=True)
class File:
    id: str
    name: str
    size: int
    title: str
    created: int
    content: bytes | None = None
    completed: bool = False
    deleted: bool = False
    shares: Json = field(default_factory=dict)

    def to_api(self, base_url: str) -> Json:
        kind = mimetypes.guess_type(self.name)[0] or "text/plain"
        place = f"{base_url}/files/{self.id}/{self.name}"
        return {
            "id": self.id, "created": self.created, "timestamp": self.created, "name": self.name, "title": self.title,
            "mimetype": kind, "filetype": self.name.rsplit(".", 1)[-1] if "." in self.name else "text",
            "user": BOT_USER_ID, "size": self.size, "mode": "snippet" if kind.startswith("text/") else "hosted",
            "is_public": False, "url_private": place, "url_private_download": place, "permalink": place,
            "shares": self.shares,
        }  # fmt: skip


@dataclass(slots=True)
class Files:
    """Files by id, and the one-time names under which bytes may be uploaded."""

    files: dict[str, File] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def reserve(self, name: str, size: int, now: float) -> tuple[File, str]:
        file_id = "F" + secrets.token_hex(5).upper()
        file = File(id=file_id, name=name, size=size, title=name, created=int(now))
        place = secrets.token_urlsafe(18)
        self.files[file_id] = file
        self.places[place] = file_id
        return file, place

    def upload(self, place: str, content: bytes) -> int:
        """The bytes of a reserved file; a place is good for one upload. More or fewer than announced is refused [E]."""
        file_id = self.places.pop(place, None)
        if file_id is None:
            raise RefusalError("upload_url_expired")
        file = self.files[file_id]
        if len(content) != file.size:
            raise RefusalError("file_size_mismatch")
        file.content = content
        return len(content)

    def find(self, file_id: str) -> File:
        file = self.files.get(file_id)
        if file is None:
            raise RefusalError("file_not_found")
        if file.deleted:
            raise RefusalError("file_deleted")
        return file
