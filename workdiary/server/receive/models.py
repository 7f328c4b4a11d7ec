"""Records as received, their sealed disclosures, and what was removed or refused."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from workdiary.server.accounts.models import Account
from workdiary.server.contracts.models import Contract
from workdiary.server.log.models import Leaf
from workdiary.server.store.base import Row

# The kind of a record whose version or kind this server does not know: logged, chained, never read further.
UNSUPPORTED = "unsupported"


class Record(Row):
    """One admitted record. It exists exactly if it is in the log: row and leaf are one transaction.

    `rid` is its UUIDv7, `jws_id` the base64url SHA-256 of `jws`; `start_ms`/`end_ms` the signed span, or
    `at` twice; `index` repeats the leaf's place for ordering.
    """

    rid = models.CharField(max_length=36, primary_key=True)
    jws_id = models.CharField(max_length=43, unique=True)
    kind = models.CharField(max_length=16)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+", null=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", null=True)
    role = models.CharField(max_length=16)
    kid = models.CharField(max_length=43)
    stream = models.CharField(max_length=22)
    seq = models.BigIntegerField()
    start_ms = models.BigIntegerField()
    end_ms = models.BigIntegerField()
    jws = models.TextField()
    leaf = models.OneToOneField(Leaf, on_delete=models.PROTECT, related_name="+")
    index = models.BigIntegerField()
    received_ms = models.BigIntegerField()

    class Meta:
        """Days are read by contract and time, stream heads by stream and place; the operator signs once."""

        indexes: ClassVar = [
            models.Index(fields=["contract", "start_ms"], name="record_by_day"),
            models.Index(fields=["stream", "seq"], name="record_by_stream"),
        ]
        # A second record of the operator at one place would be a fork by the one who keeps the log.
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["stream", "seq"], condition=models.Q(role="operator"), name="operator_never_forks"
            ),
        ]


class Disclosure(Row):
    """A field of a record that can be removed: sealed text under its own wrapped key.

    `digest` is the disclosure's, lower-case hex; `slot` its field name (for `shot.k` the digest names the
    image); `key` and `sealed` are null once redacted.
    """

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    slot = models.CharField(max_length=16)
    sealed = models.BinaryField(null=True)
    key = models.BinaryField(null=True)

    class Meta:
        """A digest is named once in a record; images are looked up by digest."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record", "digest"], name="digest_once_in_record"),
        ]
        indexes: ClassVar = [models.Index(fields=["digest"], name="disclosure_by_digest")]


class Redaction(Row):
    """A digest that a signed `redact` removed; what it names may come later and then never enters."""

    target = models.CharField(max_length=43)
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Asked for at every admission."""

        indexes: ClassVar = [models.Index(fields=["target", "digest"], name="redaction_by_target")]


class Refused(Row):
    """What was refused for good, and the operator's signed word: the same bytes get the same word."""

    subject = models.CharField(max_length=43)
    code = models.CharField(max_length=40)
    jws = models.TextField()
    at_ms = models.BigIntegerField()

    class Meta:
        """One word for one reason."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "code"], name="refused_once"),
        ]


class OperatorHead(Row):
    """The last record of one of the operator's streams: what its next one is signed behind, and swapped for.

    `place` is a contract's id, or "" for the operator's account stream; `epoch` the log's when it was logged.
    """

    kid = models.CharField(max_length=43)
    place = models.CharField(max_length=36)
    stream = models.CharField(max_length=22)
    seq = models.BigIntegerField()
    head = models.CharField(max_length=43)
    epoch = models.IntegerField()

    class Meta:
        """One stream per place that grows."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kid", "place"], name="operator_head_once"),
        ]


class WeekLock(Row):
    """That a week of a contract is locked, and by which record: once, whoever asks."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    week = models.CharField(max_length=8)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "week"], name="week_locked_once"),
        ]


class Looked(Row):
    """That a look is in the log already: once per viewer, thing and hour, so that the log does not drown.

    `thing` names a day or an image's record, never content; rows older than an hour say nothing any more.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    thing = models.CharField(max_length=80)
    hour = models.BigIntegerField()

    class Meta:
        """Of two requests at once one is logged."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "contract", "thing", "hour"], name="looked_once"),
        ]


class Erased(Row):
    """What is left of an erased record: its place in its stream and in the log, and its id.

    Whose it was stays known, so that its stream is sealed and judged as before; its time does not.
    """

    jws_id = models.CharField(max_length=43, unique=True)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+", null=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", null=True)
    role = models.CharField(max_length=16)
    kid = models.CharField(max_length=43)
    stream = models.CharField(max_length=22)
    seq = models.BigIntegerField()
    leaf = models.OneToOneField(Leaf, on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=43)

    class Meta:
        """Streams are read with what was erased of them."""

        indexes: ClassVar = [models.Index(fields=["stream", "seq"], name="erased_by_stream")]
