"""`join`: a command line that torchrun, srun or mpirun has started several times becomes one job."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from linnet.dist.environment import Launch, find_launch
from linnet.dist.interface import choose_interface
from linnet.dist.processes import current, launched, time_limit
from linnet.errors import INTERRUPTED_CODE, ApartWarning, LinnetError, ProcessError, UsageError, warn

FAILED, MOMENT = "linnet/failed", 2.0
"""What the first process writes where all meet when it fails; how long others wait to see it, in seconds."""

WRITTEN = "linnet/written"
"""What it writes there when a job that was interrupted has left its files."""


def restarted(folder: Path | None) -> Path | None:
    """The folder to go on in, where an elastic launcher has started the processes again; None at first.

    Raises:
        UsageError: they may be started again, and no folder is named that they could go on in.
    """
    launch = find_launch()
    if launch is None or not launch.attempts:
        return None
    if folder is None:
        raise UsageError("processes that may be started again go on in one folder: say which by --out")
    # Asked of the first, which alone writes it: others may be on machines that do not see it.
    return folder if launch.attempt and current().first(folder.exists) else None


def warn_if_apart() -> None:
    """Warn where a launcher has started several processes that are no group of torch.distributed.

    Each would train a model of its own on all rows, and leave it in the same folder.
    """
    import torch.distributed as distributed

    launch = find_launch()
    if launch is None or not distributed.is_available() or distributed.is_initialized():
        return
    warn(
        f"process {launch.rank} of {launch.size} computes alone: call "
        'torch.distributed.init_process_group("gloo") first for all of them to compute together',
        ApartWarning,
    )


@contextlib.contextmanager
def joined(launch: Launch | None) -> Iterator[None]:
    """Within it the processes that were started together are one job, of which the first prints.

    Raises:
        ProcessError: they do not meet.
    """
    if launch is None:
        yield
        return
    if launch.address is not None:
        os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = launch.address
    # Read by `device.available_cores`, by whatever launcher there is.
    os.environ["LOCAL_WORLD_SIZE"] = str(launch.local_size)
    choose_interface(launch)
    import torch
    import torch.distributed as distributed
    from torch.distributed.distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    is_cuda = torch.cuda.is_available() and distributed.is_nccl_available()
    if is_cuda:
        torch.cuda.set_device(launch.local % torch.cuda.device_count())
    wait = timedelta(seconds=time_limit())
    try:
        shared, _, _ = next(rendezvous("env://", launch.rank, launch.size, timeout=wait))
        # torchrun's store outlives a restart, and with it the addresses of processes that have ended.
        store = PrefixStore(f"attempt {launch.attempt}", shared)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if is_cuda else "gloo", store=store, rank=launch.rank,
            world_size=launch.size, timeout=wait,
        )  # fmt: skip
    except RuntimeError as error:  # DistError and its kin are such
        raise ProcessError(
            f"process {launch.rank} of {launch.size} does not meet the others at "
            f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}: {str(error).splitlines()[0]}"
        ) from error
    launched.set(True)
    try:
        with _silent(is_silent=not launch.is_first):
            yield
    except (LinnetError, OSError) as error:
        if launch.is_first:
            store.set(FAILED, "1")
            raise
        if _has_failed(store):  # which says what there is to say
            sys.exit(getattr(error, "exit_code", 1))
        raise ProcessError(f"process {launch.rank} of {launch.size}: {error}") from error
    except SystemExit as end:
        if end.code == INTERRUPTED_CODE:
            _leave_after_first(store, launch)
        raise
    distributed.destroy_process_group()


def _leave_after_first(store: Any, launch: Launch) -> None:
    """Wait until the first has written what was learned: torchrun ends it as soon as another has ended."""
    if launch.is_first:
        store.set(WRITTEN, "1")
        return
    with contextlib.suppress(RuntimeError):  # the first has ended in another way
        store.wait([WRITTEN], timedelta(seconds=time_limit()))


def _has_failed(store: Any) -> bool:
    """Whether the first process has an error to say, or comes to it within a moment."""
    try:
        store.wait([FAILED], timedelta(seconds=MOMENT))
    except RuntimeError:
        return False
    return True


@contextlib.contextmanager
def _silent(*, is_silent: bool) -> Iterator[None]:
    """Within it nothing is printed, if so."""
    if not is_silent:
        yield
        return
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield
