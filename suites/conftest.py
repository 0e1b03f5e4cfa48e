"""Scenarios that several chapters judge."""

from __future__ import annotations

import asyncio
from itertools import islice

from conformance.drive.device import Device
from conformance.drive.scenario import scenario
from conformance.drive.simultaneous import buffered
from conformance.drive.stage import Stage
from conformance.inputs import odd_texts
from conformance.inputs.misleading_texts import ADDRESSES
from conformance.inputs.texts import MIXED
from conformance.inputs.unicode_texts import MARKUP
from conformance.protocol import LONGEST, Json
from conformance.record.timeouts import ACK
from suites.coming_and_going import cut_off, cut_often, expires_while_connected, passers_by, renewed
from suites.left_open import lower_case_bearer, two_tokens

__all__ = [
    "cut_off",
    "cut_often",
    "expires_while_connected",
    "lower_case_bearer",
    "passers_by",
    "renewed",
    "two_tokens",
]

AT_ONCE, MOST = 4, 12
"""Texts that each of two devices sends without waiting, and how often it does so at most while others come."""
IN_FLIGHT = 10
"""Texts sent without waiting over each transport: acks, events and answers of support are more packets than small
queues hold."""
BRISK = 1.0
"""Seconds: a target that has taken longer for an ack is spared some of the texts."""
KEYS = 30
"""How often typing is said in a row: more than limits of ten or twenty let pass."""
STEPS = 4
"""Messages sent one after the other, and as many at once, while a connection is upgraded."""
LATE = 4.0
"""Seconds after which support may say something more, and a timer may take somebody for typing no more."""
SUSPICIOUS = (MARKUP["html"], MARKUP["script"], *islice(ADDRESSES.values(), 6))
"""Texts that somebody may look at later, and take away."""
VISITORS = ("visitor", "guest", "watch")


@scenario(basic=True)
async def plain_chat(stage: Stage) -> None:
    """One device connects and sends two plain texts, one after the other; then REST and a second connection show
    the conversation."""
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="first")
        await phone.send_plain(tag="second")
    await stage.fetch()
    async with stage.device("tablet"):
        pass


@scenario
async def typing_alone(stage: Stage) -> None:
    """One device sends a plain text, begins and stops typing, and sends a plain text; REST before and after."""
    await stage.fetch(tag="before")
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        await phone.typing({"isTyping": True})
        await phone.typing({"isTyping": False})
        await phone.fence()
    await stage.fetch(tag="after")


@scenario
async def typing_fast(stage: Stage) -> None:
    """One device sends a plain text, begins to type thirty times in a row, as apps do that say so at each key, and
    sends a plain text."""
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        for _ in range(KEYS):
            await phone.typing({"isTyping": True})
        await phone.fence()


@scenario(takes_seconds=True)
async def patient_chat(stage: Stage) -> None:
    """A user's only device sends a text, some with addresses and markup, begins to type and stays for some seconds
    without stopping, and sends another one; REST is asked around that."""
    async with stage.device("phone") as phone:
        await stage.fetch(tag="before")
        await phone.send_plain(tag="early")
        await phone.pipeline([text.sent for text in SUSPICIOUS], tag="suspicious", plain=False)
        await phone.typing({"isTyping": True})
        await stage.recorder.until(lambda: phone.closed or None, within=LATE)
        await stage.fetch(tag="late")
        await phone.send_plain(tag="late")
    await stage.fetch(tag="after")


@scenario
async def side_by_side(stage: Stage) -> None:
    """Two devices of one user connect, with one token; each sends a text, the second one leaves, and the first one
    sends again."""
    token = await stage.user.token()
    async with stage.device("phone", token=token) as phone:
        async with stage.device("tablet", token=token) as tablet:
            await stage.together(
                phone.send_text(stage.words(), tag="side"), tablet.send_text(stage.words(), tag="side")
            )
        await phone.send_text(stage.words(), tag="left")


