// Service ports that the kernel refuses are left out; all others are programmed.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Backend, noRules, type Update } from '../../../src/node/proxy/backend.ts';
import { Quarantine } from '../../../src/node/proxy/quarantine.ts';

import type { PortKey, ServicePort } from '../../../src/node/proxy/types.ts';
import { XtablesLocked } from '../../../src/node/sys/netfilter.ts';
import { silent } from '../../support/proxy/replay.ts';
import { ip, port } from '../../support/proxy/scalars.ts';
import { runs } from '../../support/runs.ts';

const { signal } = new AbortController();

const portOf = (key: PortKey): ServicePort => ({
  ...{ key, service: key, portName: key, protocol: 'TCP', clusterIp: ip('10.96.0.1'), port: port(80), nodePort: 0 },
  ...{ externalIps: [], loadBalancerIps: [], sourceRanges: [], affinitySeconds: undefined },
  ...{ externalPolicyLocal: false, internalPolicyLocal: false, healthCheckNodePort: 0 },
});
const viewOf = (keys: readonly PortKey[]) => ({
  ports: new Map(keys.map((key) => [key, portOf(key)])),
  endpoints: new Map(),
});
const update = (keys: readonly PortKey[], parts: Partial<Update> = {}): Update => ({
  ...{ view: viewOf(keys), changed: new Set(keys), full: true, nodeChanged: false },
  ...parts,
});

/** Writes names. After a failure it needs a full update, as a real backend does. */
class Names implements Backend {
  readonly refused = new Set<PortKey>();
  readonly written = new Set<PortKey>();
  writes = 0;
  broken: Error | undefined;
  #known = false;

  async write({ view, changed, full }: Update): Promise<{ full: boolean; rules: typeof noRules }> {
    this.writes += 1;
    if (this.broken) throw this.broken;
    if (!full && !this.#known) throw new Error('a change although the state of the kernel is unknown');
    this.#known = false;
    const keys = full ? [...view.ports.keys()] : [...changed].filter((key) => view.ports.has(key));
    const refused = keys.filter((key) => this.refused.has(key));
    if (refused.length > 0) throw new Error(`refused: ${refused}`);
    if (full) this.written.clear();
    for (const key of changed) this.written.delete(key);
    for (const key of keys) this.written.add(key);
    this.#known = true;
    return { full, rules: noRules };
  }
  damaged = async (): Promise<boolean> => false;
  countRules = () => noRules;
  close = (): void => {};
}

const create = () => {
  const backend = new Names();
  const clock = { now: 0 };
  const errors: string[] = [];
  const log = {
    ...silent,
    error: (message: string, _error: unknown, fields?: object) =>
      errors.push(`${message} ${Object.values(fields ?? {}).join(' ')}`),
  };
  const quarantine = new Quarantine({ backend, log, now: () => clock.now });
  /** Writes until it succeeds, as the proxier's loop does. */
  const write = async (first: Update): Promise<void> => {
    for (let next = first; ; next = { ...first, full: true }) {
      try {
        await quarantine.write(next, signal);
        return;
      } catch (error) {
        if (backend.broken || backend.writes > 500) throw error;
      }
    }
  };
  return { backend, clock, errors, quarantine, write };
};

const keys = Array.from({ length: 40 }, (_, index) => `s${index}`);

test('whichever service ports are refused, all others are written', async () => {
  const property = fc.asyncProperty(fc.subarray(keys), fc.subarray(keys), async (there, refused) => {
    const { backend, write } = create();
    for (const key of refused) backend.refused.add(key);
    await write(update(there));
    expect([...backend.written].sort()).toEqual(there.filter((key) => !refused.includes(key)).sort());
  });
  await fc.assert(property, { numRuns: runs(100) });
});

test('finds one among many with few writes, and names it in the log', async () => {
  const { backend, write, errors } = create();
  backend.refused.add('s13');
  await write(update(keys));
  expect(backend.writes).toBeLessThan(25);
  expect(errors).toEqual(['Leaving out a service port that the kernel refuses s13 30s']);
});

test('leaves the others alone when a changed service port is refused', async () => {
  const { backend, write } = create();
  await write(update(keys));
  backend.refused.add('s3');
  const before = backend.writes;
  await write(update(keys, { changed: new Set(['s3', 's4']), full: false }));
  expect(backend.written).toEqual(new Set(keys.filter((key) => key !== 's3')));
  expect(backend.writes - before).toBeLessThan(12);
});

test('nothing is left out when four writes fail for another reason', async () => {
  const { backend, quarantine, write } = create();
  await write(update(keys));
  backend.broken = new Error('a passing problem');
  const change = update(keys, { changed: new Set(['s3']) });
  for (let attempt = 0; attempt < 4; attempt++) await expect(quarantine.write(change, signal)).rejects.toThrow();
  backend.broken = undefined;
  const before = backend.writes;
  await quarantine.write(change, signal);
  expect(backend.writes - before).toBe(1);
  expect(backend.written).toEqual(new Set(keys));
});

describe('a service port that was left out', () => {
  const excluded = async () => {
    const subject = create();
    subject.backend.refused.add('s1');
    await subject.write(update(['s0', 's1']));
    return subject;
  };

  test('does not stop later changes of others', async () => {
    const { backend, quarantine } = await excluded();
    await quarantine.write(update(['s0', 's1', 's2'], { changed: new Set(['s2']), full: false }), signal);
    expect([...backend.written].sort()).toEqual(['s0', 's2']);
  });

  test('is tried again when it changes', async () => {
    const { backend, write } = await excluded();
    backend.refused.clear();
    await write(update(['s0', 's1'], { changed: new Set(['s1']), full: false }));
    expect([...backend.written].sort()).toEqual(['s0', 's1']);
  });

  test('is tried again after 30 seconds, and after twice as long when it is refused again', async () => {
    const { backend, write, clock, quarantine, errors } = await excluded();
    clock.now = 29_999;
    expect(quarantine.retryDue).toBe(false);
    clock.now = 30_000;
    expect(quarantine.retryDue).toBe(true);
    await write(update(['s0', 's1'], { changed: new Set() }));
    expect(errors.at(-1)).toContain('s1 1m0s');
    clock.now += 60_000;
    expect(quarantine.retryDue).toBe(true);
    backend.refused.clear();
    await write(update(['s0', 's1'], { changed: new Set() }));
    expect([...backend.written].sort()).toEqual(['s0', 's1']);
    expect(quarantine.retryDue).toBe(false);
  });
});

test.each([
  ['everything is refused', new Error('no such table')],
  ['another program holds the lock', new XtablesLocked()],
])('blames no service port if %s', async (_what, cause) => {
  const { backend, write, errors, quarantine } = create();
  backend.broken = cause;
  for (let attempt = 0; attempt < 3; attempt++) await expect(write(update(keys))).rejects.toThrow(cause);
  expect(errors).toEqual([]);
  backend.broken = undefined;
  await quarantine.write(update(keys), signal);
  expect(backend.written).toEqual(new Set(keys));
});
