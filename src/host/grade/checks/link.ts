// The link check: a place has a network interface.
import * as z from 'zod';
import type { LinkFact } from '../../../api/facts.ts';
import { type CountRange, inRange, inWords, isMatch, plainText, type TextMatch } from '../match.ts';
import { commaSeparated, english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { atLeastOne, count, match, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { lookAt } from './look.ts';

/** The interface that a check looks for. All given fields must match. */
interface Wanted {
  readonly name?: TextMatch;
  readonly kind?: string;
  readonly address?: string;
  readonly master?: TextMatch;
  readonly up?: boolean;
  readonly mtu?: CountRange;
}

const english = {
  link: (link: Wanted, everywhere: boolean) =>
    `(${commaSeparated(
      link.kind,
      link.name && `named ${inWords(link.name)}`,
      link.address && `with address ${link.address}`,
      link.master && `attached to ${plainText(link.master)}`,
      link.up !== undefined && (link.up ? 'that is up' : 'that is down'),
      link.mtu && `with an MTU of ${en.count(link.mtu)}`,
    )})${everywhere ? ', in any of its network namespaces' : ''}`,
  linkExpected: (on: string, range: CountRange, link: string) =>
    `${en.where(on)} has ${en.counted(range, 'network interface')} ${link}`,
  noLinkExpected: (on: string, link: string) =>
    `${on === 'node/*' ? 'no node has a' : `${en.where(on)} has no`} network interface ${link}`,
  linkObserved: (place: string, found: readonly string[]) => `${place} has ${en.listed(found)}`,
  noLinkObserved: (place: string, all: number, similar: readonly string[]) =>
    `${place} has none (of ${all} interfaces)${similar.length > 0 ? `, but ${en.listed(similar)}` : ''}`,
  noAddress: () => 'without an IPv4 address',
  attached: (master: string | undefined) => `attached to ${master ?? 'no bridge'}`,
};

const korean: typeof english = {
  link: (link, everywhere) =>
    `(${commaSeparated(
      link.kind,
      link.name && `이름 ${inWords(link.name)}`,
      link.address && `주소 ${link.address}`,
      link.master && `${plainText(link.master)}에 연결됨`,
      link.up !== undefined && (link.up ? 'up 상태' : 'down 상태'),
      link.mtu && `MTU ${mtuKo(link.mtu)}`,
    )})${everywhere ? ', 모든 네트워크 네임스페이스에서 찾음' : ''}`,
  linkExpected: (on, range, link) => `${ko.where(on)}에 ${ko.counted(range, '네트워크 인터페이스')} ${link}`,
  noLinkExpected: (on, link) => `${ko.where(on)}에 네트워크 인터페이스 없음 ${link}`,
  linkObserved: (place, found) => `${place}에 있음: ${ko.listed(found)}`,
  noLinkObserved: (place, all, similar) =>
    `${place}에 없음 (인터페이스는 모두 ${all}개)${similar.length > 0 ? `. 비슷한 것: ${ko.listed(similar)}` : ''}`,
  noAddress: () => 'IPv4 주소 없음',
  attached: (master) => (master === undefined ? '브리지에 연결되지 않음' : `${master}에 연결됨`),
};

const mtuKo = ({ min, max }: CountRange): string => {
  if (min === max) return String(min);
  return [min > 0 && `${min} 이상`, max !== undefined && `${max} 이하`].filter(Boolean).join(', ');
};

export const linkCheck = checkKind({
  type: 'link',
  summary: 'A place has a network interface.',
  fields: {
    on: place,
    everywhere: z.boolean().default(false).meta({ description: 'In every network namespace on the machine.' }),
    name: match.exactOptional().meta({ description: 'The name of the interface.', examples: ['cni0'] }),
    kind: z
      .string()
      .exactOptional()
      .meta({ description: 'The kind of the interface: bridge, veth, vxlan, …', examples: ['bridge'] }),
    address: z
      .string()
      .exactOptional()
      .meta({
        description: 'An IPv4 address of the interface, with or without its prefix length.',
        examples: ['10.244.1.1/24'],
      }),
    master: match
      .exactOptional()
      .meta({ description: 'The bridge that the interface is attached to.', examples: ['cni0'] }),
    up: z.boolean().exactOptional().meta({ description: 'Whether the interface is up.' }),
    mtu: count
      .exactOptional()
      .meta({ description: 'The largest packet in bytes: a number, or {min, max}.', examples: [{ max: 1450 }] }),
    count: count.prefault(atLeastOne),
  },
  words: { en: english, ko: korean },
  expected: (check, say) => say.linkExpected(check.on, check.count, say.link(check, check.everywhere)),
  expectedNot: ({ count, ...check }, say) =>
    count.min === 1 && count.max === undefined
      ? say.noLinkExpected(check.on, say.link(check, check.everywhere))
      : undefined,
  judge(check, view, say) {
    return view.places.each(check.on, (place) => {
      const { links = [], namespaces = [] } = view.facts.at(place, check.everywhere ? 'namespaces' : 'links');
      const all = check.everywhere ? namespaces.flatMap((namespace) => namespace.links) : links;
      const found = all.filter((link) => isWanted(link, check));
      return {
        holds: inRange(found.length, check.count),
        observed:
          found.length > 0
            ? say.linkObserved(place.label, found.map(linkWords))
            : say.noLinkObserved(place.label, all.length, similarTo(check, all).map(stateWords(check, say))),
        hint: lookAt(place, 'ip -details address', say),
      };
    });
  },
});

const isWanted = (link: LinkFact, { name, kind, address, master, up, mtu }: Wanted): boolean =>
  [
    name === undefined || isMatch(name, link.name),
    kind === undefined || link.kind === kind,
    address === undefined ||
      link.addresses.some((found) => found.address === address || `${found.address}/${found.prefix}` === address),
    master === undefined || isMatch(master, link.master ?? ''),
    up === undefined || link.up === up,
    mtu === undefined || inRange(link.mtu, mtu),
  ].every(Boolean);

/** The interfaces that the student may have meant: they have the name, or else the address. */
const similarTo = ({ name, address }: Wanted, links: readonly LinkFact[]): readonly LinkFact[] => {
  const named = links.filter((link) => name !== undefined && isMatch(name, link.name));
  if (named.length > 0) return named;
  const [bare] = address?.split('/') ?? [];
  return links.filter(({ addresses }) => addresses.some((found) => found.address === bare));
};

/** What a check asks for, as it is: `cni0 (bridge) 10.244.1.1/24, down` */
const stateWords =
  (wanted: Wanted, say: typeof english) =>
  ({ name, kind, addresses, master, up, mtu }: LinkFact): string => {
    const own = addresses.filter(({ family }) => family === 'inet').map((one) => `${one.address}/${one.prefix}`);
    const states = [
      wanted.master && say.attached(master),
      wanted.up !== undefined && (up ? 'up' : 'down'),
      wanted.mtu && `MTU ${mtu}`,
    ];
    const address = wanted.address && (own.length > 0 ? own.join(' ') : say.noAddress());
    return commaSeparated([name, kind && `(${kind})`, address].filter(Boolean).join(' '), ...states);
  };

/** `cni0 (bridge) 10.244.1.1` */
const linkWords = ({ name, kind, addresses }: LinkFact): string =>
  [name, kind && `(${kind})`, ...addresses.filter(({ family }) => family === 'inet').map(({ address }) => address)]
    .filter(Boolean)
    .join(' ');
