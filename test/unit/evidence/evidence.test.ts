import { generateKeyPairSync } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../../src/api/report.ts';
import { type NamedFile, packFiles } from '../../../src/host/evidence/archive.ts';
import { chainFiles, manifestFile } from '../../../src/host/evidence/chain.ts';
import { redact } from '../../../src/host/evidence/redact.ts';
import { signFiles } from '../../../src/host/evidence/sign.ts';
import { openEvidence, verifyContent } from '../../../src/host/evidence/verify.ts';
import { renderJson } from '../../../src/host/grade/report/json.ts';
import { fileDigests, loadLab } from '../../../src/host/lab/load.ts';
import { fuzz } from '../../support/runs.ts';
import { everyNode, noRules } from '../grade/world.ts';
import {
  evidenceFor,
  type Made,
  makeEvidence,
  makeLab,
  password,
  privateKey,
  progress,
  token,
  withHeader,
  world,
} from './made.ts';

let made: Made;
beforeAll(async () => {
  made = await makeEvidence();
});
afterAll(() => rm(made.lab.folder, { recursive: true }));

const { privateKey: key, publicKey } = generateKeyPairSync('ed25519');

const open = async (files: readonly NamedFile[], checking?: typeof publicKey) =>
  openEvidence(await packFiles(files), checking);

const verify = async (files: readonly NamedFile[], lab = made.lab) => {
  const { content, ...opened } = await open(files);
  if (!content) throw new Error(JSON.stringify(opened.problems));
  const found = verifyContent({ content, files }, { lab, files: await fileDigests(lab.folder) });
  return { ...found, problems: [...opened.problems, ...found.problems] };
};

const replaced = (name: string, change: (text: string) => string): readonly NamedFile[] =>
  made.files.map((file) => (file.name === name ? { name, bytes: Buffer.from(change(file.bytes.toString())) } : file));

/** What somebody who changes a file would do next. */
const chainedAnew = (files: readonly NamedFile[]): readonly NamedFile[] =>
  chainFiles(files.filter(({ name }) => name !== manifestFile));

const textOf = (name: string): string => made.files.find((file) => file.name === name)?.bytes.toString() ?? '';

describe('evidence', () => {
  test('leads to the very report that was printed, without the cluster', async () => {
    expect(made.report.tasks[0]?.checks.map(({ outcome }) => outcome)).toEqual([
      ...['pass', 'pass', 'fail', 'blocked', 'pass', 'pass', 'pass', 'pass'],
    ]);
    const { problems, regraded } = await verify(made.files);
    expect(problems).toEqual([]);
    expect(JSON.stringify(regraded.report)).toBe(JSON.stringify(redact(made.report)));
  });

  test('of an exam leads to what counted, also when the time is over', async () => {
    const clock = { startedAt: '2026-11-29T07:00:00.000Z', seconds: 5400, extendedSeconds: 900, resets: 1 };
    const at = '2026-11-29T08:00:09.000Z';
    const exam = { ...progress, clock, counted: { 'look/rules': { at, points: 1, outcome: 'pass' as const } } };
    for (const language of ['en', 'ko'] as const) {
      const { lab, files, report } = await makeEvidence(
        { ...world, facts: everyNode({ iptables: noRules }) },
        language,
        exam,
      );
      const { problems, regraded } = await verify(files, lab);
      expect(problems).toEqual([]);
      expect(regraded.report).toMatchObject({
        score: 1,
        timeLimit: { over: true, extendedSeconds: 900, resets: 1, counted: [{ task: 'look', score: 1, since: at }] },
      });
      expect(JSON.stringify(regraded.report)).toBe(JSON.stringify(redact(report)));
      await rm(lab.folder, { recursive: true });
    }
  });

  test.each([
    ['in Korean', () => makeEvidence(world, 'ko')],
    ['with rules that are missing', () => makeEvidence({ ...world, facts: everyNode({ iptables: noRules }) })],
    ['with checks that are broken', () => makeEvidence({ ...world, facts: {} })],
    [
      'with a script of a fault of the library',
      async () =>
        evidenceFor(await makeLab('  - { id: mend, fault: duplicate-address }\n'), world, {
          student: { ...progress, begun: ['mend'] },
        }),
    ],
    ['without the API server', () => makeEvidence({ ...world, kube: () => ({ status: 503, body: null }) })],
  ])('does so %s', async (_, make) => {
    const { lab, report, files } = await make();
    try {
      const { problems, regraded } = await verify(files, lab);
      expect(problems).toEqual([]);
      expect(JSON.stringify(regraded.report)).toBe(JSON.stringify(redact(report)));
    } finally {
      await rm(lab.folder, { recursive: true });
    }
  });

  test('tells which verdicts cannot be judged again: those of scripts, and those that need a secret', async () => {
    const { scripted, secret } = await verify(made.files);
    expect(scripted).toEqual(['look/script', 'look/ask']);
    // A part of the file is in the report, and its length depends on the token.
    expect(secret).toEqual(['look/kubeconfig', 'look/password']);
  });

  test('has no private key, token or password', async () => {
    const all = Buffer.concat(made.files.map(({ bytes }) => bytes)).toString();
    expect(all.length).toBeGreaterThan(1000);
    for (const hidden of [password, Buffer.from(password).toString('base64'), token, 'MHcCAQEEIBkg', privateKey])
      expect(all).not.toContain(hidden);
    expect(all).toContain('server: here');
  });

  test('counts the tries of each question, with their times', () => {
    expect(JSON.parse(textOf('student.json')).attempts).toEqual({
      'look/ask': { tries: 2, wrong: 1, first: '2026-11-29T08:00:00.000Z', last: '2026-11-29T08:00:09.000Z' },
    });
  });

  test('does not hold against another definition, and names the files that differ', async () => {
    const other = await makeLab();
    try {
      await writeFile(join(other.folder, 'look.ts'), 'export const check = async () => {};\n');
      await writeFile(join(other.folder, 'more.md'), '');
      const { problems, changedFiles } = await verify(made.files, await loadLab(other.folder));
      expect(problems.map(({ code }) => code)).toEqual(['definition']);
      expect(changedFiles).toEqual(['look.ts', 'more.md']);
    } finally {
      await rm(other.folder, { recursive: true });
    }
  });
});

