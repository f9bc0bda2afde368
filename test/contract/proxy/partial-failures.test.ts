// iptables-restore fails halfway through a first sync of hundreds of services, or through a change. The test checks the
// rules after every call: each packet goes to an old or new endpoint of its service, or is rejected.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { trace } from '../../../src/dataplane/trace.ts';
import { clusterIp, endpoint, service, slice } from '../../support/proxy/crowd.ts';
import { type Backend, World } from '../../support/proxy/world.ts';
import { isLong } from '../../support/runs.ts';

/** Each call of a first sync writes 250 services, with iptables-nft: two or four calls. */
const count = isLong ? 1000 : 260;
const all = Array.from({ length: count }, (_, index) => index);
/** The services to check: some from each piece of the split sync. */
const sample = all.filter((index) => index % 31 === 0);
/**
 * Shadows iptables-restore: saves a copy of the rules after each call.
 * @param failing numbers of the calls that fail, from 1; such a call writes only the first table
 */
const shadowRestore = (world: World, backend: Backend, failing: readonly number[]): void => {
  const tool = `/usr/sbin/iptables-${backend}-restore`;
  const folder = world.folder;
  world.shadow(
    'iptables-restore',
    `#!/bin/sh
case " $* " in *" --counters "*) ;; *) exec ${tool} "$@" ;; esac
n=$(($(cat ${folder}/calls 2>/dev/null || echo 0) + 1))
echo $n > ${folder}/calls
code=0
case " ${failing.join(' ')} " in
*" $n "*) sed '/^COMMIT/q' | ${tool} "$@"; echo "told to fail" >&2; code=4 ;;
*) ${tool} "$@" || code=$? ;;
esac
/usr/sbin/iptables-${backend}-save > ${folder}/part && mv ${folder}/part ${folder}/after-$n
exit $code
`,
  );
};

/** The saved copies, in order of the calls. */
const copies = (world: World): string[] => {
  const names = readdirSync(world.folder).filter((name) => name.startsWith('after-'));
  const numbers = names.map((name) => Number(name.slice('after-'.length))).sort((a, b) => a - b);
  return numbers.map((number) => readFileSync(join(world.folder, `after-${number}`), 'utf8'));
};

/** Destinations of packets from a pod to the service's cluster IP: `rejected`, or endpoint addresses. */
const destinationsOf = (rules: ReturnType<typeof parseRuleset>, index: number): string[] =>
  trace(rules, { from: '10.244.200.9', to: `${clusterIp(index)}:80` }, { recent: () => [] }).map(({ fate, lands }) =>
    fate === 'rejected' ? fate : lands,
  );

const untouched = (index: number): string[] => [`${clusterIp(index)}:80`];
const at = (index: number, host = 0): string[] => [`${endpoint(index, host)}:8080`];

const flags = ['--cluster-cidr=10.244.0.0/16'];

interface Failing {
  readonly backend: Backend;
  /** Numbers of the calls that fail, from 1. */
  readonly failing: number[];
}

/** Only the long tests try these. */
const more = (backend: Backend, ...cases: number[][]): Failing[] =>
  isLong ? cases.map((failing) => ({ backend, failing })) : [];

test.each<Failing>([
  { backend: 'nft', failing: [1] },
  // The last call, the first call of the second sync, and the last call of the third sync.
  { backend: 'nft', failing: isLong ? [4, 5, 9] : [2, 3, 5] },
  ...more('nft', [2], [4]),
  { backend: 'legacy', failing: [1] },
])('completes a first sync when the calls $failing fail, with iptables-$backend', async ({ backend, failing }) => {
  await using world = await World.create(backend);
  await world.change(...all.flatMap((index) => [service(index), slice(index)]));
  shadowRestore(world, backend, failing);
  await world.startProxy(...flags);
  const seen = copies(world).map(parseRuleset);
  expect(seen.length).toBeGreaterThan(Math.max(...failing));
  for (const rules of seen) {
    for (const index of sample) expect([untouched(index), at(index)]).toContainEqual(destinationsOf(rules, index));
  }
  const last = parseRuleset(world.save());
  for (const index of sample) expect(destinationsOf(last, index)).toEqual(at(index));
});

test.each<Failing>([
  // The call of the change, and calls of the two full syncs that follow.
  { backend: 'nft', failing: isLong ? [1, 3, 6] : [1, 3, 4] },
  ...more('nft', [1], [1, 2]),
  ...more('legacy', [1, 2]),
])('completes a change when the calls $failing fail, with iptables-$backend', async ({ backend, failing }) => {
  const [opens, closes, moves, stays] = [count - 3, count - 2, count - 1, 1];
  await using world = await World.create(backend);
  await world.change(...all.map(service), ...all.filter((index) => index !== opens).map((index) => slice(index)));
  await world.startProxy(...flags);
  shadowRestore(world, backend, failing);
  await world.change(slice(opens), { ...slice(closes), remove: true }, slice(moves, 1));
  await world.until(
    'all changes are in the rules',
    () => world.save().includes(`${at(moves, 1)}`) && isSettled(world, closes),
  );
  const seen = copies(world).map(parseRuleset);
  expect(seen.length).toBeGreaterThan(Math.max(...failing));
  for (const rules of seen) {
    expect([['rejected'], at(opens)]).toContainEqual(destinationsOf(rules, opens));
    expect([['rejected'], at(closes)]).toContainEqual(destinationsOf(rules, closes));
    expect([at(moves), at(moves, 1)]).toContainEqual(destinationsOf(rules, moves));
    expect(destinationsOf(rules, stays)).toEqual(at(stays));
  }
  const last = parseRuleset(world.save());
  expect([opens, closes, moves].map((index) => destinationsOf(last, index))).toEqual([
    at(opens),
    ['rejected'],
    at(moves, 1),
  ]);
});

const isSettled = (world: World, closed: number): boolean =>
  !world.save('iptables-save', '-t', 'nat').includes(`default/s${closed}:p`) &&
  world.log().lastIndexOf('"SyncProxyRules complete" ipFamily="IPv4"') >
    world.log().lastIndexOf('Failed to sync iptables rules');
