// emmett's asynchronous projector from its log to a table of balances, two ways: an upsert per event with the settings as they come,
// and what it calls a batch projection, folded into one upsert, with 500 events per read and no pause between reads.
// Reads DATABASE_URL and INPUT (JSON: type, template, metadata, rounds, log = events in the log, events = how many of them are projected,
// customers); prints a line
// {"way": [events per second of each round], "tokens": [sum over the table after each run]}.

import { dumbo, single, sql } from '@event-driven-io/dumbo';
import {
  getPostgreSQLEventStore,
  postgreSQLRawBatchSQLProjection,
  postgreSQLRawSQLProjection,
} from '@event-driven-io/emmett-postgresql';
import { concurrently, maker, rate, report } from './events.mjs';

const AT_ONCE = 500;

const input = JSON.parse(process.env.INPUT);
const event = maker(input.type, input.template, input.metadata);
const store = getPostgreSQLEventStore(process.env.DATABASE_URL);
const pool = dumbo({ connectionString: process.env.DATABASE_URL });

const create = (table) =>
  sql('CREATE TABLE %I (customer_id text PRIMARY KEY, tokens bigint, topped_up_idr bigint, last_at timestamptz)', table);

/** One statement for all rows: [customer, tokens, amount, at]. */
const upsert = (table, rows) =>
  sql(
    `INSERT INTO %I AS kept VALUES ${rows.map(() => '(%L, %L, %L, %L)').join(', ')} ON CONFLICT (customer_id) DO UPDATE SET
     tokens = kept.tokens + excluded.tokens, topped_up_idr = kept.topped_up_idr + excluded.topped_up_idr,
     last_at = greatest(kept.last_at, excluded.last_at)`,
    table,
    ...rows.flat(),
  );

const row = ({ data }) => [data.customer_id, data.tokens, data.amount_idr, data.at];

const fold = (events) => {
  const balances = new Map();
  for (const [customer, tokens, amount, at] of events.map(row)) {
    const kept = balances.get(customer);
    if (kept === undefined) balances.set(customer, [customer, tokens, amount, at]);
    else balances.set(customer, [customer, kept[1] + tokens, kept[2] + amount, at > kept[3] ? at : kept[3]]);
  }
  return [...balances.values()];
};

const ways = {
  'upsert per event': {
    pulling: undefined,
    projection: (table, shared) =>
      postgreSQLRawSQLProjection({ ...shared, evolve: (one) => upsert(table, [row(one)]) }),
  },
  'folded batches of 500': {
    pulling: { batchSize: 500, pullingFrequencyInMs: 0 },
    projection: (table, shared) =>
      postgreSQLRawBatchSQLProjection({ ...shared, evolve: (events) => [upsert(table, fold(events))] }),
  },
};

/** From the beginning of the log until the table holds the event at `last`; resolves when its transaction is committed. */
const project = async ({ pulling, projection }, table, last) => {
  const consumer = store.consumer({ pulling });
  const shared = { name: table, canHandle: [input.type], init: () => create(table) };
  consumer.projector({
    projection: projection(table, shared),
    stopAfter: (message) => message.metadata.globalPosition >= last,
  });
  await consumer.start();
};

const granted = (n) =>
  event(String(n).padStart(8, '0'), `customer-${String((n * 7919) % input.customers).padStart(6, '0')}`);

await store.schema.migrate();
// One append after the other: its reader orders by transaction but goes on by position, so it passes over what was appended concurrently.
await concurrently(input.log / AT_ONCE, 1, (n) =>
  store.appendToStream(`grants-${n}`, Array.from({ length: AT_ONCE }, (_, one) => granted(n * AT_ONCE + one))),
);
await pool.execute.command(sql('ANALYZE emt_messages'));
const { first } = await single(pool.execute.query(sql('SELECT min(global_position) AS first FROM emt_messages')));
const last = BigInt(first) + BigInt(input.events - 1);

const result = { tokens: [], ...Object.fromEntries(Object.keys(ways).map((name) => [name, []])) };
for (let round = 0; round < input.rounds; round++)
  for (const [index, [name, way]] of Object.entries(ways).entries()) {
    const table = `balances_${round}_${index}`;
    result[name].push(await rate(input.events, () => project(way, table, last)));
    result.tokens.push(Number((await single(pool.execute.query(sql('SELECT sum(tokens) AS sum FROM %I', table)))).sum));
  }
report(result);
await pool.close();
await store.close();
