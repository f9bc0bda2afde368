import { expect, test } from 'vitest';
import { choiceOf } from '../../../src/host/cli/judge.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';

test('an answer that is no choice gets the choices as a list, each without the period of its sentence', () => {
  const choices = [
    { id: 'ask', text: { en: 'It asks.', ko: '물어본다.' } },
    { id: 'read', text: { en: 'It reads …', ko: '읽는다' } },
  ];
  const context = { say: messagesIn('en'), environment: { language: 'en' } } as Parameters<typeof choiceOf>[0];
  const question = { id: 'how', choices } as unknown as Parameters<typeof choiceOf>[1];
  expect(() => choiceOf(context, question, 'x')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('1 = It asks; 2 = It reads …') }),
  );
});
