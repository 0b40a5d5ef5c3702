// Events as lunas writes them (the JSON text comes from its own models), and small things every program here needs.

/** A maker of events: the text of one event with every `{key}` and `{customer}` in it replaced. */
export const maker = (type, template, metadata) => (key, customer = '') => ({
  type,
  data: JSON.parse(template.replaceAll('{key}', key).replaceAll('{customer}', customer)),
  metadata,
});

/** Runs `work` for 0 … count - 1, `atOnce` of them at a time. */
export const concurrently = async (count, atOnce, work) => {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};

/** Units per second of a piece of work. */
export const rate = async (units, work) => {
  const started = performance.now();
  await work();
  return (units * 1000) / (performance.now() - started);
};

/** The one line that the caller reads. */
export const report = (result) => console.log(JSON.stringify(result));
