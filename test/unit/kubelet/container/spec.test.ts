import { describe, expect, test } from 'vitest';
import { specOf } from '../builders.ts';

describe('what a container runs', () => {
  const config = { Entrypoint: ['/entry'], Cmd: ['default'] };
  test.each([
    { name: 'the image’s own', over: {}, want: ['/entry', 'default'] },
    { name: 'own arguments', over: { args: ['x'] }, want: ['/entry', 'x'] },
    { name: 'an own command, without the image’s arguments', over: { command: ['sh'] }, want: ['sh'] },
    { name: 'both', over: { command: ['sh'], args: ['-c', 'true'] }, want: ['sh', '-c', 'true'] },
  ])('$name', ({ over, want }) => expect(specOf(over, config).args).toEqual(want));

  test('references in command and arguments are filled in', () => {
    const env = [{ name: 'WHO', value: 'world' }];
    expect(specOf({ command: ['echo', 'hello $(WHO)'], env }).args).toEqual(['echo', 'hello world']);
  });

  test('nothing to run is refused', () => expect(() => specOf({})).toThrow('no command specified'));

  test('the image’s environment comes below the pod’s, and HOSTNAME and HOME are set', () => {
    const { env } = specOf({ command: ['x'], env: [{ name: 'A', value: 'pod' }] }, { Env: ['A=image', 'B=image'] });
    expect(env).toEqual(expect.arrayContaining(['A=pod', 'B=image', 'HOSTNAME=web', 'HOME=/root']));
  });

  test('runAsNonRoot refuses root', () => {
    const over = { command: ['x'], securityContext: { runAsNonRoot: true } };
    expect(() => specOf(over)).toThrow('container has runAsNonRoot and image will run as root');
  });
});
