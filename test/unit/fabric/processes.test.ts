import { expect, test } from 'vitest';
import { createProcessTable } from '../../../src/fabric/processes.ts';

/** A table whose readings end when the test says so. */
const slowTable = () => {
  const readings: PromiseWithResolvers<readonly []>[] = [];
  const table = createProcessTable(() => {
    const reading = Promise.withResolvers<readonly []>();
    readings.push(reading);
    return reading.promise;
  });
  return { table, readings };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const turns = async (): Promise<void> => {
  for (let count = 0; count < 5; count += 1) await turn();
};

test('questions that arrive together share one reading of the processes', async () => {
  const { table, readings } = slowTable();
  const answers = Promise.all([table.read(), table.read(), table.read()]);
  await turns();
  expect(readings).toHaveLength(1);
  readings[0]?.resolve([]);
  expect(await answers).toEqual([[], [], []]);
});

test('a question during a reading waits for the next one, because this one may miss what is new', async () => {
  const { table, readings } = slowTable();
  const first = table.read();
  await turns();
  const later = Promise.all([table.read(), table.read()]);
  await turns();
  expect(readings).toHaveLength(1);
  readings[0]?.resolve([]);
  await first;
  await turns();
  expect(readings).toHaveLength(2);
  readings[1]?.resolve([]);
  await later;
  table.read();
  await turns();
  expect(readings).toHaveLength(3);
});

test('a reading that fails does not stop the next one', async () => {
  const { table, readings } = slowTable();
  const first = table.read();
  await turns();
  readings[0]?.reject(new Error('too many open files'));
  await expect(first).rejects.toThrow('too many open files');
  const second = table.read();
  await turns();
  readings[1]?.resolve([]);
  expect(await second).toEqual([]);
});
