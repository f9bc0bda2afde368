// The chain of hashes over the files of evidence. Each entry carries the hash of the one before; `manifest.json` has
// them all. Who changes, adds, removes or moves a file must write the manifest anew, and cannot sign it.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { NamedFile } from './archive.ts';
import { parseJson } from './json.ts';

export const manifestFile = 'manifest.json';
export const evidenceVersion = 'labs.evidence/v1';

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const manifestSchema = z.strictObject({
  version: z.literal(evidenceVersion),
  entries: z
    .array(z.strictObject({ file: z.string(), bytes: z.int().nonnegative(), digest: sha256, previous: sha256 }))
    .min(1),
  /** The hash of the last entry. */
  head: sha256,
});

type Entry = z.output<typeof manifestSchema>['entries'][number];

export const digestOf = (content: string | Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** The hash that the first entry carries. */
const origin = digestOf(evidenceVersion);

/** @returns the files, and the manifest behind them */
export const chainFiles = (files: readonly NamedFile[]): readonly NamedFile[] => {
  const entries: Entry[] = [];
  let previous = origin;
  for (const { name, bytes } of files) {
    const entry = { file: name, bytes: bytes.length, digest: digestOf(bytes), previous };
    entries.push(entry);
    previous = hashOf(entry);
  }
  const manifest = { version: evidenceVersion, entries, head: previous };
  return [...files, { name: manifestFile, bytes: Buffer.from(renderManifest(manifest)) }];
};

const hashOf = ({ file, bytes, digest, previous }: Entry): string =>
  digestOf(JSON.stringify([file, bytes, digest, previous]));

const renderManifest = (manifest: object): string => `${JSON.stringify(manifest, null, 1)}\n`;

export interface ChainProblem {
  readonly code: 'changed' | 'missing' | 'extra' | 'moved' | 'manifest';
  readonly file: string;
}

/** Compares the files with the manifest. @param others files beside the chain: the signature */
export const checkChain = (files: readonly NamedFile[], others: readonly string[]): readonly ChainProblem[] => {
  const byName = new Map(files.map((file) => [file.name, file.bytes]));
  const manifest = readManifest(byName.get(manifestFile));
  if (!manifest) return [{ code: byName.has(manifestFile) ? 'manifest' : 'missing', file: manifestFile }];
  const problems: ChainProblem[] = [];
  let previous = origin;
  for (const entry of manifest.entries) {
    const bytes = byName.get(entry.file);
    if (entry.previous !== previous) problems.push({ code: 'manifest', file: manifestFile });
    if (bytes === undefined) problems.push({ code: 'missing', file: entry.file });
    else if (digestOf(bytes) !== entry.digest || bytes.length !== entry.bytes)
      problems.push({ code: 'changed', file: entry.file });
    previous = hashOf(entry);
  }
  if (previous !== manifest.head) problems.push({ code: 'manifest', file: manifestFile });
  const known = [...manifest.entries.map(({ file }) => file), manifestFile, ...others];
  for (const { name } of files) if (!known.includes(name)) problems.push({ code: 'extra', file: name });
  const order = files.map(({ name }) => name);
  if (problems.length === 0 && known.filter((name) => byName.has(name)).join('\n') !== order.join('\n'))
    problems.push({ code: 'moved', file: manifestFile });
  return problems.filter(
    (one, index) => problems.findIndex(({ code, file }) => code === one.code && file === one.file) === index,
  );
};

/** Undefined also for a manifest that says the same with other bytes. */
const readManifest = (bytes: Buffer | undefined): z.output<typeof manifestSchema> | undefined => {
  if (!bytes) return undefined;
  try {
    const manifest = manifestSchema.parse(parseJson(bytes));
    return renderManifest(manifest) === bytes.toString() ? manifest : undefined;
  } catch {
    return undefined;
  }
};