describe('a change', () => {
  test('of any file is found, and the file is named', async () => {
    expect(made.files.length).toBeGreaterThan(7);
    for (const { name } of made.files) {
      const { problems } = await open(replaced(name, (text) => `${text.slice(0, -1)} \n`));
      expect(problems, name).toEqual([{ code: name === manifestFile ? 'manifest' : 'changed', about: name }]);
    }
  });

  test('of a hash, an order, a missing or an added file is found', async () => {
    const codes = async (files: readonly NamedFile[]) => (await open(files)).problems.map(({ code }) => code);
    expect(await codes(replaced(manifestFile, (text) => text.replace(/sha256:\w/, 'sha256:z')))).toContain('manifest');
    expect(await codes(replaced(manifestFile, (text) => text.replace('"head"', '"more"')))).toContain('manifest');
    expect(await codes(made.files.filter(({ name }) => name !== 'facts/0002.json'))).toContain('missing');
    expect(await codes(made.files.filter(({ name }) => name !== manifestFile))).toContain('missing');
    expect(await codes([...made.files, { name: 'more.json', bytes: Buffer.from('{}') }])).toEqual(['extra']);
    expect(await codes(made.files.toReversed())).toEqual(['moved']);
  });

  test('of any byte of the archive is found, or changes nothing that the files hold', async () => {
    const packed = await packFiles(made.files);
    const places = fc.tuple(fc.integer({ min: 0, max: packed.length - 1 }), fc.integer({ min: 1, max: 255 }));
    await fuzz(60, places, async ([at, flip]) => {
      const changed = Buffer.from(packed);
      changed[at] = (changed[at] ?? 0) ^ flip;
      const { problems, files } = await openEvidence(changed);
      if (problems.length === 0) expect(files).toEqual(made.files);
    });
  });

  test('of a verdict is found, although the hashes were made anew', async () => {
    const files = chainedAnew(
      replaced('report.json', (text) => text.replace('"outcome": "fail"', '"outcome": "pass"')),
    );
    const { problems } = await verify(files);
    expect(problems).toEqual([{ code: 'report', about: 'report.json' }]);
  });

  test('of a fact leads to another report', async () => {
    const fact = made.files.find(({ bytes }) => bytes.includes('"db-service"'));
    const files = chainedAnew(replaced(fact?.name ?? '', (text) => text.replaceAll('"db-service"', '"other"')));
    expect((await verify(files)).problems).toEqual([{ code: 'report', about: 'report.json' }]);
  });

  test('of a check’s list of facts makes the check broken, not passed', async () => {
    const files = chainedAnew(replaced('checks.json', (text) => text.replace(/"facts": \[[\s\d,]+\]/, '"facts": []')));
    const { problems, regraded } = await verify(files);
    expect(problems.map(({ code }) => code)).toEqual(['report']);
    expect(regraded.report.tasks[0]?.checks[0]?.outcome).toBe('broken');
  });
});

