// Answers one DNS question from a zone. Pure, except for the random order of several addresses.
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet';
import type { Records, Zone } from './zone.ts';

/** Seconds. Short, so that a change is visible at the next try. */
const ttl = 5;

export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
type Rcode = keyof typeof rcodes;

/** The name of the response code, or its number. */
export const rcodeOf = ({ flags = 0 }: Packet): string =>
  Object.entries(rcodes).find(([, code]) => code === (flags & 15))?.[0] ?? String(flags & 15);

const opcodeMask = 0x7800;

/** The maximum number of CNAMEs to follow in the zone. It ends a loop. */
const maxChain = 8;

/**
 * The response to a query. Until the caches are complete there is no zone; then the response is SERVFAIL, so that
 * clients ask again.
 */
export const respond = (query: Packet, zone: Zone | undefined): Packet => {
  const [question] = query.questions ?? [];
  if (((query.flags ?? 0) & opcodeMask) !== 0) return reply(query, 'NOTIMP');
  if (!question || (query.questions?.length ?? 0) > 1) return reply(query, 'FORMERR');
  if (question.class !== undefined && question.class !== 'IN' && question.class !== 'ANY')
    return reply(query, 'REFUSED');
  if (!zone) return reply(query, 'SERVFAIL');
  return answer(query, question, zone);
};

const reply = (query: Packet, rcode: Rcode, rest: Partial<Packet> = {}): Packet => {
  const { id = 0, flags = 0, questions = [], additionals = [] } = query;
  const authoritative = rcode === 'NOERROR' || rcode === 'NXDOMAIN' ? AUTHORITATIVE_ANSWER : 0;
  const edns = additionals.some(({ type }) => type === 'OPT');
  const opt: Answer = {
    name: '.',
    type: 'OPT',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return {
    type: 'response',
    id,
    // Without "recursion available", dig prints a warning that would confuse students.
    flags: (flags & (RECURSION_DESIRED | opcodeMask)) | authoritative | RECURSION_AVAILABLE | rcodes[rcode],
    questions,
    ...rest,
    additionals: [...(rest.additionals ?? []), ...(edns ? [opt] : [])],
  };
};

const answer = (query: Packet, question: Question, zone: Zone): Packet => {
  const answers: Answer[] = [];
  let name = question.name.toLowerCase().replace(/\.$/, '');
  let shown = question.name;
  for (let hop = 0; hop < maxChain; hop += 1) {
    const records = lookUp(name, zone);
    if (records?.cname !== undefined && question.type !== 'CNAME') {
      answers.push(textAnswer(shown, 'CNAME', records.cname));
      name = records.cname;
      shown = records.cname;
      // A name outside the cluster cannot be followed, because a lab has no access to other networks.
      if (!isWithin(name, zone.domain)) break;
      continue;
    }
    if (!records && !zone.exists(name))
      return reply(query, 'NXDOMAIN', { answers, authorities: [authority(name, zone)] });
    answers.push(...toAnswers(shown, question.type, records, { name, zone }));
    break;
  }
  if (answers.length === 0) return reply(query, 'NOERROR', { authorities: [authority(name, zone)] });
  return reply(query, 'NOERROR', { answers, additionals: addressesFor(answers, zone) });
};

const isWithin = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`);

const lookUp = (name: string, zone: Zone): Records | undefined => zone.get(name) ?? podRecords(name, zone);

/** `10-244-1-2.default.pod.cluster.local`: the address is in the name. The pod does not have to exist. */
const podRecords = (name: string, { domain, namespaces }: Zone): Records | undefined => {
  if (!name.endsWith(`.pod.${domain}`)) return undefined;
  const [host = '', namespace = '', ...rest] = name.slice(0, -`.pod.${domain}`.length).split('.');
  const octets = host.split('-');
  const valid = octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255);
  if (rest.length > 0 || !valid || !namespaces.has(namespace)) return undefined;
  return { a: [octets.map(Number).join('.')], srv: [], ptr: [], txt: [] };
};

const toAnswers = (
  shown: string,
  type: string,
  records: Records | undefined,
  { name, zone }: { readonly name: string; readonly zone: Zone },
): Answer[] => {
  const wants = (kind: string): boolean => type === kind || type === 'ANY';
  const apex = name === zone.domain;
  return [
    ...(wants('A') ? shuffle(records?.a ?? []).map((data) => textAnswer(shown, 'A', data)) : []),
    ...(wants('SRV') ? (records?.srv ?? []).map((record) => srvAnswer(shown, record, records?.srv.length ?? 1)) : []),
    ...(wants('PTR') ? (records?.ptr ?? []).map((data) => textAnswer(shown, 'PTR', data)) : []),
    ...(wants('TXT') ? (records?.txt ?? []).map((data) => textAnswer(shown, 'TXT', data)) : []),
    ...(type === 'CNAME' && records?.cname ? [textAnswer(shown, 'CNAME', records.cname)] : []),
    ...(apex && wants('SOA') ? [soa(zone.domain)] : []),
    ...(apex && wants('NS') ? [textAnswer(shown, 'NS', nameserver(zone.domain))] : []),
  ];
};

const textAnswer = (name: string, type: 'A' | 'CNAME' | 'NS' | 'PTR' | 'TXT', data: string): Answer => ({
  name,
  type,
  ttl,
  data,
});

/** Weights are equal and add up to 100, as in CoreDNS. */
const srvAnswer = (name: string, { port, target }: Records['srv'][number], of: number): Answer => ({
  name,
  type: 'SRV',
  ttl,
  data: { priority: 0, weight: Math.max(1, Math.floor(100 / of)), port, target },
});

/** The addresses of the targets of SRV and NS answers. They save the client a second question. */
const addressesFor = (answers: readonly Answer[], zone: Zone): Answer[] => {
  const targets = answers.flatMap((answer) =>
    answer.type === 'SRV' ? [answer.data.target] : answer.type === 'NS' ? [answer.data] : [],
  );
  return [...new Set(targets)].flatMap((name) => (zone.get(name)?.a ?? []).map((data) => textAnswer(name, 'A', data)));
};

const nameserver = (domain: string): string => `kube-dns.kube-system.svc.${domain}`;

const soa = (name: string, domain = name): Answer => ({
  name,
  type: 'SOA',
  ttl,
  data: {
    mname: nameserver(domain),
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86400,
    minimum: ttl,
  },
});

/**
 * The SOA record of a negative answer. Names outside the cluster also get NXDOMAIN, because `curl` should fail at once.
 * After REFUSED or SERVFAIL, a resolver retries for seconds.
 */
const authority = (name: string, { domain }: Zone): Answer => {
  if (isWithin(name, domain)) return soa(domain);
  return name.endsWith('.in-addr.arpa') ? soa('in-addr.arpa', domain) : soa('.', domain);
};

const shuffle = (values: readonly string[]): string[] =>
  values
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
