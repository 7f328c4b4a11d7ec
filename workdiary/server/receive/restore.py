"""After a database was put back from before: what is destroyed stays destroyed, what has no receipt gets one.

What was destroyed stands in a file beside the database, written before the destruction commits: so redactions
are replayed before anything is served again, whether or not the devices that made them still exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from workdiary.evidence.log import record_leaf_hash
from workdiary.server.log.epochs import new_epoch, signed_size
from workdiary.server.log.models import Leaf, Tree
from workdiary.server.log.sequencer import SEQUENCER
from workdiary.server.log.tree import origin
from workdiary.server.receive.destruction import destroy_rows, destroyed
from workdiary.server.receive.models import Record
from workdiary.server.store.database import writing


def begin_anew(shown: Sequence[str] = ()) -> str:
    """Begin a new epoch on a database that lost leaves; the new origin. Raises KnownError (`new_epoch`)."""
    destroy_again()
    epoch = new_epoch(shown)
    for tree in Tree.objects.filter(epoch__lt=epoch):
        _log_again(tree.epoch)
    return origin(epoch)


def destroy_again() -> None:
    """Destroy what was destroyed after the database's state was made."""
    for target, lines in groupby(sorted(destroyed()), key=lambda item: item[0]):
        with writing():
            record = Record.objects.filter(jws_id=target).first()
            if record is not None:
                destroy_rows(record, [digest for _target, digest in lines])


def _log_again(epoch: int) -> None:
    """Records above the newest note of a closed epoch: no note will ever cover them there."""
    above = Record.objects.filter(leaf__epoch=epoch, leaf__index__gte=signed_size(epoch))
    for record in above.order_by("leaf_id"):

        def keep(leaf: Leaf, rid: str = record.rid) -> None:
            Record.objects.filter(rid=rid).update(leaf=leaf, index=leaf.index)

        SEQUENCER.append(record_leaf_hash(record.jws), keep)
