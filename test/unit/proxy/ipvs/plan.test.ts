// How a change removes endpoints in ipvs mode.
import { expect, test } from 'vitest';
import { serverLines } from '../../../../src/node/proxy/ipvs/plan.ts';

const server = (protocol: 'TCP' | 'UDP', ...backends: readonly string[]) => ({
  ...{ protocol, address: '10.96.0.20:53', scheduler: 'rr', persistSeconds: undefined, backends },
});
const known = (protocol: 'TCP' | 'UDP', weights: Readonly<Record<string, number>>) => ({
  ...server(protocol),
  backends: new Map(Object.entries(weights)),
});
const [first, second] = ['10.244.1.2:53', '10.244.1.3:53'] as const;

test('stops new packets to a removed UDP endpoint before it is deleted, so that replies under way still arrive', () => {
  const change = { before: known('UDP', { [first]: 1 }), after: server('UDP', second) };
  expect(serverLines([change])).toEqual({
    open: [`-a -u 10.96.0.20:53 -r ${second} -m -w 1`, `-e -u 10.96.0.20:53 -r ${first} -m -w 0`],
    close: [`-d -u 10.96.0.20:53 -r ${first}`],
    draining: [],
  });
});

test('sets the weight of a removed TCP endpoint to 0 once, and keeps it for its connections', () => {
  for (const [weight, open] of [
    [1, [`-e -t 10.96.0.20:53 -r ${first} -m -w 0`]],
    [0, []],
  ] as const) {
    const change = { before: known('TCP', { [first]: weight, [second]: 1 }), after: server('TCP', second) };
    const draining = [{ server: 'TCP 10.96.0.20:53', backend: first }];
    expect(serverLines([change])).toEqual({ open, close: [], draining });
  }
});
