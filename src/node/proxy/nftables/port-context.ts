// What the items of one service port are computed from.

import type { LocalMatch } from '../local-detector.ts';
import type { IpFamily, NodeView, ServicePort } from '../types.ts';
import type { Categories } from '../view/categorize.ts';
import type { NftProtocol } from './model.ts';

/** What shapes them beside the service itself. */
export interface BuildOptions {
  readonly family: IpFamily;
  readonly node: Pick<NodeView, 'name' | 'zone' | 'addresses'>;
  readonly local: LocalMatch;
  readonly masqueradeMark: number;
}

export interface PortContext {
  readonly port: ServicePort;
  readonly endpoints: Categories;
  readonly options: BuildOptions;
  readonly protocol: NftProtocol;
  /** For whoever reads lists of elements. */
  readonly comment: string;
}