describe('a kept verdict', () => {
  interface Kept {
    check: string;
    facts: number[];
    verdict?: object;
  }
  const passing = { outcome: { outcome: 'pass', observed: 'all is well' }, expected: 'x', retry: 'never' };
  /** As somebody would write the evidence who can run labs: the report and the manifest fit the verdicts. */
  const forged = async (change: (checks: Kept[]) => void, keep = (_: string): boolean => true) => {
    const checks = JSON.parse(textOf('checks.json')) as Kept[];
    change(checks);
    const files = replaced('checks.json', () => JSON.stringify(checks)).filter(({ name }) => keep(name));
    const { regraded } = await verify(chainedAnew(files));
    const report = Buffer.from(renderJson(regraded.report));
    return verify(chainedAnew(files.map((file) => (file.name === 'report.json' ? { ...file, bytes: report } : file))));
  };
  const refused = async (...given: Parameters<typeof forged>): Promise<readonly string[]> =>
    (await forged(...given)).problems
      .filter(({ code }) => code === 'verdict')
      .map(({ about }) => about)
      .toSorted();

  test('without a fact never counts', async () => {
    const all = (checks: Kept[]) => {
      for (const check of checks) Object.assign(check, { verdict: passing, facts: [] });
    };
    const ids = (JSON.parse(textOf('checks.json')) as Kept[]).map(({ check }) => check).toSorted();
    expect(await refused(all)).toEqual(ids);
    const { problems, regraded } = await forged(all, (name) => !name.startsWith('facts/'));
    expect(problems.map(({ code }) => code)).toEqual(ids.map(() => 'verdict'));
    expect(regraded.report.score).toBe(0);
  });

  test('counts only for a check that reads a fact with a secret, whatever facts it lists', async () => {
    const made = JSON.parse(textOf('checks.json')) as Kept[];
    const secret = made.flatMap(({ facts, verdict }) => (verdict ? facts : []));
    const listed = (checks: Kept[]) => {
      for (const check of checks) Object.assign(check, { verdict: passing, facts: [...check.facts, ...secret] });
    };
    const ids = made
      .filter(({ verdict }) => !verdict)
      .map(({ check }) => check)
      .toSorted();
    expect(await refused(listed)).toEqual(ids);
  });
});

test('invented facts never crash the verification, and never pass for the recorded ones', async () => {
  const pick = fc.tuple(fc.nat(), fc.jsonValue({ maxDepth: 4 }));
  await fuzz(60, pick, async ([which, value]) => {
    const facts = made.files.filter(({ name }) => name.startsWith('facts/'));
    const name = facts[which % facts.length]?.name ?? '';
    const invented = (text: string) => JSON.stringify({ ...JSON.parse(text), answer: { ok: true, value } });
    const { problems, regraded } = await verify(chainedAnew(replaced(name, invented)));
    expect(regraded.report.tasks[0]?.checks).toHaveLength(8);
    if (problems.length === 0) expect(JSON.stringify(regraded.report)).toBe(JSON.stringify(redact(made.report)));
  });
});

describe('a signature', () => {
  const signed = () => signFiles(made.files, key);

  test('fits the key and the files', async () => {
    expect(await open(signed(), publicKey)).toMatchObject({ problems: [], signature: { state: 'valid' } });
    expect((await open(signed())).signature.state).toBe('unchecked');
  });

  test('does not fit another key, other files, or itself after a change', async () => {
    const other = generateKeyPairSync('ed25519');
    expect((await open(signed(), other.publicKey)).signature.state).toBe('wrong');
    const forged = chainedAnew(replaced('report.json', (text) => text.replace('"score": 6', '"score": 8')));
    const signature = signed().at(-1) as NamedFile;
    expect((await open([...forged, signature], publicKey)).problems).toEqual([
      { code: 'signature', about: 'signature.json' },
    ]);
    const text = signature.bytes.toString().replace(/"signature": "./, '"signature": "_');
    const { problems } = await open([...made.files, { name: signature.name, bytes: Buffer.from(text) }], publicKey);
    expect(problems.map(({ code }) => code)).toEqual(['signature']);
  });

  test('is missed when a key is given', async () => {
    expect((await open(made.files, publicKey)).problems.map(({ code }) => code)).toEqual(['unsigned']);
  });
});

test('the same files always give the same archive, and another program may pack them again', async () => {
  const packed = await packFiles(made.files);
  expect(await packFiles(made.files)).toEqual(packed);
  expect((await openEvidence(packed)).repacked).toBe(false);
  // Another time of the last change.
  const tar = withHeader(gunzipSync(packed), 136, '00000000001\0');
  expect(await openEvidence(gzipSync(tar))).toMatchObject({ problems: [], repacked: true });
});

test('every outcome is in the kept report', () => {
  const kept = JSON.parse(textOf('report.json')) as Report;
  expect(kept).toEqual(JSON.parse(JSON.stringify(redact(made.report))));
});
