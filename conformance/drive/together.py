"""Several things at once."""

from __future__ import annotations

import asyncio
from typing import Any


async def together(*work: Any) -> None:
    """Do several things at once; the first failure ends them all, and is raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
