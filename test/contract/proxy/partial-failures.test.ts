// iptables-restore fails half way through a first sync of a thousand services, or through a change. After every single call the rules
// are looked at: no packet may ever go anywhere but to its service's old or new endpoints, or be refused.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { trace } from '../../../src/dataplane/trace.ts';
import { clusterIp, endpoint, service, slice } from '../../support/proxy/crowd.ts';
import { type Backend, World } from '../../support/proxy/world.ts';

const count = 1000;
const all = Array.from({ length: count }, (_, index) => index);
/** Those that are looked at: some of each piece. */
const sample = all.filter((index) => index % 31 === 0);
/**
 * Puts an iptables-restore in the way that keeps a copy of the rules after each call.
 * @param failing calls, counted from 1, of which only the first table takes effect
 */
const sabotage = (world: World, backend: Backend, failing: readonly number[]): void => {
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

/** The rules after each call so far, in order. */
const copies = (world: World): string[] => {
  const names = readdirSync(world.folder).filter((name) => name.startsWith('after-'));
  const numbers = names.map((name) => Number(name.slice('after-'.length))).sort((a, b) => a - b);
  return numbers.map((number) => readFileSync(join(world.folder, `after-${number}`), 'utf8'));
};

/** Where packets from a pod to the service's cluster IP get: `rejected`, or addresses. */
const fates = (rules: ReturnType<typeof parseRuleset>, index: number): string[] =>
  trace(rules, { from: '10.244.200.9', to: `${clusterIp(index)}:80` }).map(({ fate, lands }) =>
    fate === 'rejected' ? fate : lands,
  );

const untouched = (index: number): string[] => [`${clusterIp(index)}:80`];
const at = (index: number, host = 0): string[] => [`${endpoint(index, host)}:8080`];

const flags = ['--cluster-cidr=10.244.0.0/16'];

test.each<{ backend: Backend; failing: number[] }>([
  { backend: 'nft', failing: [1] },
  { backend: 'nft', failing: [2] },
  { backend: 'nft', failing: [4] },
  { backend: 'nft', failing: [3, 5, 8] },
  { backend: 'legacy', failing: [1] },
])('a first sync of which calls $failing fail, with iptables-$backend', async ({ backend, failing }) => {
  await using world = await World.create(backend);
  await world.change(...all.flatMap((index) => [service(index), slice(index)]));
  sabotage(world, backend, failing);
  await world.startProxy(...flags);
  const seen = copies(world).map(parseRuleset);
  expect(seen.length).toBeGreaterThan(Math.max(...failing));
  for (const rules of seen) {
    for (const index of sample) expect([untouched(index), at(index)]).toContainEqual(fates(rules, index));
  }
  const last = parseRuleset(world.save());
  for (const index of sample) expect(fates(last, index)).toEqual(at(index));
});

test.each<{ backend: Backend; failing: number[] }>([
  { backend: 'nft', failing: [1] },
  { backend: 'nft', failing: [1, 2] },
  { backend: 'nft', failing: [1, 3, 6] },
  { backend: 'legacy', failing: [1, 2] },
])('a change of which calls $failing fail, with iptables-$backend', async ({ backend, failing }) => {
  const [opens, closes, moves, stays] = [700, 701, 702, 1];
  await using world = await World.create(backend);
  await world.change(...all.map(service), ...all.filter((index) => index !== opens).map((index) => slice(index)));
  await world.startProxy(...flags);
  sabotage(world, backend, failing);
  await world.change(slice(opens), { ...slice(closes), remove: true }, slice(moves, 1));
  await world.until(
    'all is as it should be',
    () => world.save().includes(`${at(moves, 1)}`) && isSettled(world, closes),
  );
  const seen = copies(world).map(parseRuleset);
  expect(seen.length).toBeGreaterThan(Math.max(...failing));
  for (const rules of seen) {
    expect([['rejected'], at(opens)]).toContainEqual(fates(rules, opens));
    expect([['rejected'], at(closes)]).toContainEqual(fates(rules, closes));
    expect([at(moves), at(moves, 1)]).toContainEqual(fates(rules, moves));
    expect(fates(rules, stays)).toEqual(at(stays));
  }
  const last = parseRuleset(world.save());
  expect([opens, closes, moves].map((index) => fates(last, index))).toEqual([at(opens), ['rejected'], at(moves, 1)]);
});

const isSettled = (world: World, closed: number): boolean =>
  !world.save('iptables-save', '-t', 'nat').includes(`default/s${closed}:p`) &&
  world.log().lastIndexOf('"SyncProxyRules complete" ipFamily="IPv4"') >
    world.log().lastIndexOf('Failed to sync iptables rules');
