// emmett's `appendToStream`, three ways: one event after another, ten at once, and 500 events of one stream at a time.
// Reads DATABASE_URL and INPUT (JSON: type, template, metadata, rounds, events); prints a line {"way": [events per second of each round]}.

import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { concurrently, maker, rate, report } from './events.mjs';

const AT_ONCE = 10;
const BATCH = 500;

const input = JSON.parse(process.env.INPUT);
const event = maker(input.type, input.template, input.metadata);
const store = getPostgreSQLEventStore(process.env.DATABASE_URL);

const ofOwnStream = (key) => store.appendToStream(`payment-${key}`, [event(key)]);
const ofOneStream = (key) =>
  store.appendToStream(`payment-${key}`, Array.from({ length: BATCH }, (_, one) => event(`${key}-${one}`)));

const ways = {
  'one by one': (round, events) => concurrently(events, 1, (n) => ofOwnStream(`s${round}-${n}`)),
  'ten at once': (round, events) => concurrently(events, AT_ONCE, (n) => ofOwnStream(`c${round}-${n}`)),
  'batches of 500': (round, events) => concurrently(events / BATCH, 1, (n) => ofOneStream(`b${round}-${n}`)),
};

await store.schema.migrate();
const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (const append of Object.values(ways)) await append('warm', BATCH);
for (let round = 0; round < input.rounds; round++)
  for (const [name, append] of Object.entries(ways))
    rates[name].push(await rate(input.events, () => append(round, input.events)));
report(rates);
await store.close();
