import { describe, expect, test } from 'vitest';
import { specOf } from '../builders.ts';

describe('a container’s specification', () => {
  const config = { Entrypoint: ['/entry'], Cmd: ['default'] };
  test.each([
    { name: 'the image’s entrypoint and arguments', over: {}, want: ['/entry', 'default'] },
    { name: 'the image’s entrypoint with the pod’s arguments', over: { args: ['x'] }, want: ['/entry', 'x'] },
    { name: 'the pod’s command without the image’s arguments', over: { command: ['sh'] }, want: ['sh'] },
    {
      name: 'the pod’s command and arguments',
      over: { command: ['sh'], args: ['-c', 'true'] },
      want: ['sh', '-c', 'true'],
    },
  ])('runs $name', ({ over, want }) => expect(specOf(over, config).args).toEqual(want));

  test('replaces references to variables in command and arguments', () => {
    const env = [{ name: 'WHO', value: 'world' }];
    expect(specOf({ command: ['echo', 'hello $(WHO)'], env }).args).toEqual(['echo', 'hello world']);
  });

  test('refuses a container without a command', () => expect(() => specOf({})).toThrow('no command specified'));

  test('has HOSTNAME, HOME and the image’s variables; the pod’s variables win', () => {
    const { env } = specOf({ command: ['x'], env: [{ name: 'A', value: 'pod' }] }, { Env: ['A=image', 'B=image'] });
    expect(env).toEqual(expect.arrayContaining(['A=pod', 'B=image', 'HOSTNAME=web', 'HOME=/root']));
  });

  test.each([
    { user: '', says: 'container has runAsNonRoot and image will run as root' },
    { user: '0:1000', says: 'container has runAsNonRoot and image will run as root' },
    { user: 'mysql', says: 'image has non-numeric user (mysql), cannot verify user is non-root' },
    { user: '1000', runAsUser: 0, says: "container's runAsUser breaks non-root policy" },
  ])('under runAsNonRoot, refuses the user "$user" of the image: $says', ({ user, runAsUser, says }) => {
    const securityContext = { runAsNonRoot: true, ...(runAsUser === undefined ? {} : { runAsUser }) };
    const specify = () => specOf({ command: ['x'], securityContext }, { User: user });
    expect(specify).toThrow(says);
    expect(specify).toThrow('(pod: "web_default(u1)", container: c)');
  });

  test.each([
    { user: '1000', securityContext: {} },
    { user: 'mysql', securityContext: { runAsUser: 999 } },
  ])('under runAsNonRoot, accepts the user "$user" of the image with $securityContext', ({ user, securityContext }) => {
    const over = { command: ['x'], securityContext: { runAsNonRoot: true, ...securityContext } };
    expect(specOf(over, { User: user }).user.uid).toBeGreaterThan(0);
  });
});
