"""Suites of a few judgements, which touch every way into the conversation: for quick certifications."""

QUICK = '''
from conformance.checks.assertions import expect
from conformance.checks.rest import is_json
from conformance.checks.selectors import saved
from conformance.drive.scenario import scenario
from conformance.requirements import requirement


@scenario
async def over_websocket(stage):
    """A device sends over WebSocket."""
    async with stage.device("phone", transport="websocket") as phone:
        await phone.send_plain()


@scenario
async def over_polling(stage):
    """A device sends over long-polling."""
    async with stage.device("phone", transport="polling") as phone:
        await phone.send_plain()


@scenario
async def over_rest(stage):
    """REST shows the conversation, twice."""
    await stage.fetch(tag="first")
    await stage.fetch(tag="second")


@requirement("CONN-WEBSOCKET")
def test_websocket(over_websocket):
    expect(over_websocket.connection().greeted, "a greeting", "none")
    expect(saved(over_websocket), "a message", "none")


@requirement("CONN-POLLING")
def test_polling(over_polling):
    expect(over_polling.connection().greeted, "a greeting", "none")
    expect(saved(over_polling), "a message", "none")


@requirement("REST-OPEN")
def test_rest(over_rest):
    is_json(over_rest.fetch("first"))
    is_json(over_rest.fetch("second"))
'''
