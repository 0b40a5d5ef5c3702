"""A private broker's queues go on handing on what has expired, whatever happened to those who do it.

RabbitMQ hands on dead letters of quorum queues "at least once" by one worker for each queue, and one supervisor on the node has all of them. Two of its workers
that end within five seconds (100 within one, in newer versions) end it for good, as a full disk does to all at once. From then on every such queue ends the moment it leads, three times,
and then nothing starts it any more: who publishes waits, who consumes is told INTERNAL_ERROR, who declares it anew finds that it does the same. A broker that
is started again is well; so is one whose supervisor is. Seen with 3.10.8, and known: github.com/rabbitmq/rabbitmq-server, issue 16652, open in June 2026.
"""

from __future__ import annotations

WATCH_MS = 2_000
"""Between two looks. Each asks for a name in the broker's memory, and nothing else where all is well."""

HANDS_ON = (
    "HandsOn = fun() -> case whereis(rabbit_fifo_dlx_sup) of undefined ->"
    " catch supervisor:restart_child(rabbit_sup, rabbit_fifo_dlx_sup); _ -> already end end, "
)
"""Has the supervisor again. A version that has none says that it knows nobody of that name."""

_RESTARTED = (
    "[catch ra:restart_server(quorum_queues, {Name, node()}) || Queue <- rabbit_amqqueue:list(),"
    " amqqueue:get_type(Queue) =:= rabbit_quorum_queue, {Name, _} <- [amqqueue:get_pid(Queue)], whereis(Name) =:= undefined]"
)
# It outlives the control program that asked for it, and what that one writes to.
WATCH = HANDS_ON + (
    "case whereis(lunas_hands_on) of undefined -> register(lunas_hands_on, spawn(fun() -> group_leader(whereis(init), self()),"
    " (fun Watch() -> timer:sleep("
    f"{WATCH_MS}), case HandsOn() of already -> ok; _ -> catch {_RESTARTED} end, Watch() end)() end));"
    " _ -> true end."
)
"""From now on somebody in the broker sees to it, and starts the queues that had ended. Asked again it changes nothing."""
