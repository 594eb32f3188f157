"""All errors of netcheck, in one tree. Each message says what was meant, what was found, and what to do.

    NetcheckError
    ├── UsageError              what a person asked for cannot be understood or does not exist
    ├── Refused                 understood, but this person may not, or it is too late
    ├── SettingsError           the settings file or the environment
    ├── PlaybookError           a playbook file; carries every problem found
    ├── TemplateError           an expression or a text template, at run time
    ├── JournalError
    │   ├── Conflict            somebody else wrote this number first; read again
    │   ├── JournalUnavailable  Redis does not answer
    │   └── JournalCorrupt      an entry that cannot be read
    └── ClusterError
        ├── Forbidden           403: names verb and resource
        ├── Unauthorized        401, or no credentials
        ├── NotFound            404
        ├── Rejected            the API server understood a change or request and refused it (409, 422, 400)
        ├── Unreachable         no connection, or TLS does not hold
        ├── TimedOut            connected, but no answer in time
        ├── Malformed           an answer that is not what the API promises
        ├── TooLarge            more items or bytes than a look may read
        └── ServerFailed        5xx, or an answer that says so
            └── NotReached      the API server found no way to the pod that it was to ask
"""

from dataclasses import dataclass


class NetcheckError(Exception):
    """Anything netcheck says on purpose. `str(error)` may be shown to a person as it is."""


class UsageError(NetcheckError):
    """`near` holds what may have been meant, best first, as words that can be typed."""

    def __init__(self, message: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.near = near


class Refused(NetcheckError):
    pass


class SettingsError(NetcheckError):
    pass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file. `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class PlaybookError(NetcheckError):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in sorted(problems)))
        self.problems = tuple(sorted(problems))


class TemplateError(NetcheckError):
    pass


class JournalError(NetcheckError):
    pass


class Conflict(JournalError):
    pass


class JournalUnavailable(JournalError):
    pass


class JournalCorrupt(JournalError):
    pass


class ClusterError(NetcheckError):
    pass


class Forbidden(ClusterError):
    """`permission` is what is missing: `verb resource[.group][ in namespace]`, e.g. `get pods/log in kube-system`."""

    def __init__(self, message: str, permission: str) -> None:
        super().__init__(message)
        self.permission = permission


class Unauthorized(ClusterError):
    pass


class NotFound(ClusterError):
    pass


class Rejected(ClusterError):
    pass


class Unreachable(ClusterError):
    pass


class TimedOut(ClusterError):
    pass


class Malformed(ClusterError):
    pass


class TooLarge(ClusterError):
    pass


class ServerFailed(ClusterError):
    pass


class NotReached(ServerFailed):
    """`why` in the API server's words, e.g. `dial tcp 10.244.1.2:53: connect: no route to host`."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why
