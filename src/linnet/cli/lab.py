"""`linnet lab`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from linnet.cli.options import DataDir
from linnet.errors import needs_extra


def lab(
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    data_dir: DataDir = None,
    token: Annotated[str | None, Parameter(env_var="LINNET_LAB_TOKEN")] = None,
    browser: bool = True,
) -> None:
    """Open the lab: train, sweep and try linear models on a web page.

    The page is served from this machine alone, and nothing on it comes from elsewhere. Ctrl-C ends it.

    Examples

        linnet lab

        linnet lab --host 0.0.0.0 --no-browser

    Parameters
    ----------
    host
        The address to listen on. Others can reach the lab where it is not this machine's own; a token is
        then needed, which is in the address that is printed.
    port
        The port; 0 for any that is free. 8765 when not given, or another where that is taken.
    token
        What others must bring; made at random when not given.
    browser
        Open the browser.
    """
    with needs_extra("linnet lab", "web"):
        from linnet.lab.app import serve
    serve(host, port, data_dir, token=token, opens=browser)
