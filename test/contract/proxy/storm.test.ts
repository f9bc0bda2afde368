// A storm of changes: what it leaves in the kernel, how often it was written, and what it cost in memory. How fast: `npm run bench:proxy`.
import { readFileSync } from 'node:fs';
import { setInterval as ticks } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { modes } from '../../support/proxy/modes.ts';
import { type Change, put, World } from '../../support/proxy/world.ts';

const services = 100;
const changesPerTick = 25;
const tickMs = 50;
/** So many seconds' worth. */
const changes = 6 * (1000 / tickMs) * changesPerTick;
/** It is not over before so many syncs have ended in its midst, for which a slow machine gets three times as many changes. */
const leastSyncs = 3;
const mostChanges = 3 * changes;
const minSyncPeriodMs = 1000;
/** As the original's. */
const burst = 2;
/** Twice of what is usual. */
const mostMemoryMiB = 256;

const service = (index: number): Change =>
  put.service({
    metadata: { name: `s${index}`, namespace: 'default' },
    spec: { clusterIP: `10.96.1.${index}`, ports: [{ name: 'p', port: 80 }] },
  });
/** Each change's is another. */
const endpoint = (change: number): string => `10.128.${change >> 8}.${change & 255}`;
const slice = (index: number, change: number): Change =>
  put.slice({
    metadata: { name: `s${index}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': `s${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: [endpoint(change)], conditions: { ready: true } }],
  });

/** Endpoints that rules lead to. */
const endpointsIn = (rules: string): string[] => [...new Set(rules.match(/\b10\.128\.\d+\.\d+\b/g))].sort();

interface Progress {
  /** By family. */
  readonly syncs: ReadonlyMap<string, number>;
  /** That it heard of. */
  readonly endpointChanges: number;
}

const progress = (world: World): Progress => {
  const metrics = world.get('http://127.0.0.1:10249/metrics');
  const counts = metrics.matchAll(/^kubeproxy_sync_proxy_rules_duration_seconds_count\{ip_family="(\w+)"\} (\d+)$/gm);
  return {
    syncs: new Map([...counts].map(([, family = '', count]) => [family, Number(count)])),
    endpointChanges: Number(/^kubeproxy_sync_proxy_rules_endpoint_changes_total (\d+)$/m.exec(metrics)?.[1]),
  };
};

/** The most that a process had in memory since it started. */
const peakMiB = (pid: number | undefined): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Userspace mode has no rule that changes with an endpoint. */
const kernelModes = modes.filter(({ name }) => name !== 'userspace');

test.each(kernelModes)(
  `$name: ${(changesPerTick * 1000) / tickMs} endpoint changes a second end in the last state, in no more syncs than allowed, in bounded memory`,
  async ({ name, backend, flag }) => {
    await using world = await World.create(backend);
    const rules = (): string =>
      name === 'nftables' ? world.exec('nft', 'list', 'ruleset') : world.save('iptables-save', '-t', 'nat');
    const last = new Map(Array.from({ length: services }, (_, index) => [index, index]));
    await world.change(...[...last].flatMap(([index, change]) => [service(index), slice(index, change)]));
    // The original has this one flag for both.
    const period = `--iptables-min-sync-period=${minSyncPeriodMs}ms`;
    const proxy = await world.startProxy(flag, '--cluster-cidr=10.244.0.0/16', period);
    const before = progress(world);
    const started = performance.now();

    let sent = 0;
    const seen = { syncs: 0, endpointChanges: 0 };
    for await (const _ of ticks(tickMs)) {
      const numbers = Array.from({ length: changesPerTick }, () => services + sent++);
      for (const number of numbers) last.set((number * 37) % services, number);
      await world.change(...numbers.map((number) => slice((number * 37) % services, number)));
      if (sent < changes) continue;
      const amid = progress(world);
      seen.syncs = (amid.syncs.get('IPv4') ?? 0) - (before.syncs.get('IPv4') ?? 0);
      seen.endpointChanges = amid.endpointChanges - before.endpointChanges;
      if (seen.syncs >= leastSyncs || sent >= mostChanges) break;
    }
    const perSecond = ((sent * 1000) / (performance.now() - started)).toFixed(0);
    process.stdout.write(`${name}: ${sent} changes, ${perSecond} a second; amid them ${JSON.stringify(seen)}\n`);
    expect(seen.syncs, 'syncs amid the storm').toBeGreaterThanOrEqual(leastSyncs);
    // The last ones may be on their way yet.
    expect(seen.endpointChanges, 'changes heard of amid it').toBeGreaterThan(changes / 2);

    const wanted = [...last.values()].map(endpoint).sort();
    await world.until('the last state is there', () => endpointsIn(rules()).join() === wanted.join(), rules);
    // Else it may have listed them at the end, rather than been told of each.
    expect(world.log()).not.toContain('List and watch failed');
    const after = progress(world);
    const allowed = (performance.now() - started) / minSyncPeriodMs + burst;
    expect([...after.syncs.keys()].sort()).toEqual(['IPv4', 'IPv6']);
    for (const [family, count] of after.syncs) {
      // One may have been at work when the storm began.
      expect(count - (before.syncs.get(family) ?? 0), `syncs of ${family}`).toBeLessThanOrEqual(allowed + 1);
    }
    expect(peakMiB(proxy.pid)).toBeLessThan(mostMemoryMiB);
  },
);
