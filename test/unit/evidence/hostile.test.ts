// Archives that somebody made to harm whoever verifies them.
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { packFiles } from '../../../src/host/evidence/archive.ts';
import { chainFiles } from '../../../src/host/evidence/chain.ts';
import { parseJson } from '../../../src/host/evidence/json.ts';
import { openEvidence } from '../../../src/host/evidence/verify.ts';
import { withHeader } from './made.ts';

const archiveOf = async (
  ...entries: readonly (readonly [Partial<Header> & { readonly name: string }, string])[]
): Promise<Buffer> => {
  const tar = pack();
  for (const [header, content] of entries)
    if (header.type && header.type !== 'file') tar.entry(header);
    else tar.entry(header, content);
  tar.finalize();
  return gzipSync(await buffer(tar));
};

const damageOf = async (packed: Buffer): Promise<string | undefined> =>
  (await openEvidence(packed)).problems.find(({ code }) => code === 'damaged')?.about;

describe('an archive is refused for', () => {
  test.each([
    ['a path upwards', { name: '../evil' }, 'path'],
    ['a path upwards in the middle', { name: 'facts/../../evil' }, 'path'],
    ['an absolute path', { name: '/tmp/evil' }, 'path'],
    ['a name of control characters', { name: 'a\u001b[2Jb' }, 'path'],
    ['a very long path', { name: `${'a/'.repeat(400)}../b` }, 'path'],
    ['a symbolic link', { name: 'link', type: 'symlink', linkname: '/etc/passwd' }, 'symlink'],
    ['a hard link', { name: 'link', type: 'link', linkname: '/etc/passwd' }, 'link'],
    ['a device', { name: 'device', type: 'character-device' }, 'device'],
    ['a folder upwards', { name: '../folder', type: 'directory' }, 'path'],
    ['a folder of the whole machine', { name: '/', type: 'directory' }, 'path'],
    ['a path that only begins like one here', { name: './../evil' }, 'path'],
    ['a path with two dots in front', { name: '././about.json' }, 'path'],
  ] as const)('%s', async (_, header, word) => {
    expect(await damageOf(await archiveOf([header, 'x']))).toContain(word);
  });

  test('a file that comes twice', async () => {
    const packed = await archiveOf([{ name: 'about.json' }, '{}'], [{ name: 'about.json' }, '{"more":1}']);
    expect(await damageOf(packed)).toContain('twice');
  });

  test('a file that comes twice, with and without ./', async () => {
    const packed = await archiveOf([{ name: 'about.json' }, '{}'], [{ name: './about.json' }, '{"more":1}']);
    expect(await damageOf(packed)).toContain('twice');
  });

  test('very many folders', async () => {
    const folders = Array.from({ length: 20_001 }, (_, at) => [{ name: `a${at}`, type: 'directory' }, ''] as const);
    expect(await damageOf(await archiveOf(...folders))).toContain('more than');
  });

  test('a file that says it is enormous', async () => {
    const tar = gunzipSync(await archiveOf([{ name: 'about.json' }, '{}']));
    expect(await damageOf(gzipSync(withHeader(tar, 124, '77777777777\0')))).toContain('MiB');
  });

  test('an archive that unpacks to very much', async () => {
    const zeros = gzipSync(Buffer.alloc(64 << 20), { level: 9 });
    expect(zeros.length).toBeLessThan(100_000);
    // Members of a gzip file follow each other.
    expect(await damageOf(Buffer.concat(Array.from({ length: 9 }, () => zeros)))).toContain('MiB');
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('not an archive')],
    ['a gzip of nothing', gzipSync('')],
    ['a gzip of text', gzipSync('x'.repeat(2000))],
  ])('%s', async (_, packed) => {
    const { problems, content } = await openEvidence(packed);
    expect(problems.length).toBeGreaterThan(0);
    expect(content).toBeUndefined();
  });
});

describe('JSON of a stranger', () => {
  test.each([
    ['nested deeply', `${'['.repeat(1000)}${']'.repeat(1000)}`],
    ['with very many values', `[${'0,'.repeat(5_000_001)}0]`],
    ['that is no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['that is none', '{'],
  ])('%s is refused', (_, text) => {
    expect(() => parseJson(Buffer.from(text))).toThrow();
  });

  test('may have brackets and escaped quotes in its texts', () => {
    const value = { text: `\\"${'[{'.repeat(500)}`, list: [1, { deep: [] }] };
    expect(parseJson(Buffer.from(JSON.stringify(value)))).toEqual(value);
  });

  test('of another shape than evidence has makes a file unreadable', async () => {
    for (const about of ['null', '[]', '{"lab":{"name":5}}', `${'['.repeat(1000)}`]) {
      const files = chainFiles([{ name: 'about.json', bytes: Buffer.from(about) }]);
      const { problems } = await openEvidence(await packFiles(files));
      expect(problems).toEqual([{ code: 'unreadable', about: 'about.json' }]);
    }
  });
});
