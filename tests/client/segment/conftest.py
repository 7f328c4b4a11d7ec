"""Shots are taken of real X servers."""

from __future__ import annotations

from tests.fakes.xserver import desk, screen

__all__ = ["desk", "screen"]
