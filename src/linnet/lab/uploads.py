"""/api/data: the data sets, and the images of their rows."""

from __future__ import annotations

from fastapi import APIRouter

from linnet.lab.room import Room


def router(room: Room) -> APIRouter:
    """The routes of data sets."""
    return APIRouter(prefix="/api/data", tags=["data"])
