import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { nameWidth } from '../../../src/host/cli/commands/doctor.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { kernelProbes } from '../../../src/host/setup/kernel.ts';

const inKorean = (text: string): string => messagesIn('ko').fromEnglish(text);

test('every remedy for the kernel is Korean in Korean', () => {
  expect(kernelProbes.length).toBeGreaterThan(20);
  for (const { name, remedy } of kernelProbes) {
    expect(inKorean(remedy), name).toMatch(/[가-힣]/);
    expect(inKorean(remedy), name).not.toMatch(/\b(the|needs?|with|run|only)\b/i);
  }
});

test.each([
  ['works', '정상'],
  ['version 1', '버전 1'],
  ['rootless: labs does not work', 'root 권한 없이 실행 중(rootless): labs를 쓸 수 없음'],
  ['20.10 on Debian 12, kernel 6.1', '20.10, Debian 12, 커널 6.1'],
  ['The Docker Engine is not installed', 'Docker Engine이 설치되어 있지 않습니다'],
])('the doctor says "%s" in Korean as "%s"', (english, korean) => expect(inKorean(english)).toBe(korean));

test('every Korean name of the doctor fits in its column', () => {
  for (const name of Object.values(messagesIn('ko').probeNames))
    expect(stringWidth(name), name).toBeLessThanOrEqual(nameWidth);
});

test('the doctor keeps English in English', () => expect(messagesIn('en').fromEnglish('works')).toBe('works'));
