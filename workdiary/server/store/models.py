"""Rows that know nothing of people or records: wrapped keys, sealed images, and the news for later stages."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from workdiary.server.store.base import Row


class ScopeKey(Row):
    """The key that wraps the data keys of one scope (a contract, or an account for its own stream).

    Destroying it makes everything sealed in the scope unreadable, copies on old disks included.
    """

    scope = models.CharField(max_length=40, primary_key=True)
    wrapped = models.BinaryField()
    made_ms = models.BigIntegerField()


class Blob(Row):
    """One image, named by the digest of the disclosure that commits to it; the bytes are in the blob folder.

    digest: lower-case hex. `key` is the wrapped data key shared with the thumbnail; once destroyed it is
    null, `gone_ms` says when, and the row stays so that the image is never taken again.
    """

    scope = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    file = models.CharField(max_length=32)
    thumb = models.CharField(max_length=32)
    key = models.BinaryField(null=True)
    media_type = models.CharField(max_length=16)
    bytes = models.BigIntegerField()
    width = models.IntegerField()
    height = models.IntegerField()
    stored_ms = models.BigIntegerField()
    gone_ms = models.BigIntegerField(null=True)

    class Meta:
        """A digest counts once in a scope."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "digest"], name="blob_once_in_scope"),
        ]


class Event(Row):
    """News for higher stages, written in the transaction that made it; payload is JSON without content."""

    topic = models.CharField(max_length=40)
    payload = models.TextField()
    at_ms = models.BigIntegerField()
