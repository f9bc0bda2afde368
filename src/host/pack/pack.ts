// A lab as one file: a .tgz with a manifest and the files of the lab.
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { createGunzip, gzipSync } from 'node:zlib';
import { extract, pack as tarPack } from 'tar-stream';
import * as z from 'zod';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { identifier } from '../grade/checks/fields.ts';

const manifestName = 'pack.json';
const filesFolder = 'lab/';

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const manifestSchema = z.strictObject({
  format: z.literal('labs-pack/v1'),
  name: identifier,
  version: z.string().max(100),
  edition: z.enum(['whole', 'student']),
  /** Path → hash. */
  files: z.record(z.string(), sha256),
});

export type PackManifest = z.output<typeof manifestSchema>;

export interface LabPack {
  readonly manifest: PackManifest;
  /** `sha256:…` of the manifest. It names every file by its hash, so it covers the whole pack. */
  readonly digest: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

export const packLimits = { packed: 64 << 20, unpacked: 192 << 20, files: 5000 } as const;

const hashOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * The same files always give the same bytes.
 * @throws LabError `LAB_PACK_INVALID` for a path that no pack may have
 */
export const writePack = async (
  about: Omit<PackManifest, 'format' | 'files'>,
  files: ReadonlyMap<string, Buffer>,
): Promise<{ readonly bytes: Buffer; readonly digest: string }> => {
  const odd = [...files.keys()].find((path) => !isPath(path));
  if (odd !== undefined)
    throw invalid(`The lab cannot be packed: the name of the file ${JSON.stringify(odd)} is not portable`, {
      hint: 'Use letters, digits, dots, hyphens and underscores. Move files that do not belong to the lab elsewhere.',
    });
  const hashes = Object.fromEntries([...files].map(([path, content]) => [path, hashOf(content)]));
  const manifest: PackManifest = { format: 'labs-pack/v1', ...about, files: hashes };
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const tar = tarPack();
  const add = (name: string, bytes: Buffer): void => void tar.entry({ name, mode: 0o644, mtime: new Date(0) }, bytes);
  add(manifestName, text);
  for (const [path, content] of files) add(filesFolder + path, content);
  tar.finalize();
  return { bytes: gzipSync(await buffer(tar)), digest: hashOf(text) };
};

/** @throws LabError `LAB_PACK_INVALID` when it is no pack, or any file is another one than when it was packed */
export const readPack = async (bytes: Buffer): Promise<LabPack> => {
  const entries = await unpack(bytes);
  const text = entries.get(manifestName);
  if (!text) throw notAPack(`it has no ${manifestName}`);
  const manifest = readManifest(text);
  const files = new Map<string, Buffer>();
  for (const [path, hash] of Object.entries(manifest.files)) {
    const content = entries.get(filesFolder + path);
    if (!isPath(path)) throw notAPack(`the path ${JSON.stringify(path)} leads elsewhere`);
    if (!content) throw damaged(`the file ${path} is missing`);
    if (hashOf(content) !== hash) throw damaged(`the file ${path} was changed`);
    files.set(path, content);
  }
  const foreign = [...entries.keys()].find(
    (name) => name !== manifestName && !files.has(name.slice(filesFolder.length)),
  );
  if (foreign !== undefined) throw damaged(`the file ${JSON.stringify(foreign)} is not in its manifest`);
  return { manifest, files, digest: hashOf(text) };
};

const readManifest = (text: Buffer): PackManifest => {
  try {
    return manifestSchema.parse(JSON.parse(text.toString()));
  } catch {
    throw notAPack(`its ${manifestName} is not one of this version of labs`);
  }
};

/** Nothing is written to a disk here, and each limit holds before memory is taken. */
const unpack = async (bytes: Buffer): Promise<ReadonlyMap<string, Buffer>> => {
  const files = new Map<string, Buffer>();
  const gunzip = createGunzip();
  const reader = extract();
  let size = 0;
  gunzip.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > packLimits.unpacked) gunzip.destroy(notAPack(`it holds more than ${packLimits.unpacked >> 20} MiB`));
  });
  gunzip.on('error', (error) => reader.destroy(error));
  gunzip.pipe(reader);
  gunzip.end(bytes);
  try {
    for await (const entry of reader) {
      const { name, type } = entry.header;
      if (type !== 'file') throw notAPack(`it has a ${type}, and only files may be in it`);
      if (!isPath(name)) throw notAPack(`the path ${JSON.stringify(name)} leads elsewhere`);
      if (files.has(name)) throw notAPack('a file comes twice');
      if (files.size === packLimits.files) throw notAPack(`it has more than ${packLimits.files} files`);
      files.set(name, await buffer(entry));
    }
  } catch (error) {
    throw error instanceof LabError ? error : notAPack(messageOf(error));
  } finally {
    gunzip.destroy();
  }
  return files;
};

/** Names that every file system takes, and that lead nowhere else. */
const isPath = (path: string): boolean => /^[\w][\w.-]*(\/[\w][\w.-]*)*$/.test(path);

interface InvalidOptions {
  readonly hint: string;
}

const invalid = (message: string, { hint }: InvalidOptions): LabError =>
  new LabError('LAB_PACK_INVALID', message, { exitCode: ExitCode.usage, hint });

const notAPack = (problem: string): LabError =>
  invalid(`The file is no packed lab: ${problem}`, { hint: '`labs pack` makes such a file from the folder of a lab.' });

const damaged = (problem: string): LabError =>
  invalid(`The packed lab is damaged: ${problem}`, { hint: 'Get the file again from where it came from.' });
