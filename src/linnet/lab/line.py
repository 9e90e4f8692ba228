"""/api/line: to be filled in."""

from __future__ import annotations

from fastapi import APIRouter

from linnet.lab.room import Room


def router(room: Room) -> APIRouter:
    """The tab's routes."""
    return APIRouter(prefix="/api/line")
