"""The general laws of all chapters: what holds in whatever is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.checks import (
    ack,
    clock,
    connected,
    connection,
    history,
    isolation,
    messages,
    packets,
    parity,
    phantoms,
    pipeline,
    rest,
    selectors,
    support,
)
from conformance.checks.history_window import windows
from conformance.checks.law import Law

NOT_GREETED = "no device was greeted"
NOT_ACKED = "no send was acked"
NOTHING_SAVED = "no message was accepted"
NOTHING_EMITTED = "no message was emitted"
NOTHING_SHOWN = "no conversation was shown"
NO_BODY = "REST answered no good token with JSON"
NO_ANSWER = "REST answered no good token"
NO_PAIR = "fewer than two messages are shown that were in flight together"
NO_CLOCK = "no REST answer with a Date stands beside a message"
NONE_APART = "no two messages were saved seconds apart"
DEPTH = 20
"""The messages that a history has to reach back, where there are as many."""

# -- connected --------------------------------------------------------------------------------------------------
CONNECTED_SENT = Law(
    "CONNECTED-SENT",
    "a_good_connection_is_greeted",
    connected.first_arrivals,
    connected.greeted,
    nothing="no device got as far as the namespace",
)
CONNECTED_FIRST = Law(
    "CONNECTED-FIRST",
    "the_greeting_is_the_first_event",
    connected.arrivals,
    connected.greeted_first,
    nothing=NOT_GREETED,
)
CONNECTED_ONCE = Law(
    "CONNECTED-ONCE",
    "a_connection_is_greeted_once",
    connected.once_connected,
    connected.greeted_once,
    nothing=NOT_GREETED,
)
CONNECTED_SHAPE = Law(
    "CONNECTED-SHAPE", "every_greeting_fits", connected.greetings, connected.greeting_fits, nothing=NOT_GREETED
)
CONNECTED_OWN = Law(
    "CONNECTED-OWN",
    "the_messages_shown_belong_to_the_conversation_shown",
    windows,
    history.of_its_conversation,
    nothing=NOT_GREETED,
)
CONNECTED_USER = Law(
    "CONNECTED-USER",
    "a_user_has_one_user_id",
    history.returns,
    history.agree_on("userId", history.user_id),
    nothing=NOT_GREETED,
)
CONNECTED_CONVERSATION = Law(
    "CONNECTED-CONVERSATION",
    "a_user_has_one_conversation",
    history.returns,
    history.agree_on("conversation", history.conversation_id),
    nothing=NOT_GREETED,
)
CONNECTED_USER_OF_OTHERS = Law(
    "CONNECTED-USER",
    "another_user_has_another_user_id",
    history.strangers,
    history.differ_in("userId", history.user_id),
    nothing=NOT_GREETED,
)
CONNECTED_CONVERSATION_OF_OTHERS = Law(
    "CONNECTED-CONVERSATION",
    "another_user_has_another_conversation",
    history.strangers,
    history.differ_in("conversation", history.conversation_id),
    nothing=NOT_GREETED,
)

# -- connection -------------------------------------------------------------------------------------------------
CONN_NAMESPACE = Law(
    "CONN-NAMESPACE",
    "everything_is_said_in_the_namespace",
    packets.spoken,
    packets.in_the_namespace,
    nothing="nothing was heard",
)
CONN_PACKETS = Law(
    "CONN-PACKETS",
    "everything_the_server_sends_is_a_whole_packet",
    packets.arrivals,
    packets.whole,
    nothing="nothing arrived",
)
CONN_STAYS = Law(
    "CONN-STAYS",
    "a_good_connection_stays",
    connection.settled(alone=True),
    connection.stays,
    nothing="no connection was greeted",
)

# -- ack --------------------------------------------------------------------------------------------------------
ACK_CALLED = Law(
    "ACK-CALLED", "a_send_that_asks_for_an_ack_gets_one", ack.awaited_acks, ack.acked, nothing="no ack was asked for"
)
ACK_ONCE = Law("ACK-ONCE", "an_ack_comes_once", ack.acking, ack.acked_once, nothing=NOT_ACKED)
ACK_ARGUMENT = Law("ACK-ARGUMENT", "an_ack_has_one_argument_an_object", ack.acks, ack.one_answer, nothing=NOT_ACKED)
ACK_SHAPE = Law("ACK-SHAPE", "an_ack_has_either_a_message_or_an_error", ack.acks, ack.ack_fits, nothing=NOT_ACKED)
ACK_MATCH = Law(
    "ACK-MATCH", "each_ack_in_flight_answers_its_own_send", ack.acked_in_flight, ack.answers_its_own, nothing=ack.alone
)
PIPELINE_ORDER = Law(
    "PIPELINE-ORDER", "sends_in_flight_keep_their_order", pipeline.rows, learns=pipeline.AsSent, nothing=NO_PAIR
)
PARITY_EVENT = Law(
    "PARITY-EVENT", "the_event_tells_what_the_ack_tells", parity.to_the_sender, parity.agree, nothing=NOTHING_SAVED
)
PARITY_EVENT_ELSEWHERE = Law(
    "PARITY-EVENT",
    "the_event_on_another_device_tells_what_the_ack_tells",
    parity.to_other_devices,
    parity.agree,
    nothing="no user had two devices",
)
PARITY_GREETING = Law(
    "PARITY-GREETING",
    "the_next_greeting_tells_what_the_ack_told",
    parity.to_greetings,
    parity.agree,
    nothing=NOTHING_SAVED,
)
PARITY_REST = Law("PARITY-REST", "rest_tells_what_the_ack_told", parity.to_rest, parity.agree, nothing=NOTHING_SAVED)
PARITY_TIME = Law(
    "PARITY-TIME",
    "a_message_has_one_created_at_everywhere",
    parity.all_copies,
    parity.same_instant,
    nothing=NOTHING_SAVED,
)

# -- messages ---------------------------------------------------------------------------------------------------
EVENT_ARGUMENT = Law(
    "EVENT-ARGUMENT",
    "an_event_has_one_argument_an_object",
    messages.help_center_events,
    messages.one_object,
    nothing="no event came",
)
MESSAGE_SHAPE = Law(
    "MESSAGE-SHAPE", "every_message_fits", messages.messages, messages.message_fits, nothing=NOTHING_EMITTED
)
MESSAGE_ECHO = Law(
    "MESSAGE-ECHO", "the_sender_hears_its_own_message", selectors.saved, parity.heard, nothing=NOTHING_SAVED
)
MESSAGE_ONCE = Law(
    "MESSAGE-ONCE",
    "a_message_is_emitted_once_to_each_device",
    selectors.good_connections,
    messages.emitted_once,
    nothing=NOTHING_EMITTED,
)
MESSAGE_CONVERSATION = Law(
    "MESSAGE-CONVERSATION",
    "a_message_belongs_to_the_conversation_of_the_greeting",
    messages.said,
    messages.in_its_conversation,
    nothing=NOTHING_EMITTED,
)
MESSAGE_DEVICES = Law(
    "MESSAGE-DEVICES", "what_another_device_hears_has_no_gaps", parity.missed_by_listeners, parity.without_gaps
)
MESSAGE_ID = Law(
    "MESSAGE-ID",
    "no_two_emitted_messages_share_an_id",
    messages.messages,
    learns=lambda _: messages.OneMessageForEachId(),
    nothing=NOTHING_EMITTED,
)
MESSAGE_ID_LISTED = Law(
    "MESSAGE-ID", "no_two_listed_messages_share_an_id", windows, history.ids_once, nothing=NOTHING_SHOWN
)
MESSAGE_SENDER = Law(
    "MESSAGE-SENDER", "the_ack_names_the_user_as_sender", parity.acked, parity.from_the_user, nothing=NOTHING_SAVED
)
MESSAGE_SENDER_ELSEWHERE = Law(
    "MESSAGE-SENDER",
    "event_and_history_name_the_user_as_sender",
    parity.all_copies,
    parity.from_the_user,
    nothing=NOTHING_SAVED,
)
MESSAGE_SENDER_UNSENT = Law(
    "MESSAGE-SENDER",
    "nothing_that_the_user_did_not_send_is_said_in_its_name",
    parity.in_the_users_name,
    parity.sent_by_the_user,
    nothing=NOTHING_EMITTED,
)
MESSAGE_STORED = Law(
    "MESSAGE-STORED", "what_was_emitted_in_the_users_name_is_in_the_conversation", phantoms.repeated, phantoms.there
)
MESSAGE_TIME = Law(
    "MESSAGE-TIME", "a_message_is_created_when_the_targets_clock_says", clock.stamps, clock.on_time, nothing=NO_CLOCK
)
MESSAGE_TIME_MOVES = Law(
    "MESSAGE-TIME",
    "messages_sent_seconds_apart_have_instants_of_their_own",
    clock.far_apart,
    clock.moved_on,
    nothing=NONE_APART,
)
SUPPORT_EMITTED = Law(
    "SUPPORT-EMITTED", "what_support_says_is_emitted_to_some_device_that_is_there", support.unheard, support.emitted
)
SUPPORT_STORED = Law(
    "SUPPORT-STORED", "what_support_said_is_in_the_conversation", support.replies, learns=support.Stored
)
SEND_KEPT = Law(
    "SEND-KEPT",
    "an_acked_message_is_in_the_conversation_from_then_on",
    windows,
    history.kept,
    nothing=NOTHING_SHOWN,
)
HISTORY_ORDER = Law(
    "HISTORY-ORDER", "messages_are_listed_oldest_first", windows, history.in_order, nothing=NOTHING_SHOWN
)
HISTORY_DEPTH = Law(
    "HISTORY-DEPTH",
    "the_last_messages_are_listed_wherever_there_are_as_many",
    history.after_many(DEPTH),
    history.reaching_back(DEPTH),
)

# -- errors -----------------------------------------------------------------------------------------------------
ERROR_SHAPE = Law(
    "ERROR-SHAPE", "every_error_has_a_code_and_a_message", ack.problems, ack.problem_fits, nothing="no error came"
)
ERROR_UNPROVOKED = Law(
    "ERROR-UNPROVOKED",
    "documented_input_provokes_no_error",
    ack.did_nothing_wrong,
    ack.heard_no_error,
    nothing="nothing documented was accepted",
)

# -- isolation --------------------------------------------------------------------------------------------------
ISOLATION_MESSAGES = Law(
    "ISOLATION-MESSAGES",
    "nobody_in_the_whole_run_hears_of_another_user",
    isolation.deliveries_over("event", "ack"),
    learns=isolation.nothing_foreign,
)
ISOLATION_HISTORY = Law(
    "ISOLATION-HISTORY",
    "nobody_in_the_whole_run_is_shown_messages_of_another_user",
    isolation.deliveries_over("greeting", "REST"),
    learns=isolation.nothing_foreign,
)
ISOLATION_TYPING = Law(
    "ISOLATION-TYPING",
    "no_typing_event_in_the_whole_run_tells_of_another_user",
    isolation.deliveries_over("typing"),
    learns=isolation.nothing_foreign,
)

# -- rest -------------------------------------------------------------------------------------------------------
REST_OPEN = Law(
    "REST-OPEN", "rest_answers_whatever_the_conversation_holds", rest.settled, rest.is_json, nothing=NO_ANSWER
)
REST_SHAPE = Law(
    "REST-SHAPE", "every_rest_body_has_the_shape_of_the_greeting", rest.bodies, rest.fits_the_schema, nothing=NO_BODY
)
REST_MEDIA = Law("REST-MEDIA", "every_rest_body_is_declared_as_json", rest.bodies, rest.has_json_media, nothing=NO_BODY)

LAWS: Sequence[Law[Any]] = [one for one in vars().values() if isinstance(one, Law)]
"""All of them, in the order of the chapters."""
