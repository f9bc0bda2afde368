// Random histories in ipvs mode through the real kernel: after each, the kernel holds what a fresh proxier would write.
// The fakes of the unit tests hold the same. The test uses the machine's main network namespace.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../src/kit/eventually.ts';
import type { IpFamily } from '../../../src/node/proxy/types.ts';
import { serviceLink } from '../../../src/node/proxy/view/machine-addresses.ts';
import { createDummyLink } from '../../../src/node/sys/dummy-link.ts';
import { createIpset } from '../../../src/node/sys/ipset.ts';
import { createIpvs } from '../../../src/node/sys/ipvs.ts';
import { createNetfilter } from '../../../src/node/sys/netfilter.ts';
import { contents, createIpvsRig, fakeKernel, type IpvsKernel, unreliable } from '../../support/proxy/ipvs/rig.ts';
import { type Event, history } from '../../support/proxy/random.ts';
import { replay, startWith } from '../../support/proxy/replay.ts';
import { runs } from '../../support/runs.ts';

const histories = runs(2);
const never = new AbortController().signal;

const exec = (command: string, input = ''): string => {
  const [program = '', ...args] = command.split(' ');
  return execFileSync(program, args, { encoding: 'utf8', input, stdio: 'pipe' });
};

const clear = (): void => {
  for (const family of ['iptables', 'ip6tables'])
    exec(`${family}-restore`, '*mangle\nCOMMIT\n*filter\nCOMMIT\n*nat\nCOMMIT\n');
  exec('ipvsadm -C');
  exec('ipset destroy');
  if (exec('ip -o link').includes(serviceLink)) exec(`ip link delete ${serviceLink}`);
};
beforeEach(clear);
afterEach(clear);

const realKernel = (family: IpFamily): IpvsKernel => ({
  ipvs: createIpvs(),
  ipset: createIpset(),
  link: createDummyLink(serviceLink),
  netfilter: createNetfilter(family),
});

/** Applies each change to the real kernel and to the fake. Both must refuse the same changes. */
const both = (real: IpvsKernel, fake: IpvsKernel): IpvsKernel => {
  const agree = async (work: Promise<void>, copy: Promise<void>): Promise<void> => {
    const [outcome, other] = await Promise.allSettled([work, copy]);
    expect(other.status, String(other.status === 'rejected' ? other.reason : '')).toBe(outcome.status);
    if (outcome.status === 'rejected') throw outcome.reason;
  };
  return {
    ipvs: {
      ...real.ipvs,
      restore: (lines, signal) => agree(real.ipvs.restore(lines, signal), fake.ipvs.restore(lines, signal)),
    },
    ipset: {
      ...real.ipset,
      restore: (lines, signal) => agree(real.ipset.restore(lines, signal), fake.ipset.restore(lines, signal)),
    },
    link: {
      ...real.link,
      ensure: (signal) => agree(real.link.ensure(signal), fake.link.ensure(signal)),
      change: (changes, signal) => agree(real.link.change(changes, signal), fake.link.change(changes, signal)),
    },
    netfilter: real.netfilter,
  };
};

/** Waits until the removed endpoints are deleted; IPVS keeps them for a moment. */
const untilSettled = (): Promise<void> =>
  eventually(
    'no removed endpoint is left',
    async () => {
      const leaving = exec('ipvsadm -Sn').match(/^.* -w 0$/gm) ?? [];
      return leaving.length === 0 ? { done: true, value: undefined } : { done: false, seen: leaving.join('\n') };
    },
    { timeoutMs: 60_000, intervalMs: 100 },
  );

interface Story {
  readonly family: IpFamily;
  readonly events: readonly Event[];
}
const story: fc.Arbitrary<Story> = fc
  .constantFrom<IpFamily>('IPv4', 'IPv6')
  .chain((family) => history(true, family).map((events) => ({ family, events })));

/** Whether a history ends with a virtual server and an endpoint. Others prove little and take seconds each. */
const endsWithEndpoint = async ({ family, events }: Story): Promise<boolean> => {
  const fake = fakeKernel();
  const kernel = unreliable(fake);
  const rig = createIpvsRig(family, kernel);
  await replay(events, rig, kernel);
  rig.backend.close();
  const { servers = [] } = await contents(family, fake);
  return servers.some((line) => !line.endsWith('→ '));
};

test(`ends like a fresh proxier and like the fakes after each of ${histories} histories`, {
  timeout: histories * 40_000,
}, async () => {
  const property = fc.asyncProperty(story, async ({ family, events }) => {
    fc.pre(await endsWithEndpoint({ family, events }));
    clear();
    const [real, fake] = [realKernel(family), fakeKernel()];
    const kernel = unreliable(both(real, fake));
    const rig = createIpvsRig(family, kernel);
    const objects = await replay(events, rig, kernel);
    await untilSettled();
    const { rules, ...lived } = await contents(family, real);
    const { rules: _, ...inMemory } = await contents(family, fake);
    expect(inMemory).toEqual(lived);
    expect(await rig.backend.damaged(never)).toBe(false);
    rig.backend.close();
    clear();
    for (const start of ['from an empty kernel', 'over existing state']) {
      const next = createIpvsRig(family, real);
      await startWith(next, objects, rig.node);
      next.backend.close();
      expect(await contents(family, real), start).toEqual({ ...lived, rules });
    }
  });
  await fc.assert(property, { numRuns: histories });
});
