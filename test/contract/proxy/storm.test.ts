// 500 endpoint changes a second: the final rules, the number of syncs and the memory. `npm run bench:proxy` measures
// the speed.
import { readFileSync } from 'node:fs';
import { setInterval as ticks } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { modesOfChanges } from '../../support/proxy/modes.ts';
import { type Change, put, World } from '../../support/proxy/world.ts';

const services = 100;
const changesPerTick = 25;
const tickMs = 50;
/** Six seconds of changes. */
const changes = 6 * (1000 / tickMs) * changesPerTick;
/** The storm lasts until this many syncs have ended; a slow machine gets up to three times as many changes. */
const leastSyncs = 3;
const mostChanges = 3 * changes;
const minSyncPeriodMs = 1000;
/** Syncs that may follow each other without a pause, as in the original. */
const burst = 2;
/** Twice the usual peak. */
const mostMemoryMiB = 256;

const service = (index: number): Change =>
  put.service({
    metadata: { name: `s${index}`, namespace: 'default' },
    spec: { clusterIP: `10.96.1.${index}`, ports: [{ name: 'p', port: 80 }] },
  });
/** Each change has its own endpoint address. */
const endpoint = (change: number): string => `10.128.${change >> 8}.${change & 255}`;
const slice = (index: number, change: number): Change =>
  put.slice({
    metadata: { name: `s${index}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': `s${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: [endpoint(change)], conditions: { ready: true } }],
  });

/** The endpoints in the rules. */
const endpointsIn = (rules: string): string[] => [...new Set(rules.match(/\b10\.128\.\d+\.\d+\b/g))].sort();

interface Progress {
  /** Number of syncs by IP family. */
  readonly syncs: ReadonlyMap<string, number>;
  /** Number of endpoint changes that kube-proxy received. */
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

/** Peak resident memory of a process. */
const peakMiB = (pid: number | undefined): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Without userspace mode, whose rules do not contain endpoints. */
const kernelModes = modesOfChanges.filter(({ name }) => name !== 'userspace');

test.each(kernelModes)(
  `$name: ${(changesPerTick * 1000) / tickMs} endpoint changes a second reach the last state with a limited number of syncs and limited memory`,
  async ({ name, backend, flag }) => {
    await using world = await World.create(backend);
    const rules = (): string =>
      name === 'nftables' ? world.exec('nft', 'list', 'ruleset') : world.save('iptables-save', '-t', 'nat');
    const last = new Map(Array.from({ length: services }, (_, index) => [index, index]));
    await world.change(...[...last].flatMap(([index, change]) => [service(index), slice(index, change)]));
    // As in the original, this flag also applies to nftables mode.
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
    process.stdout.write(`${name}: ${sent} changes, ${perSecond} a second; during the storm ${JSON.stringify(seen)}\n`);
    expect(seen.syncs, 'syncs during the storm').toBeGreaterThanOrEqual(leastSyncs);
    // The last changes may not have arrived yet.
    expect(seen.endpointChanges, 'changes received during the storm').toBeGreaterThan(changes / 2);

    const wanted = [...last.values()].map(endpoint).sort();
    await world.until('the rules show the last state', () => endpointsIn(rules()).join() === wanted.join(), rules);
    // A broken watch would mean that kube-proxy listed the objects at the end instead of receiving each change.
    expect(world.log()).not.toContain('List and watch failed');
    const after = progress(world);
    const allowed = (performance.now() - started) / minSyncPeriodMs + burst;
    expect([...after.syncs.keys()].sort()).toEqual(['IPv4', 'IPv6']);
    for (const [family, count] of after.syncs) {
      // One sync may have been running when the storm began.
      expect(count - (before.syncs.get(family) ?? 0), `syncs of ${family}`).toBeLessThanOrEqual(allowed + 1);
    }
    expect(peakMiB(proxy.pid)).toBeLessThan(mostMemoryMiB);
  },
);
