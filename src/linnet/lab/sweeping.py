"""/api/sweep: many models at once."""

from __future__ import annotations

from fastapi import APIRouter

from linnet.lab.room import Room


def router(room: Room) -> APIRouter:
    """The route of a sweep."""
    return APIRouter(prefix="/api/sweep", tags=["sweep"])
