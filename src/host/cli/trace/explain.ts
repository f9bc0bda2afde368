// Explains a hop in sentences that a first-year student understands.
import type { Hop, Way } from '../../../dataplane/cluster/way.ts';
import type { NodeStep } from '../../../dataplane/node/packet.ts';
import type { Context } from '../context.ts';
import { endpoint, percent, shownName } from './names.ts';

/** @param isService whether an address is the ClusterIP of a service */
export const explain = (
  { say }: Context,
  hop: Hop,
  { probability }: Way,
  isService: (address: string) => boolean,
): readonly string[] => {
  const { steps, before, after, end, next } = hop;
  const who = shownName(hop.machine);
  const texts: string[] = [];
  const isRewritten = before.destination !== after.destination || before.destinationPort !== after.destinationPort;
  const destination = (): readonly string[] => {
    const [old, now] = [
      endpoint(before.destination, before.destinationPort),
      endpoint(after.destination, after.destinationPort),
    ];
    const sentence = isService(before.destination)
      ? say.explainDnat(who, old, now)
      : say.explainRedirect(who, old, now);
    return probability < 1 ? [sentence, say.explainChance(percent(probability))] : [sentence];
  };
  let isSaid = !isRewritten;
  // In the order in which it happens: a process's packet is routed before and after the rewriting.
  for (const step of steps) {
    if (step.kind === 'rule' && !isSaid && /^(DNAT|redirect)/i.test(step.effect)) {
      texts.push(...destination());
      isSaid = true;
    }
    if (step.kind === 'route')
      texts.push(...explainRoute(say, who, step, isSaid ? after.destination : before.destination, end));
  }
  if (!isSaid) texts.push(...destination());
  if (before.source !== '' && before.source !== after.source) {
    const isOwn = steps.some((step) => step.kind === 'rule' && /^masquerade/i.test(step.effect));
    texts.push((isOwn ? say.explainMasquerade : say.explainSnat)(who, before.source, after.source));
  }
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
