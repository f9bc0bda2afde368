// The tcp check: a TCP connection from a place is accepted.
import type { SeriesAnswer } from '../../../api/probes.ts';
import { brief, contains, type TextMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { hostPort, match, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { lands, noAnswer, probeEnglish, probeKorean, timeout, whoAnswers } from './probe.ts';
import {
  isSeries,
  judgeSeries,
  seriesEnglish,
  seriesExpected,
  seriesFields,
  seriesKorean,
  seriesMistakes,
  timesOf,
} from './series.ts';

const english = {
  ...probeEnglish,
  ...seriesEnglish,
  tcpExpected: (from: string, to: string, banner: TextMatch | undefined) =>
    `${en.where(from)} can connect to ${to}${en.quoted(banner, (text) => ` and is greeted with ${text}`)}`,
  noTcpExpected: (from: string, to: string) =>
    `${from === 'node/*' ? 'no node can' : `${en.where(from)} cannot`} connect to ${to}`,
  tcpObserved: (place: string, to: string, greeting: string) =>
    `${place} connected to ${to}${greeting === '' ? '' : `, greeted with ${greeting}`}`,
};

const korean: typeof english = {
  ...probeKorean,
  ...seriesKorean,
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
    banner: match
      .exactOptional()
      .meta({ description: 'What the first text that the server sends contains.', examples: ['MariaDB'] }),
    lands,
    timeout,
    ...seriesFields,
  },
  words: { en: english, ko: korean },
  resolve: ({ timeout, ...check }) => ({ ...check, timeoutMs: timeout }),
  mistakes: seriesMistakes,
  expected: (check, say) => seriesExpected(say.tcpExpected(check.from, check.to, check.banner), check, say),
  expectedNot: ({ from, to, banner }, say) => (banner === undefined ? say.noTcpExpected(from, to) : undefined),
  judge(check, view, say) {
    const { to, banner, timeoutMs } = check;
    const isRight = (text: string): boolean => banner === undefined || contains(banner, text);
    const expected = whoAnswers(check);
    return view.places.each(check.from, (place) => {
      const observed = (text: string): string => say.tcpObserved(place.label, to, brief(printable(text), 60));
      if (isSeries(check)) {
        const greets = banner !== undefined;
        const series = view.probes.tcpSeries(place, to, { timeoutMs, greets, ...expected, times: timesOf(check) });
        const wrong = ({ text }: SeriesAnswer): string | undefined => (isRight(text) ? undefined : observed(text));
        return judgeSeries({ check, place, target: to, series, wrong }, view, say);
      }
      const answer = view.probes.tcp(place, to, timeoutMs, expected);
      return answer.ok
        ? { holds: isRight(answer.banner), observed: observed(answer.banner) }
        : noAnswer(place, to, answer, say);
    });
  },
});

/** Only the printable characters: a database greets with binary data. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
