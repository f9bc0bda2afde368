// Random histories of a node: pods, faults and restarts. Whatever happens, what has ended stays ended.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../support/runs.ts';
import { type History, playHistory } from './history.ts';

const podArbitrary = fc.record({
  policy: fc.constantFrom('Never' as const, 'Never' as const, 'OnFailure' as const, 'Always' as const),
  inits: fc.array(fc.constantFrom(0, 0, 1), { maxLength: 2 }),
  sidecars: fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }), { maxLength: 2 }),
  containers: fc.array(fc.record({ fails: fc.boolean(), afterMs: fc.integer({ min: 0, max: 25 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
});

const eventArbitrary = fc.record({
  afterMs: fc.integer({ min: 0, max: 20 }),
  pod: fc.nat(7),
  what: fc.constantFrom(
    'kill the kubelet' as const,
    'kill the kubelet' as const,
    'restart the node' as const,
    'break the network' as const,
    'delete the pod' as const,
    'delete by force and create again' as const,
    'end the pod from outside' as const,
    'stop the API server' as const,
    'start the API server' as const,
  ),
});

const historyArbitrary: fc.Arbitrary<History> = fc.record({
  seed: fc.integer(),
  delayMs: fc.integer({ min: 0, max: 12 }),
  failures: fc.constantFrom(0, 0.02, 0.1),
  pods: fc.array(podArbitrary, { minLength: 2, maxLength: 8 }),
  events: fc.array(eventArbitrary, { maxLength: 8 }),
});

test('no container runs again after its pod’s restart policy forbids it, and no pod leaves its final phase', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-histories-'));
  try {
    // Four histories at once: most of the time, each one waits.
    const property = fc.asyncProperty(fc.array(historyArbitrary, { minLength: 4, maxLength: 4 }), async (histories) => {
      const problems = await Promise.all(histories.map((history) => playHistory(history, mkdtempSync(`${folder}/`))));
      expect(problems.flat()).toEqual([]);
    });
    await fc.assert(property, { numRuns: runs(10), endOnFailure: true });
  } finally {
    await delay(50);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
