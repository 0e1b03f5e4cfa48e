"""Section 2.2: a token in the header is as good as one in ``auth``, whoever presents it and whatever comes after."""

from __future__ import annotations

from conformance.checks import authentication
from conformance.checks.assertions import check_all
from conformance.checks.lifecycle import require
from conformance.checks.sending import each_taken
from conformance.checks.upgrades import acked_once
from conformance.drive import rejected
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.record.views import Record
from conformance.requirements import requirement


@scenario(many_steps=True)
async def moved_by_header(stage: Stage) -> None:
    """A device presents a good token in the header over long-polling, moves to WebSocket, and sends a text."""
    async with stage.device("phone", option="header", transport="upgrade") as phone:
        await phone.upgrade()
        await phone.send_text(stage.words(), tag="moved", plain=True)


@requirement("AUTH-HEADER")
def test_a_token_in_the_header_is_good_after_the_upgrade(moved_by_header: Record, upgraded: Record) -> None:
    require(lambda: check_all(upgraded.tagged("moving"), acked_once), because="CONN-UPGRADE")
    _ = moved_by_header.connection("phone").history
    each_taken([moved_by_header.send("moved")], "the upgrade of a device that came with a header")


@scenario(brand_new=True)
async def came_by_header(stage: Stage) -> None:
    """The first device of a user who was never seen before presents its token in the header."""
    await rejected.call(stage.device("phone", option="header", transport="polling"))


@requirement("AUTH-HEADER")
def test_a_brand_new_user_comes_by_the_header(came_by_header: Record) -> None:
    authentication.accepted(came_by_header.connection("phone"), "AUTH-HEADER")
