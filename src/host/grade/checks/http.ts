// The http check: an HTTP request from a place gets the right answer.
import * as z from 'zod';
import type { SeriesAnswer } from '../../../api/probes.ts';
import { brief, contains, type TextMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { httpStatus, match, place, url } from './fields.ts';
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
  httpExpected: (from: string, url: string, status: number, body: TextMatch | undefined) =>
    `${en.where(from)} gets ${status} from ${url}${en.quoted(body, (text) => `, with ${text} in the answer`)}`,
  httpObserved: (place: string, url: string, status: number, body: string) =>
    `${place} got ${status} from ${url}: ${body || '(empty)'}`,
};

const korean: typeof english = {
  ...probeKorean,
  ...seriesKorean,
  httpExpected: (from, url, status, body) =>
    `${ko.where(from)}에서 ${url} 요청에 ${status} 응답${ko.quoted(body, (text) => `, 본문에 ${text} 포함`)}`,
  httpObserved: (place, url, status, body) => `${place}에서 ${url} 요청에 ${status} 응답: ${body || '(비어 있음)'}`,
};

export const httpCheck = checkKind({
  type: 'http',
  summary: 'An HTTP request is answered.',
  fields: {
    from: place,
    url,
    method: z
      .string()
      .default('GET')
      .meta({ description: 'The method of the request.', examples: ['POST'] }),
    status: httpStatus.default(200),
    body: match.exactOptional().meta({ description: 'What the body of the answer contains.' }),
    lands,
    timeout,
    ...seriesFields,
  },
  words: { en: english, ko: korean },
  resolve: ({ timeout, ...check }) => ({ ...check, timeoutMs: timeout }),
  mistakes: seriesMistakes,
  expected: (check, say) =>
    seriesExpected(say.httpExpected(check.from, check.url, check.status, check.body), check, say),
  judge(check, view, say) {
    const { url, body, method, timeoutMs } = check;
    const expected = whoAnswers(check);
    const isRight = (answer: { readonly status: number; readonly body: string }): boolean =>
      answer.status === check.status && (body === undefined || contains(body, answer.body));
    return view.places.each(check.from, (place) => {
      const options = { method, timeoutMs, ...expected };
      const observed = (answer: { readonly status: number; readonly body: string }): string =>
        say.httpObserved(place.label, url, answer.status, brief(answer.body, 80));
      if (isSeries(check)) {
        const series = view.probes.httpSeries(place, url, { ...options, times: timesOf(check) });
        const wrong = ({ status = 0, text }: SeriesAnswer): string | undefined =>
          isRight({ status, body: text }) ? undefined : observed({ status, body: text });
        return judgeSeries({ check, place, target: url, series, wrong }, view, say);
      }
      const answer = view.probes.http(place, url, options);
      return answer.ok ? { holds: isRight(answer), observed: observed(answer) } : noAnswer(place, url, answer, say);
    });
  },
});
