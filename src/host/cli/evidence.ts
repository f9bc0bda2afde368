// `labs grade --evidence FILE [--sign KEY]`: keeps what the verdicts rest on, and writes it into one archive.
import type { KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Report } from '../../api/report.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { readRegularBytes } from '../../kit/read-file.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { packFiles } from '../evidence/archive.ts';
import { chainFiles } from '../evidence/chain.ts';
import type { About } from '../evidence/content.ts';
import { evidenceOf } from '../evidence/record.ts';
import { redact } from '../evidence/redact.ts';
import { fingerprint, readCheckingKey, readSigningKey, signFiles } from '../evidence/sign.ts';
import type { GradeOptions, Rests } from '../grade/engine.ts';
import { fileDigests } from '../lab/load.ts';
import type { Progress } from '../tasks/progress-changes.ts';
import type { Context, Options } from './context.ts';
import type { Session } from './session.ts';

export interface KeptEvidence {
  readonly record: NonNullable<GradeOptions['record']>;
  /** @throws LabError `LAB_EVIDENCE_UNWRITABLE` */
  write(session: Session, report: Report, graded: Progress): Promise<void>;
}

/**
 * Looks at the key and the place before the grading, which takes time.
 * @throws LabError `LAB_KEY_UNREADABLE`, `LAB_EVIDENCE_UNWRITABLE`
 */
export const keepEvidence = async (context: Context, options: Options): Promise<KeptEvidence | undefined> => {
  const { say } = context;
  const { evidence: file, sign: keyAt } = options as { readonly evidence?: string; readonly sign?: string };
  if (file === undefined) {
    if (keyAt === undefined) return undefined;
    throw new LabError('LAB_EVIDENCE_NEEDED', say.signNeedsEvidence, { exitCode: ExitCode.usage });
  }
  const key = keyAt === undefined ? undefined : readSigningKey(keyAt, await readKeyFile(context, keyAt));
  await refuseUnwritable(context, file);
  const recorded = new Map<string, Rests>();
  return {
    record: (id, rests) => void recorded.set(id, rests),
    async write(session, report, progress) {
      const about = await aboutOf(context, session, report);
      const { files } = evidenceOf({ lab: session.lab, recorded, progress, about });
      const chained = chainFiles(files);
      const packed = await packFiles(key ? signFiles(chained, key) : chained);
      await writing(context, file, () => replaceFile(file, packed));
      noteWritten(context, file, packed.length, key);
    },
  };
};

/** @throws LabError `LAB_KEY_UNREADABLE` */
export const checkingKey = async (context: Context, file: string): Promise<KeyObject> =>
  readCheckingKey(file, await readKeyFile(context, file));

const readKeyFile = async ({ say }: Context, file: string): Promise<Buffer> => {
  try {
    return await readRegularBytes(file, 1 << 16);
  } catch (cause) {
    throw new LabError('LAB_KEY_UNREADABLE', say.keyUnreadable(file, messageOf(cause)), {
      cause,
      exitCode: ExitCode.usage,
    });
  }
};

const aboutOf = async (context: Context, { lab, name, access }: Session, report: Report): Promise<About> => {
  const { environment, version, signal } = context;
  const engine = await (await context.docker()).engine(signal);
  const kubernetes = await access.fabric
    .call('kube', { path: '/version' })
    .then(({ body }) => (body as { readonly gitVersion?: string } | null)?.gitVersion)
    .catch(() => undefined);
  return {
    lab: { name: lab.name, digest: lab.digest, files: { ...(await fileDigests(lab.folder)) } },
    name,
    instance: access.instance,
    gradedAt: report.gradedAt,
    durationMs: report.durationMs,
    language: environment.language,
    versions: {
      labs: version,
      node: process.version,
      docker: engine.version,
      kernel: engine.kernel,
      ...(kubernetes === undefined ? {} : { kubernetes }),
    },
    ...(report.submission ? { submission: redact(JSON.parse(JSON.stringify(report.submission))) } : {}),
    ...(access.unsafeNodes ? { unsafeNodes: true as const } : {}),
    machines: access.machines.map(({ name: machine, role, address }) => ({ name: machine, role, address })),
  };
};

/** A device or a pipe must not be replaced by a file. */
const refuseUnwritable = (context: Context, file: string): Promise<void> =>
  writing(context, file, async () => {
    await access(dirname(file), constants.W_OK);
    const there = await stat(file).catch(() => undefined);
    if (there && !there.isFile()) throw new Error(context.say.notARegularFile);
  });

const writing = async ({ say }: Context, file: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (cause) {
    throw new LabError('LAB_EVIDENCE_UNWRITABLE', say.evidenceUnwritable(file, messageOf(cause)), {
      cause,
      exitCode: ExitCode.usage,
      hint: say.reportUnwritableHint,
    });
  }
};

const noteWritten = ({ output, say }: Context, file: string, bytes: number, key: KeyObject | undefined): void => {
  output.note(output.paint('dim', say.wroteEvidence(file, Math.ceil(bytes / 1000))));
  if (key) output.note(output.paint('dim', say.signedBy(fingerprint(key))));
};