@scenario(users=2)
async def neighbours(stage: Stage) -> None:
    """Two users connect, one device each; when one has sent a plain text, the other one sends the very same, and then
    both send another one at the same moment. REST shows the conversation of the second one."""
    once, together = (stage.words().replace("conformance check", "both say") for _ in range(2))
    async with stage.device("phone") as phone, stage.device("neighbour", user=stage.users[1]) as neighbour:
        await phone.send_plain(once, tag="same")
        await neighbour.send_plain(once, tag="same")
        await stage.together(phone.send_plain(together, tag="same"), neighbour.send_plain(together, tag="same"))
    await stage.fetch(user=stage.users[1])


@scenario
async def burst(stage: Stage) -> None:
    """A device sends a text; another one sends five at once as soon as it is greeted; a third one shows them."""
    async with stage.device("tablet") as tablet:
        await tablet.send_plain(tag="before")
    async with stage.device("phone") as phone:
        await phone.pipeline(buffered(stage), tag="burst", plain=False)
    async with stage.device("laptop"):
        pass


@scenario
async def crowd(stage: Stage) -> None:
    """Of two devices of a user, one sends a text, then both send some at a time; meanwhile three more connect, and just
    behind each CONNECT packet go some texts, REST is asked each time, and the first of them leaves. One text more (the
    first device connects again where its connection was ended), and both channels show the conversation."""
    visitors = [stage.device(name) for name in VISITORS]
    arrived = asyncio.Event()

    async def chat(device: Device) -> None:
        for _ in range(MOST):
            await device.pipeline([stage.words() for _ in range(AT_ONCE)], tag="running")
            if arrived.is_set():
                return

    async def meet(visitor: Device, sender: Device) -> None:
        """What reaches the target just behind a CONNECT packet may fall between a device's history and its room. A
        target that is slow to save has enough to do."""
        if stage.run.timeout.slowest(ACK) > BRISK:
            return
        await stage.recorder.until(lambda: visitor.inbox.asked or None, within=stage.run.deadline)
        await sender.pipeline([stage.words() for _ in range(AT_ONCE)], tag="running")

    async def visit(sender: Device) -> None:
        for visitor in visitors:
            await stage.together(visitor.connect(), meet(visitor, sender))
            await stage.fetch(tag="meanwhile")
        await visitors[0].close()
        arrived.set()

    async with stage.device("phone") as phone, stage.device("tablet") as tablet:
        await phone.send_text(stage.words(), tag="first", plain=True)  # where it is shown, what came later has to be
        await stage.together(chat(phone), chat(tablet), visit(tablet))
        await phone.revive()
        answer = await phone.send_text(stage.words(), tag="last", plain=True)
        others = (tablet, *visitors[1:])
        await stage.together(*(other.until_message_of(answer) for other in others if not other.closed))
        await stage.together(*(other.catch_up() for other in others))
        await stage.together(*(other.settle() for other in others))
    await stage.fetch(tag="after")
    async with stage.device("laptop"):
        pass


@scenario(wave=2)
async def wrong_texts(stage: Stage) -> None:
    """One device sends an empty text and one that is too long, with and without a callback, while another one of its
    user does nothing."""
    async with stage.device("tablet"), stage.device("phone") as phone:
        await phone.send_text("", tag="empty", valid=False)
        await phone.send_text("a" * (LONGEST + 1), tag="too long", valid=False)
        await phone.send_text("", tag="unacked", ack=False, valid=False)
        await phone.fence()


@scenario(wave=2, limit_concurrency=True)
async def unwelcome(stage: Stage) -> None:
    """A device presents a token that is none."""
    async with stage.device("phone", token=await stage.user.bad("garbage")):
        pass


async def _chat_over(stage: Stage, transport: str) -> None:
    async with stage.device("phone", transport=transport) as phone:
        await phone.send_plain(tag="chat")
        await phone.pipeline([stage.words() for _ in range(IN_FLIGHT)], tag="chat")
        await phone.send_text(f"{MIXED} {stage.words()}", tag="foreign")


