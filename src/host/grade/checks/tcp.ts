// The tcp check: a TCP connection from a place is accepted.
import { brief, contains, type TextMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { hostPort, match, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { lands, noAnswer, probeEnglish, probeKorean, timeout, whoAnswers } from './probe.ts';

const english = {
  ...probeEnglish,
  tcpExpected: (from: string, to: string, banner: TextMatch | undefined) =>
    `${en.where(from)} can connect to ${to}${en.quoted(banner, (text) => ` and is greeted with ${text}`)}`,
  noTcpExpected: (from: string, to: string) =>
    `${from === 'node/*' ? 'no node can' : `${en.where(from)} cannot`} connect to ${to}`,
  tcpObserved: (place: string, to: string, greeting: string) =>
    `${place} connected to ${to}${greeting === '' ? '' : `, greeted with ${greeting}`}`,
};

const korean: typeof english = {
  ...probeKorean,
  tcpExpected: (from, to, banner) =>
    `${ko.where(from)}에서 ${to}에 연결됨${ko.quoted(banner, (text) => `, 서버의 첫 메시지는 ${text}`)}`,
  noTcpExpected: (from, to) => `${ko.where(from)}에서 ${to}에 연결되지 않음`,
  tcpObserved: (place, to, greeting) =>
    `${place}에서 ${to}에 연결됨${greeting === '' ? '' : `, 서버의 첫 메시지는 ${greeting}`}`,
};

export const tcpCheck = checkKind({
  type: 'tcp',
  summary: 'A TCP connection is accepted.',
  fields: {
    from: place,
    to: hostPort,
    /** The first text that the server sends. */
    banner: match.exactOptional(),
    lands,
    timeout,
  },
  words: { en: english, ko: korean },
  resolve: ({ timeout, ...check }) => ({ ...check, timeoutMs: timeout }),
  expected: ({ from, to, banner }, say) => say.tcpExpected(from, to, banner),
  expectedNot: ({ from, to, banner }, say) => (banner === undefined ? say.noTcpExpected(from, to) : undefined),
  judge(check, view, say) {
    const to = view.objects.fill(check.to);
    return view.places.each(check.from, (place) => {
      const answer = view.probes.tcp(place, to, check.timeoutMs, whoAnswers(check));
      if (!answer.ok) return noAnswer(place, to, answer, say);
      return {
        holds: check.banner === undefined || contains(check.banner, answer.banner),
        observed: say.tcpObserved(place.label, to, brief(printable(answer.banner), 60)),
      };
    });
  },
});

/** Only the printable characters: a database greets with binary data. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
