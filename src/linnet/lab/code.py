"""/api/code: what is on the screen as Python and as a command line."""

from __future__ import annotations

from fastapi import APIRouter

from linnet.lab.room import Room


def router(room: Room) -> APIRouter:
    """The route of the code."""
    return APIRouter(prefix="/api/code", tags=["code"])
