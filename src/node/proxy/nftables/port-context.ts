// The input from which the items of one service port are computed.

import type { LocalMatch } from '../local-detector.ts';
import type { IpFamily, NodeView, ServicePort } from '../types.ts';
import type { Categories } from '../view/categorize.ts';
import type { NftProtocol } from './model.ts';

/** The input that does not depend on the service. */
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
  /** The service port's name, for people who list the elements. */
  readonly comment: string;
}
