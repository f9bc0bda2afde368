// Loads rule sets, sends packets and compares each with the model.
import { TraceLimitError } from '../../../src/dataplane/node/budget.ts';
import { readNode } from '../../../src/dataplane/node/node.ts';
import { sendPacket } from '../../../src/dataplane/node/send.ts';
import { describeBranches, judge, kindOf } from './compare.ts';
import type { Ground, Probe, RuleSet } from './ground.ts';

export interface Tally {
  ruleSets: number;
  packets: number;
  /** Packets for which the model claimed to know the end. */
  known: number;
  /** Rule sets that a tool refused, with its message; and packets whose ways were too many. */
  readonly refusals: string[];
  tooMany: number;
  /** How often each kind of end was observed, and not only expected. */
  readonly kinds: Record<string, number>;
  readonly disagreements: string[];
}

export const newTally = (): Tally => ({
  ruleSets: 0,
  packets: 0,
  known: 0,
  refusals: [],
  tooMany: 0,
  kinds: {},
  disagreements: [],
});

/** So many disagreements are described; the others are of the same rule sets. */
const mostDescribed = 20;

export const compareRuleSet = async (
  ground: Ground,
  rules: RuleSet,
  probes: readonly Probe[],
  tally: Tally,
): Promise<void> => {
  let texts: ReturnType<Ground['load']>;
  try {
    texts = ground.load(rules);
  } catch (error) {
    tally.refusals.push(`${rules.name}: ${error instanceof Error ? error.message.slice(0, 500) : String(error)}`);
    return;
  }
  const lossy = /unreachable|prohibit|blackhole/.test((texts.rules ?? '') + (texts.rules6 ?? ''));
  const node = readNode(texts);
  const seen = await ground.send(probes);
  tally.ruleSets += 1;
  for (const [index, probe] of probes.entries()) {
    tally.packets += 1;
    let branches: ReturnType<typeof sendPacket>;
    try {
      branches = sendPacket(node, probe.packet, probe.entry);
    } catch (error) {
      if (!(error instanceof TraceLimitError)) throw error;
      tally.tooMany += 1;
      continue;
    }
    const { observed, agrees, known } = judge(probe, branches, seen[index] ?? [], lossy);
    if (known) tally.known += 1;
    const kind = kindOf(observed);
    tally.kinds[kind] = (tally.kinds[kind] ?? 0) + 1;
    if (agrees) continue;
    const described = `${rules.name}: ${JSON.stringify(probe)}\n  observed: ${observed}\n${describeBranches(branches)}`;
    tally.disagreements.push(tally.disagreements.length < mostDescribed ? described : rules.name);
  }
};
