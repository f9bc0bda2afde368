// Reads the same namespace again and again: what did not change is neither parsed nor compiled again.
import { RulesetReader } from '../reread.ts';
import { factsOf, type Ground, type NodeModel, nodeOf, placeOf } from './node.ts';
import type { NodeTexts } from './texts.ts';

/** Rules are compiled against these texts. */
const groundTexts = ['addresses', 'routes', 'routes6', 'rules', 'rules6', 'sysctls', 'ipset', 'recent'] as const;

export class NodeReader {
  readonly #readers = {
    iptables: new RulesetReader(),
    iptablesLegacy: new RulesetReader(),
    ip6tables: new RulesetReader(),
    ip6tablesLegacy: new RulesetReader(),
  };
  #before: { readonly key: string; readonly ground: Ground } | undefined;

  /** @throws RulesetError or SyntaxError like `readNode` */
  read(texts: NodeTexts): NodeModel {
    const key = JSON.stringify(groundTexts.map((name) => texts[name]));
    if (this.#before?.key !== key) {
      const place = placeOf(texts);
      this.#before = { key, ground: { place, facts: factsOf(place, texts), compiled: new WeakMap() } };
    }
    return nodeOf(texts, this.#before.ground, (text, name) => this.#readers[name].read(text));
  }
}
