// emmett's `appendToStream`, three ways: one event after another, ten at once, and 500 events of one stream at a time.
// Reads DATABASE_URL and INPUT (JSON: type, template, metadata, rounds, events); prints a line {"way": [events per second of each round]}.

import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { concurrently, maker, rate, report } from './events.mjs';

const AT_ONCE = 10;
const BATCH = 500;

const input = JSON.parse(process.env.INPUT);
const event = maker(input.type, input.template, input.metadata);
const store = getPostgreSQLEventStore(process.env.DATABASE_URL);

const ofOwnStreams = (prefix) =>
  Array.from({ length: input.events }, (_, n) => [`payment-${prefix}-${n}`, [event(`${prefix}-${n}`)]]);
const ofOneStream = (prefix) =>
  Array.from({ length: input.events / BATCH }, (_, n) => [
    `payment-${prefix}-${n}`,
    Array.from({ length: BATCH }, (_, one) => event(`${prefix}-${n}-${one}`)),
  ]);

const ways = {
  'one by one': { appends: ofOwnStreams, atOnce: 1 },
  'ten at once': { appends: ofOwnStreams, atOnce: AT_ONCE },
  'batches of 500': { appends: ofOneStream, atOnce: 1 },
};

await store.schema.migrate();
const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let round = -1; round < input.rounds; round++)
  for (const [name, { appends, atOnce }] of Object.entries(ways)) {
    const ready = appends(`${name}-${round}`);
    const measured = await rate(input.events, () =>
      concurrently(ready.length, atOnce, (n) => store.appendToStream(...ready[n])),
    );
    if (round >= 0) rates[name].push(measured); // the first round warms up
  }
report(rates);
await store.close();
