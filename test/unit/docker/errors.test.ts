import { describe, expect, test } from 'vitest';
import { type Circumstances, translate, translateText } from '../../../src/host/docker/errors.ts';
import { LabError } from '../../../src/kit/error.ts';

const here = (installed: boolean): Circumstances => ({
  endpoint: { kind: 'unix', path: '/var/run/docker.sock' },
  namedByDockerHost: false,
  engineInstalled: () => installed,
});
const errno = (code: string): Error => Object.assign(new Error(`connect ${code} /var/run/docker.sock`), { code });
const http = (statusCode: number, said: string): Error =>
  Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${said} `), { statusCode });

describe('an error of Docker gets a code and a hint', () => {
  test.each([
    { name: 'not installed', error: errno('ENOENT'), installed: false, code: 'LAB_DOCKER_MISSING', hint: 'labs setup' },
    { name: 'not running', error: errno('ENOENT'), installed: true, code: 'LAB_DOCKER_UNREACHABLE', hint: 'starts it' },
    {
      name: 'just stopped',
      error: errno('ECONNREFUSED'),
      installed: true,
      code: 'LAB_DOCKER_UNREACHABLE',
      hint: 'starts',
    },
    {
      name: 'not allowed',
      error: errno('EACCES'),
      installed: true,
      code: 'LAB_DOCKER_PERMISSION',
      hint: 'usermod -aG docker',
    },
    {
      name: 'disk full',
      error: http(500, 'write /x: no space left on device'),
      installed: true,
      code: 'LAB_DISK_FULL',
      hint: 'docker system df',
    },
    {
      name: 'no image',
      error: http(404, 'No such image: labs/node:1'),
      installed: true,
      code: 'LAB_IMAGE_MISSING',
      hint: 'labs setup',
    },
    {
      name: 'no container',
      error: http(404, 'No such container: x'),
      installed: true,
      code: 'LAB_CONTAINER_MISSING',
      hint: 'labs status',
    },
    {
      name: 'name taken',
      error: http(409, 'Conflict. The container name "/x" is already in use by container "1".'),
      installed: true,
      code: 'LAB_NAME_TAKEN',
      hint: 'labs delete',
    },
    {
      name: 'stopped',
      error: http(409, 'Container 1 is not running'),
      installed: true,
      code: 'LAB_CONTAINER_STOPPED',
      hint: 'labs start',
    },
    {
      name: 'anything else',
      error: http(500, 'kaboom'),
      installed: true,
      code: 'LAB_DOCKER_FAILED',
      hint: 'labs doctor',
    },
  ])('$name', ({ error, installed, code, hint }) => {
    const translated = translate(error, here(installed)) as LabError;
    expect(translated).toBeInstanceOf(LabError);
    expect(translated).toMatchObject({ code, exitCode: 3, hint: expect.stringContaining(hint) });
  });

  test.each([{ installed: true }, { installed: false }])(
    'names DOCKER_HOST when its socket does not answer, engine installed: $installed',
    ({ installed }) => {
      const circumstances = { ...here(installed), namedByDockerHost: true };
      expect(translate(errno('ENOENT'), circumstances)).toMatchObject({
        code: 'LAB_DOCKER_UNREACHABLE',
        message: expect.stringContaining('/var/run/docker.sock'),
        hint: expect.stringMatching(/^Check DOCKER_HOST/),
      });
    },
  );

  test.each([
    { namedByDockerHost: true, hint: 'DOCKER_HOST' },
    { namedByDockerHost: false, hint: 'docker context' },
  ])('names a remote engine, and $hint in the hint', ({ namedByDockerHost, hint }) => {
    const endpoint = { kind: 'tcp', host: 'box', port: 2375 } as const;
    const circumstances = { endpoint, namedByDockerHost, engineInstalled: () => false };
    expect(translate(errno('ETIMEDOUT'), circumstances)).toMatchObject({
      code: 'LAB_DOCKER_UNREACHABLE',
      message: expect.stringContaining('tcp://box:2375'),
      hint: expect.stringContaining(hint),
    });
  });

  test('says why the engine is not reached if no address of the host answers', () => {
    const endpoint = { kind: 'tcp', host: 'box', port: 2375 } as const;
    const circumstances = { endpoint, namedByDockerHost: true, engineInstalled: () => false };
    const error = new AggregateError([errno('ENETUNREACH'), errno('ETIMEDOUT')]);
    expect(translate(error, circumstances)).toMatchObject({
      code: 'LAB_DOCKER_UNREACHABLE',
      message: expect.stringMatching(/^Docker does not answer at tcp:\/\/box:2375: .{10}/),
    });
  });

  test('removes the prefix that the client adds to Docker’s message', () => {
    expect(translate(http(500, 'kaboom'), here(true))).toMatchObject({ message: 'Docker refused the request: kaboom' });
  });

  test.each([
    ['Container ID is not running', 'Container is not running'],
    ['No such container: ID', 'No such container'],
    ['The name "/x" is already in use by container "ID".', 'The name "/x" is already in use by container.'],
  ])('shows no id of a container: %s', (said, shown) => {
    const error = http(409, said.replace('ID', '58a813eab3d8'.padEnd(64, '0')));
    expect(translate(error, here(true))).toMatchObject({ message: shown });
  });

  test('passes an abort and a LabError through', () => {
    const reason = new Error('Ctrl-C');
    expect(translate(errno('ABORT_ERR'), here(true), AbortSignal.abort(reason))).toBe(reason);
    const ours = new LabError('LAB_X', 'x');
    expect(translate(ours, here(true))).toBe(ours);
  });

  test('a failed build shows the output of the failed command', () => {
    const output = [
      'Step 4/9',
      'Err:1 http://m/debian trixie',
      'Could not resolve host',
      'E: Failed to fetch x',
      'bye',
    ];
    const error = translateText('LAB_IMAGE_BUILD', 'sh returned a non-zero code: 100', output);
    expect(error.message).toContain('E: Failed to fetch x');
    expect(error.hint).toContain('network');
  });

  test('recognises a full disk in a build’s output', () => {
    expect(translateText('LAB_IMAGE_BUILD', 'cp: No space left on device').code).toBe('LAB_DISK_FULL');
    expect(translateText('LAB_IMAGE_BUILD', 'returned a non-zero code: 1').code).toBe('LAB_IMAGE_BUILD');
  });
});
