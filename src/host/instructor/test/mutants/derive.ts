// Wrong solutions, derived from what the checks look at.
import { byHand } from './by-hand.ts';
import { handmadeEndpoints, stopped } from './hidden.ts';
import type { Derivation, Mutant } from './mutant.ts';
import { nftOnNodes } from './nft.ts';
import { servicePort, targetPort } from './ports.ts';
import { oneNode, rule } from './rules.ts';

export const deriveMutants = (from: Derivation): readonly Mutant[] => [
  ...from.subjects.flatMap((subject) => [
    ...targetPort(from, subject),
    ...servicePort(from, subject),
    ...rule(from, subject),
    ...oneNode(from, subject),
    ...nftOnNodes(from, subject),
    ...byHand(from, subject),
  ]),
  ...stopped(from),
  ...handmadeEndpoints(from),
];
