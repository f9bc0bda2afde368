// Evidence of a lab in a world of recorded facts, for the tests of this folder.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabDefinition } from '../../../src/api/lab.ts';
import type { Report } from '../../../src/api/report.ts';
import type { NamedFile } from '../../../src/host/evidence/archive.ts';
import { chainFiles } from '../../../src/host/evidence/chain.ts';
import { evidenceOf } from '../../../src/host/evidence/record.ts';
import { gradeLab, type Rests } from '../../../src/host/grade/engine.ts';
import { countInTime } from '../../../src/host/grade/time-limit.ts';
import { fileDigests, loadLab } from '../../../src/host/lab/load.ts';
import { noProgress, type Progress } from '../../../src/host/tasks/progress-changes.ts';
import { accessTo, dbRules, everyNode, objects, type World } from '../grade/world.ts';

export const token = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl';
export const password = 'hunter2-very-secret';
export const privateKey = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBkg\n-----END EC PRIVATE KEY-----\n';

const definition = `
apiVersion: labs/v1
name: kept
title: Kept
summary: For tests.
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }, { name: node02 }] }
tasks:
  - id: look
    title: { en: Look, ko: 보기 }
    checks:
      - { id: made, title: It is made, type: object, object: service/db-service }
      - { id: rules, title: The rules, type: iptables, on: node/*, rules: { table: nat, chain: KUBE-SVC-DB } }
      - { id: none, title: None, type: object, object: pod/none, needs: made }
      - { id: waits, title: It waits, type: object, object: pod/blue, needs: none }
      - { id: script, title: A script, type: script, file: look.ts }
      - { id: ask, title: Asked, type: answer, question: Where?, script: look.ts }
      - { id: kubeconfig, title: The file, type: file, on: node/node01, path: /etc/config, content: "${'server: here'}" }
      - id: password
        title: The password is right
        type: object
        object: secret/db
        where: [{ path: .data.password, equals: ${Buffer.from(password).toString('base64')} }]
`;

const script = `export const check = async () => ({ pass: true, observed: 'the script saw it' });
export const expected = async () => ['here', 'there'];
`;

/** @param tasks more of them, as in lab.yaml. @returns a lab in a folder of its own */
export const makeLab = async (tasks = ''): Promise<LabDefinition> => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-evidence-'));
  await mkdir(join(folder, 'tasks'));
  await writeFile(join(folder, 'lab.yaml'), definition + tasks);
  await writeFile(join(folder, 'look.ts'), script);
  await writeFile(join(folder, 'tasks/look.md'), '# Look\n');
  return loadLab(folder);
};

const secret = {
  metadata: {
    name: 'db',
    namespace: 'default',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"stringData":{"password":"${password}"}}` },
  },
  type: 'Opaque',
  data: { password: Buffer.from(password).toString('base64'), name: password, uid: password },
};

export const world: World = {
  objects: { ...objects, '/api/v1/secrets': [secret] },
  facts: everyNode({ iptables: dbRules }),
  files: { 'node01:/etc/config': `server: here\ntoken: ${token}\n${privateKey}` },
};

export const progress: Progress = {
  ...noProgress,
  answers: { 'look/ask': 'there' },
  history: [
    { at: '2026-11-29T08:00:00.000Z', what: 'answer', task: 'look', check: 'ask', right: false, answer: 'nowhere' },
    { at: '2026-11-29T08:00:09.000Z', what: 'answer', task: 'look', check: 'ask', right: true, answer: 'there' },
  ],
};

export interface Made {
  readonly lab: LabDefinition;
  /** What `labs grade --json` prints. */
  readonly report: Report;
  /** With the manifest. */
  readonly files: readonly NamedFile[];
}

export const makeEvidence = async (
  given: World = world,
  language: 'en' | 'ko' = 'en',
  student: Progress = progress,
): Promise<Made> => evidenceFor(await makeLab(), given, { language, student });

interface MakingOptions {
  readonly language?: 'en' | 'ko';
  readonly student?: Progress;
}

/** Evidence of any lab that this world can have. */
export const evidenceFor = async (
  lab: LabDefinition,
  given: World = world,
  { language = 'en', student = progress }: MakingOptions = {},
): Promise<Made> => {
  const recorded = new Map<string, Rests>();
  const present = await gradeLab({
    lab,
    access: accessTo(given),
    progress: student,
    language,
    record: (id, rests) => void recorded.set(id, rests),
    signal: new AbortController().signal,
  });
  const report = countInTime(present, student, language);
  const { name, instance, machines } = accessTo(given);
  const { gradedAt, durationMs } = report;
  const { files } = evidenceOf({
    lab,
    recorded,
    progress: student,
    about: {
      lab: { name: lab.name, digest: lab.digest, files: { ...(await fileDigests(lab.folder)) } },
      ...{ name, instance, gradedAt, durationMs, language },
      versions: { labs: '0.1.0', node: 'v24', docker: '29', kernel: '6.18' },
      machines: machines.map(({ pid: _, ...machine }) => machine),
    },
  });
  return { lab, report, files: chainFiles(files) };
};

/** Changes a field of the first header of a tar archive, with the right check sum. */
export const withHeader = (tar: Buffer, offset: number, text: string): Buffer => {
  const header = tar.subarray(0, 512);
  header.write(text, offset, 'latin1');
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return tar;
};