@scenario
async def websocket_chat(stage: Stage) -> None:
    """One device connects over WebSocket from the first packet, sends a text, then ten more without waiting, and one
    with markup whose characters take one to four bytes."""
    await _chat_over(stage, "websocket")


@scenario
async def polling_chat(stage: Stage) -> None:
    """One device connects over long-polling and stays there, sends a text, then ten more without waiting, and one
    with markup whose characters take one to four bytes."""
    await _chat_over(stage, "polling")


async def _one_by_one(sender: Device, stage: Stage) -> None:
    for _ in range(STEPS):
        await sender.send_text(stage.words(), tag="moving")


async def _upgrade_while_sending(stage: Stage, phone: Device, sender: Device) -> Json:
    """The answer to the last text."""
    await sender.send_plain(tag="before")
    at_once = [stage.words() for _ in range(STEPS)]
    await stage.together(
        phone.upgrade(), sender.pipeline(at_once, tag="moving", plain=False), _one_by_one(sender, stage)
    )
    return await sender.send_text(stage.words(), tag="moving")


@scenario
async def upgraded(stage: Stage) -> None:
    """One device connects over long-polling and moves to WebSocket; texts go out before it, meanwhile (some at once,
    some one after the other) and after it. Then a second device shows the conversation."""
    async with stage.device("phone", transport="upgrade") as phone:
        await _upgrade_while_sending(stage, phone, phone)
    async with stage.device("tablet"):
        pass


@scenario
async def upgraded_beside(stage: Stage) -> None:
    """As one device moves from long-polling to WebSocket, another one of the same user sends. The first one stays until
    it has heard all texts."""
    async with stage.device("tablet") as tablet, stage.device("phone", transport="upgrade") as phone:
        await phone.until_message_of(await _upgrade_while_sending(stage, phone, tablet))
        await phone.catch_up()


# -- what the document does not say whether it is valid --------------------------------------------------------------


async def _comes_again(stage: Stage) -> None:
    """Another device, which is judged: its user is there as ever, whatever became of the texts."""
    async with stage.device("tablet") as tablet:
        await tablet.send_plain(tag="afterwards")


@scenario(wave=2)
async def counting(stage: Stage) -> None:
    """One device sends 100 and 1,500 emoji, and 100 and 1,500 letters with combining accents, all at once; REST
    shows them in the end."""
    texts = odd_texts.COUNTED.items()
    async with stage.device(unjudged=True) as phone:
        await stage.together(*(phone.send_text(text, tag=tag, valid=False) for tag, text in texts))
    await _comes_again(stage)
    await stage.fetch()


@scenario(wave=2)
async def white_space(stage: Stage) -> None:
    """One device sends plain texts with a character around them that not every language takes for white space, one
    text for each such character, all at once; REST shows them in the end."""
    texts = {odd_texts.point(one): f"{one}{stage.words()}{one}" for one in odd_texts.WHITE_SPACE}
    async with stage.device(unjudged=True) as phone:
        await stage.together(*(phone.send_text(text, tag=tag, valid=False) for tag, text in texts.items()))
    await _comes_again(stage)
    await stage.fetch()


@scenario(wave=2)
async def zero_characters(stage: Stage) -> None:
    """One device sends a text with U+0000 inside, then one with U+0000 at its ends; REST shows them in the end."""
    async with stage.device(unjudged=True) as phone:
        await phone.send_text(f"{stage.words()}\0end", tag="inside", valid=False)
        await phone.send_text(f"\0{stage.words()}\0", tag="around", valid=False)
    await _comes_again(stage)
    await stage.fetch()


@scenario(wave=2)
async def half_a_pair(stage: Stage) -> None:
    """One device sends a text with half of a surrogate pair inside, as a JSON escape."""
    async with stage.device(unjudged=True) as phone:
        await phone.send_text(f"{stage.words()}{odd_texts.HALF_A_PAIR}end", tag="inside", valid=False)
    await _comes_again(stage)
