// The ipvs check: the kernel of a place has a virtual server, with a scheduler and real servers.
import * as z from 'zod';
import { joinEndpoint } from '../../../dataplane/address.ts';
import { parseIpvs, type VirtualService } from '../../../dataplane/node/ipvs.ts';
import { BrokenFact } from '../facts.ts';
import { isMatch, plainText } from '../match.ts';
import { commaSeparated, english as en, type Phrases } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { Place } from '../view/places.ts';
import { hostPort, match, oneOrMore, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { lookAt } from './look.ts';
import { describeEnd, endsOf, packetEnglish, packetKorean } from './packet.ts';

const fields = {
  on: place,
  /** The virtual server, `address:port`. */
  to: hostPort,
  protocol: z.enum(['tcp', 'udp', 'sctp']).default('tcp').meta({ description: 'The protocol of the virtual server.' }),
  scheduler: match
    .exactOptional()
    .meta({ description: 'How the virtual server chooses: rr, wrr, lc, sh, …', examples: ['rr'] }),
  lands: oneOrMore(z.string())
    .exactOptional()
    .meta({
      description:
        'All real servers (address:port) that get connections. endpoints/[NAMESPACE/]SERVICE stands for the ready endpoints of a service.',
      examples: ['endpoints/web'],
    }),
  weight: z
    .int()
    .min(0)
    .exactOptional()
    .meta({ description: 'The weight of each of these real servers.', examples: [1] }),
};

const english = {
  ...packetEnglish,
  server: (scheduler: string | undefined, lands: string | undefined, weight: number | undefined) =>
    commaSeparated(
      scheduler && `scheduler ${plainText(scheduler)}`,
      lands && `to ${lands}`,
      weight !== undefined && `weight ${weight}`,
    ),
  ipvsExpected: (on: string, to: string, server: string) =>
    `${en.where(on)} has an IPVS virtual server ${to}${server && ` (${server})`}`,
  noIpvsExpected: (on: string, to: string, server: string) =>
    `${on === 'node/*' ? 'no node has an' : `${en.where(on)} has no`} IPVS virtual server ${to}${server && ` (${server})`}`,
  ipvsObserved: (place: string, to: string, scheduler: string, servers: string) =>
    `${place}, ${to}: scheduler ${scheduler}, ${servers || 'no real server'}`,
  noServer: (place: string, to: string, all: number) => `${place} has no virtual server ${to} (of ${all})`,
  realServer: (endpoint: string, weight: number) => `${endpoint} weight ${weight}`,
};

const korean: typeof english = {
  ...packetKorean,
  server: (scheduler, lands, weight) =>
    commaSeparated(
      scheduler && `스케줄러 ${plainText(scheduler)}`,
      lands && `실제 서버 ${lands}`,
      weight !== undefined && `가중치 ${weight}`,
    ),
  ipvsExpected: (on, to, server) => `${ko.where(on)}에 IPVS 가상 서버 ${to} 있음${server && ` (${server})`}`,
  noIpvsExpected: (on, to, server) => `${ko.where(on)}에 IPVS 가상 서버 ${to} 없음${server && ` (${server})`}`,
  ipvsObserved: (place, to, scheduler, servers) =>
    `${place}, ${to}: 스케줄러 ${scheduler}, ${servers || '실제 서버 없음'}`,
  noServer: (place, to, all) => `${place}에 가상 서버 ${to} 없음 (모두 ${all}개)`,
  realServer: (endpoint, weight) => `${endpoint} 가중치 ${weight}`,
};

type Say = Phrases & typeof english;

/** A fault of the lab or of the machine: no student can change the kernel. */
const noIpvs = (machine: string): string => `the kernel of ${machine} has no IPVS, so an ipvs check can't look at it`;

export const ipvsCheck = checkKind({
  type: 'ipvs',
  summary: 'The kernel has an IPVS virtual server, with a scheduler and real servers.',
  fields,
  words: { en: english, ko: korean },
  mistakes: ({ lands, weight }) =>
    weight !== undefined && lands === undefined
      ? [{ field: 'weight', message: 'needs the field lands: the real servers that have this weight' }]
      : [],
  expected: ({ on, to, ...server }, say) => say.ipvsExpected(on, to, serverWords(server, say)),
  expectedNot: ({ on, to, ...server }, say) => say.noIpvsExpected(on, to, serverWords(server, say)),
  judge({ on, to, protocol, scheduler, lands, weight }, view, say) {
    const wanted = lands?.flatMap((end) => endsOf(end, view, say));
    return view.places.each(on, (place) => {
      const all = servicesOn(place, view.facts.at(place, 'ipvs').ipvs);
      const found = all.find(
        (service) =>
          service.mark === undefined &&
          service.protocol === protocol &&
          joinEndpoint(service.address, service.port) === to,
      );
      const hint = lookAt(place, 'ipvsadm -Ln', say);
      if (!found) return { holds: false, observed: say.noServer(place.label, to, all.length), hint };
      const servers = found.servers.map((server) => ({ ...server, to: joinEndpoint(server.address, server.port) }));
      const used = servers.filter((server) => server.weight > 0 || weight === 0).map((server) => server.to);
      return {
        holds:
          (scheduler === undefined || isMatch(scheduler, found.scheduler)) &&
          (wanted === undefined || isSame(wanted, used)) &&
          (weight === undefined || servers.every((server) => server.weight === weight)),
        observed: say.ipvsObserved(
          place.label,
          to,
          found.scheduler,
          servers.map((server) => say.realServer(server.to, server.weight)).join(', '),
        ),
        hint,
      };
    });
  },
});

const servicesOn = (
  { machine }: Place,
  ipvs: { readonly isSupported: boolean; readonly saved: string } | undefined,
): readonly VirtualService[] => {
  if (ipvs?.isSupported === false) throw new BrokenFact(noIpvs(machine));
  return parseIpvs(ipvs?.saved ?? '');
};

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.every((item) => other.includes(item)) && other.every((item) => one.includes(item));

const serverWords = (
  { scheduler, lands, weight }: { scheduler?: string; lands?: readonly string[]; weight?: number },
  say: Say,
): string => say.server(scheduler, lands && say.listed(lands.map((end) => describeEnd(end, say))), weight);
