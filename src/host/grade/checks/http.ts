// The http check: an HTTP request from a place gets the right answer.
import * as z from 'zod';
import { brief, contains, type TextMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { match, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { lands, noAnswer, probeEnglish, probeKorean, timeout, whoAnswers } from './probe.ts';

const english = {
  ...probeEnglish,
  httpExpected: (from: string, url: string, status: number, body: TextMatch | undefined) =>
    `${en.where(from)} gets ${status} from ${url}${en.quoted(body, (text) => `, with ${text} in the answer`)}`,
  httpObserved: (place: string, url: string, status: number, body: string) =>
    `${place} got ${status} from ${url}: ${body || '(empty)'}`,
};

const korean: typeof english = {
  ...probeKorean,
  httpExpected: (from, url, status, body) =>
    `${ko.where(from)}에서 ${url} 요청에 ${status} 응답${ko.quoted(body, (text) => `, 본문에 ${text} 포함`)}`,
  httpObserved: (place, url, status, body) => `${place}에서 ${url} 요청에 ${status} 응답: ${body || '(비어 있음)'}`,
};

export const httpCheck = checkKind({
  type: 'http',
  summary: 'An HTTP request is answered.',
  fields: {
    from: place,
    url: z
      .string()
      .regex(/^(https?:\/\/|\$\{)/, { error: (issue) => `"${issue.input}" is not a URL such as http://orange/` }),
    method: z.string().default('GET'),
    status: z.int().min(100).max(599).default(200),
    body: match.exactOptional(),
    lands,
    timeout,
  },
  words: { en: english, ko: korean },
  resolve: ({ timeout, ...check }) => ({ ...check, timeoutMs: timeout }),
  expected: ({ from, url, status, body }, say) => say.httpExpected(from, url, status, body),
  judge(check, view, say) {
    const url = view.objects.fill(check.url);
    const body = check.body === undefined ? undefined : view.objects.fill(check.body);
    const { method, timeoutMs } = check;
    const expected = whoAnswers(check);
    return view.places.each(check.from, (place) => {
      const answer = view.probes.http(place, url, { method, timeoutMs, ...expected });
      if (!answer.ok) return noAnswer(place, url, answer, say);
      return {
        holds: answer.status === check.status && (body === undefined || contains(body, answer.body)),
        observed: say.httpObserved(place.label, url, answer.status, brief(answer.body, 80)),
      };
    });
  },
});
