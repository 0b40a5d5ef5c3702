"""Quorum queues whose log has a gap, and an expression for the broker that finds and deletes them.

Seen with RabbitMQ 3.10 after a full disk: an entry of a queue's log was missing, though later ones were there. Every start of that queue ends at the gap:
before it runs (`corrupt_log`), or as soon as it leads (a `case_clause` in `ra_server:apply_to`, with the whole queue in the log file each time). It
stays so however often the broker is started, and nobody reads what lies behind it. What ingress had accepted is in its journal.

A queue whose messages expire into another one keeps them in its log alone, and reads them there again when they expire: a gap among those is found minutes
later (`badkey` in `ra_log_reader:sparse_read`), then at every start as soon as the broker wants to hand them on (`function_clause` under `rabbit_fifo_dlx`).
So the broker is looked at again for a while after its disk was full (service.py). Those who hand on are there at each look (handing_on.py): a queue with a gap
takes them with it, and without them no other queue would serve.
"""

from __future__ import annotations

from deploy.local.services.handing_on import HANDS_ON

LONGEST_SECONDS = 180.0
"""For the whole look: until a large queue has ended at its gap, the broker reads all of it and writes down all that it knew."""
TRIES = 30
ANSWER_MS = 3_000
STAYS_MS = 300

# A leader answers such a question only once everything before it was applied.
_SERVES = (
    f"Serves = fun(Name) -> case catch ra:consistent_query({{Name, node()}}, fun erlang:is_tuple/1, {ANSWER_MS}) of"
    " {ok, _, _} -> true; _ -> false end end, "
)
GAP = (
    "Gap = fun Inner({'EXIT', Why}) -> Inner(Why);"
    " Inner({{case_clause, _}, [{ra_server, apply_to, _, _} | _]}) -> true;"
    " Inner({error, {shutdown, {failed_to_start_child, _, {corrupt_log, _, _}}}}) -> true;"
    " Inner({error, {corrupt_log, _, _}}) -> true;"
    # That is the disk, and no gap.
    " Inner({{badmatch, {error, _}}, _}) -> false;"
    " Inner({_, [{_, _, _, _} | _] = Stack}) ->"
    " [] =/= [Module || {Module, _, _, _} <- Stack, lists:member(Module, [ra_log_reader, ra_log_segment, rabbit_fifo_dlx])];"
    " Inner(_) -> false end, "
)
"""Of what a start answered, or of why a queue ended: whether its log has a gap."""
_LOOK = (
    "Look = fun Again(_, 0) -> unknown;"
    " Again(Name, Tries) -> HandsOn(),"
    " Started = case whereis(Name) of undefined -> catch ra:restart_server(quorum_queues, {Name, node()}); _ -> ok end,"
    " Watched = monitor(process, Name),"
    " catch ra:trigger_election({Name, node()}),"
    # It may answer, and end at what it is to hand on a moment later.
    f" {{Else, Wait}} = case Gap(Started) orelse Serves(Name) of true -> {{serves, {STAYS_MS}}}; false -> {{late, {ANSWER_MS}}} end,"
    " Why = case Gap(Started) of true -> Started; false -> receive {'DOWN', Watched, process, _, Reason} -> Reason after Wait -> Else end end,"
    " case {Gap(Why), Why} of {true, _} -> gap; {false, serves} -> serves; _ -> Again(Name, Tries - 1) end end, "
)
# All at once: a large queue takes its time.
_LOOKED = (
    "Quorum = [Queue || Queue <- rabbit_amqqueue:list(), amqqueue:get_type(Queue) =:= rabbit_quorum_queue], "
    "Us = self(), "
    f"[spawn(fun() -> {{Name, _}} = amqqueue:get_pid(Queue), Us ! {{looked, Queue, catch Look(Name, {TRIES})}} end) || Queue <- Quorum], "
    "Looked = [receive {looked, Queue, Found} -> {Queue, Found} end || _ <- Quorum], "
)
_DELETED = (
    "[begin {Name, _} = amqqueue:get_pid(Queue), catch ra:force_delete_server(quorum_queues, {Name, node()}),"
    ' rabbit_amqqueue:delete(Queue, false, false, <<"lunas">>), element(4, amqqueue:get_name(Queue)) end'
    " || {Queue, gap} <- Looked]."
)
DELETE_UNSERVING = HANDS_ON + _SERVES + GAP + _LOOK + _LOOKED + _DELETED
"""Ends with a list of the names that were deleted. A queue that does not serve for any other reason is left alone."""
