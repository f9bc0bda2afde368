// Explains a hop in sentences that a first-year student understands.
import { fabricMachine } from '../../../api/cluster.ts';
import type { Hop, Way, WayEnd } from '../../../dataplane/cluster/way.ts';
import type { NodeStep } from '../../../dataplane/node/packet.ts';
import type { Context } from '../context.ts';
import { endpoint, percent, shownName } from './names.ts';
import { isResetLost } from './traced.ts';

/** @param isService whether an address is the ClusterIP of a service */
export const explain = (
  { say }: Context,
  hop: Hop,
  { probability, end: wayEnd }: Way,
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
    if (step.kind === 'rule' && step.effect === 'do not track') texts.push(say.explainNotTracked(who));
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
      const loss = /^loss (\S+)/.exec(each)?.[1];
      if (loss) texts.push(say.explainLoss(loss));
      else
        texts.push(
          remote ? say.explainTunnel(remote) : say.explainBridge(each.replace(/ of \S+$/, ''), shownName(next.machine)),
        );
    }
    if (next.through.length === 0) texts.push(say.explainVeth(who, shownName(next.machine)));
  }
  return next || wayEnd.machine === fabricMachine ? texts : [...texts, ...explainEnd(say, wayEnd, hop)];
};

/** Why the packet does not come any further, and what its sender notices. */
const explainEnd = (say: Context['say'], end: WayEnd, hop: Hop): readonly string[] => {
  const who = shownName(end.machine);
  switch (end.kind) {
    case 'dropped':
      return [`${explainDrop(say, who, end.step)} ${say.explainSilence}`];
    case 'rejected': {
      const { step } = end;
      const why =
        step?.kind === 'rule' ? say.explainRejectRule(who, step.position, step.chain) : say.explainReject(who);
      const { before, after } = hop;
      const told = isResetLost(hop)
        ? say.explainResetLost(who, {
            source: endpoint(after.destination, after.destinationPort),
            known: endpoint(before.destination, before.destinationPort),
          })
        : say.explainRejectTold(who, end.with);
      return [`${why} ${told}`];
    }
    case 'unroutable':
      if (hop.end.kind === 'leaves') return [say.explainNoNeighbour(who, hop.end.link, hop.end.nextHop)];
      return [end.by === 'no route' ? say.explainNoRoute(who, hop.after.destination) : say.explainRefused(who, end.by)];
    default:
      return [];
  }
};

const explainDrop = (say: Context['say'], who: string, step: NodeStep | undefined): string => {
  switch (step?.kind) {
    case 'rule':
      return say.explainDropRule(who, step.position, step.chain);
    case 'policy':
      return say.explainDropPolicy(who, step.chain);
    case 'sysctl':
      return say.explainDropSysctl(who, step.name, step.value);
    default:
      return say.explainDropKernel(who);
  }
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
