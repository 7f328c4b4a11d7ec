"""The exception by which any stage answers a request with a problem document."""

from __future__ import annotations

from workdiary.wire.problems import Problem, ProblemCode


class ProblemError(Exception):
    """Becomes problem+json at the border (`api`); `detail` never holds content."""

    def __init__(self, code: ProblemCode, detail: str = "", subject: str = "") -> None:
        super().__init__(code)
        self.problem = Problem(code, detail, subject)
