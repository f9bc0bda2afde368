// `npm run fuzz:dataplane`: compares the model of a node with the kernel, with random rules and packets.
// Rule sets with an odd seed are of IPv6.
//   npm run fuzz:dataplane -- [minutes] [--seed FIRST] [--packets 400]
// Needs root, iptables, nftables, ipset, conntrack and perl. All packets stay in two network namespaces. A rule set
// with a disagreement is named by its seed: `0 --seed N` tries only this one.
import { argv, echo } from 'zx';
import { diceOf } from '../test/support/dataplane/dice.ts';
import { probesOf, ruleSetOf } from '../test/support/dataplane/generate.ts';
import { Ground } from '../test/support/dataplane/ground.ts';
import { compareRuleSet, newTally } from '../test/support/dataplane/run.ts';
import { probeOfSix, ruleSetOfSix } from '../test/support/dataplane/six.ts';

const minutes = Number(argv._[0] ?? 1);
const first = Number(argv.seed ?? Math.floor(Math.random() * 2 ** 31));
const packets = Number(argv.packets ?? 400);

const tally = newTally();
const startedAt = performance.now();
const isOver = (): boolean => performance.now() - startedAt > minutes * 60_000;

let seed = first;
{
  await using ip = await Ground.create(`model-${process.pid}`);
  await using ip6 = await Ground.create(`model6-${process.pid}`, 'ip6');
  do {
    const dice = diceOf(seed);
    const [rules, probes] = [ruleSetOf(dice, `seed ${seed}`), probesOf(dice, packets)];
    if (seed % 2 === 0) await compareRuleSet(ip, rules, probes, tally);
    else await compareRuleSet(ip6, ruleSetOfSix(rules), probes.map(probeOfSix), tally);
    seed += 1;
  } while (!isOver());
}

const seconds = (performance.now() - startedAt) / 1000;
const share = (count: number): string => `${((100 * count) / Math.max(1, tally.packets)).toFixed(1)} %`;
for (const disagreement of tally.disagreements.slice(0, 5)) echo(`${disagreement}\n`);
echo(`seeds           ${first} to ${seed - 1}, ${seconds.toFixed(0)} s`);
echo(`rule sets       ${tally.ruleSets} compared, ${tally.refusals.length} refused by a tool`);
echo(`packets         ${tally.packets}, ${(tally.packets / seconds).toFixed(0)} a second`);
echo(`known ends      ${share(tally.known)}`);
for (const [kind, count] of Object.entries(tally.kinds)) echo(`  ${kind.padEnd(14)}${share(count)}`);
echo(`too many ways   ${tally.tooMany}`);
echo(`disagreements   ${tally.disagreements.length}`);
if (tally.packets === 0) throw new Error('no packet was compared');
if (tally.disagreements.length > 0) process.exitCode = 1;
