// One network namespace alone: what its rules, routes and parameters do to a packet that comes in.
import type { NamespaceTexts } from '../../../api/dataplane.ts';
import { networkContains } from '../../../api/ip.ts';
import { json } from '../../../dataplane/node/json.ts';
import { type NodeModel, readNode } from '../../../dataplane/node/node.ts';
import { withoutMemory } from './memory.ts';

export interface Alone {
  /** As for the first packet of its client. */
  readonly model: NodeModel;
  /** The link by which packets of this address come in: that of the longest route to it. */
  readonly linkTo: (address: string) => string | undefined;
  readonly isLocal: (address: string) => boolean;
}

/** Reading a model takes longer than sending a packet through it, and all checks of a look share the facts. */
const known = new WeakMap<NamespaceTexts, Alone>();

/** @throws RulesetError */
export const aloneOf = (texts: NamespaceTexts): Alone => {
  const found = known.get(texts);
  if (found) return found;
  const routes = [texts.routes, texts.routes6].flatMap(routesIn);
  const local = new Set(
    json
      .array(JSON.parse(texts.addresses || '[]'))
      .flatMap((link) => json.array(json.object(link).addr_info).map((each) => json.text(json.object(each).local))),
  );
  const alone: Alone = {
    model: readNode(withoutMemory(texts)),
    linkTo: (address) =>
      routes
        .filter(({ network }) => networkContains(network, address))
        .toSorted((one, other) => prefixOf(other.network) - prefixOf(one.network))[0]?.device,
    isLocal: (address) => local.has(address),
  };
  known.set(texts, alone);
  return alone;
};

const prefixOf = (network: string): number => Number(network.split('/')[1]);

const routesIn = (text: string): readonly { readonly network: string; readonly device: string }[] =>
  json.array(JSON.parse(text || '[]')).flatMap((item) => {
    const { type, dst, dev } = json.object(item);
    const to = json.text(dst);
    if (dev === undefined || (type !== undefined && type !== 'unicast')) return [];
    const network = to === 'default' ? '0.0.0.0/0' : to.includes('/') ? to : `${to}/${to.includes(':') ? 128 : 32}`;
    return [{ network, device: json.text(dev) }];
  });
