"""The desktop app with a stopwatch in its GUI thread: `watched_desktop.py FILE ARGUMENTS-OF-WORKDIARY…`."""

import sys
import time
from pathlib import Path

from stopwatch import Stopwatch

from workdiary.cli import main
from workdiary.client.desktop import app
from workdiary.client.segment.shots import ShotChild
from workdiary.client.upload.uploader import Uploader

FILE = Path(sys.argv.pop(1))
plain = app.application
watches = []


def application():  # noqa: ANN201 - the app's own
    made = plain()
    watches.append(Stopwatch(made, FILE))
    return made


def noting(kind, work):  # noqa: ANN001, ANN201 - any method
    def noted(self, *given):  # noqa: ANN001, ANN002, ANN202 - as the method's
        begun = time.monotonic()
        try:
            return work(self, *given)
        finally:
            for watch in watches:
                watch.busy.append((kind, begun, time.monotonic()))

    return noted


app.application = application
ShotChild.take = noting("shot", ShotChild.take)
Uploader.run_once = noting("upload", Uploader.run_once)
main()
