// Explains a hop in sentences that a first-year student understands.
import type { Hop, Way } from '../../../dataplane/cluster/walk.ts';
import type { NodeStep } from '../../../dataplane/node/packet.ts';
import type { Context } from '../context.ts';
import { endpoint, percent, shownName } from './names.ts';

export const explain = ({ say }: Context, hop: Hop, { probability }: Way): readonly string[] => {
  const { steps, before, after, end, next } = hop;
  const who = shownName(hop.machine);
  const texts: string[] = [];
  if (before.destination !== after.destination || before.destinationPort !== after.destinationPort) {
    texts.push(
      say.explainDnat(
        who,
        endpoint(before.destination, before.destinationPort),
        endpoint(after.destination, after.destinationPort),
      ),
    );
    if (probability < 1) texts.push(say.explainChance(percent(probability)));
  }
  for (const step of steps)
    if (step.kind === 'route') texts.push(...explainRoute(say, who, step, after.destination, end));
  if (before.source !== '' && before.source !== after.source)
    texts.push(say.explainMasquerade(who, before.source, after.source));
  if (steps.some(({ kind }) => kind === 'conntrack') && texts.length > 1) texts.push(say.explainConntrack(who));
  if (next) {
    for (const each of next.through) {
      const remote = /^VXLAN to (\S+)/.exec(each)?.[1];
      texts.push(
        remote ? say.explainTunnel(remote) : say.explainBridge(each.replace(/ of \S+$/, ''), shownName(next.machine)),
      );
    }
    if (next.through.length === 0) texts.push(say.explainVeth(who, shownName(next.machine)));
  }
  return texts;
};

const explainRoute = (
  say: Context['say'],
  who: string,
  { text }: Extract<NodeStep, { kind: 'route' }>,
  address: string,
  end: Hop['end'],
): readonly string[] => {
  const [network = '', ...words] = text.split(' ');
  const after = (word: string): string | undefined => words[words.indexOf(word) + 1 || words.length];
  if (network === 'local') return [say.explainHere(who, address)];
  const [via, link] = [after('via'), after('dev') ?? (end.kind === 'leaves' ? end.link : '')];
  if (network === 'default' && via !== undefined) return [say.explainGateway(who, via, link)];
  return [via === undefined ? say.explainDirect(who, network, link) : say.explainVia(who, network, via)];
};
