// The outermost layer of evidence: named files in a .tgz, packed in one fixed way, and read with limits. Nothing is
// ever unpacked to a disk, so a path or a link in a hostile archive leads nowhere.
import { buffer } from 'node:stream/consumers';
import { createGunzip, gzipSync } from 'node:zlib';
import { extract, type Pack, pack } from 'tar-stream';

export interface NamedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export const limits = {
  /** Bytes of the archive. Evidence of a lab with three nodes has about 200 kB. */
  packed: 64 << 20,
  unpacked: 192 << 20,
  file: 64 << 20,
  files: 20_000,
} as const;

/** The same files always give the same bytes of tar. */
export const packFiles = async (files: readonly NamedFile[]): Promise<Buffer> => gzipSync(await buffer(tarOf(files)));

const tarOf = (files: readonly NamedFile[]): Pack => {
  const tar = pack();
  for (const { name, bytes } of files) tar.entry({ name, mode: 0o644, mtime: new Date(0) }, bytes);
  tar.finalize();
  return tar;
};

/** Compares piece by piece: the archive may be large. */
const isTarOf = async (files: readonly NamedFile[], tar: Buffer): Promise<boolean> => {
  let at = 0;
  for await (const chunk of tarOf(files) as AsyncIterable<Buffer>) {
    if (!tar.subarray(at, at + chunk.length).equals(chunk)) return false;
    at += chunk.length;
  }
  return at === tar.length;
};

export interface Unpacked {
  readonly files: readonly NamedFile[];
  /** Why not everything could be read. What was read before is in `files`. */
  readonly damage?: string;
  /** Another program packed the archive. What its files hold may still be the same. */
  readonly repacked: boolean;
}

/** Reads as much as possible of a damaged archive, because the rest may tell which file was changed. */
export const unpackFiles = async (packed: Buffer): Promise<Unpacked> => {
  const { tar, damage: unzipping } = await unzip(packed);
  const { files, damage: reading } = await readTar(tar);
  const last = files.at(-1)?.name;
  const problem = reading ?? unzipping;
  const damage = problem !== undefined && last !== undefined ? `${problem}, behind the file ${last}` : problem;
  const repacked = damage === undefined && !(await isTarOf(files, tar));
  return { files, repacked, ...(damage === undefined ? {} : { damage }) };
};

const unzip = async (packed: Buffer): Promise<{ readonly tar: Buffer; readonly damage?: string }> => {
  const chunks: Buffer[] = [];
  let size = 0;
  const gunzip = createGunzip();
  gunzip.end(packed);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limits.unpacked) return { tar: Buffer.alloc(0), damage: tooMuch(limits.unpacked) };
      chunks.push(chunk);
    }
    return { tar: Buffer.concat(chunks) };
  } catch (error) {
    return { tar: Buffer.concat(chunks), damage: `it cannot be unpacked (${(error as Error).message})` };
  } finally {
    gunzip.destroy();
  }
};

const readTar = async (tar: Buffer): Promise<{ readonly files: readonly NamedFile[]; readonly damage?: string }> => {
  const files: NamedFile[] = [];
  const names = new Set<string>();
  let entries = 0;
  const reader = extract();
  reader.end(tar);
  try {
    for await (const entry of reader) {
      const { name: path, type, size = 0 } = entry.header;
      // `tar czf FILE .` begins each path so, and adds the folders. They hold nothing, and nothing is unpacked.
      const name = path.replace(/^\.\//, '');
      const isFolder = type === 'directory' && size === 0;
      const problem = isFolder ? problemOfFolder(path) : problemOf(name, type ?? 'file', size);
      if (problem !== undefined) return { files, damage: problem };
      if (names.has(name)) return { files, damage: 'a file comes twice' };
      if (entries === limits.files) return { files, damage: `it has more than ${limits.files} files` };
      entries += 1;
      if (isFolder) {
        entry.resume();
        continue;
      }
      names.add(name);
      files.push({ name, bytes: await buffer(entry) });
    }
    return { files };
  } catch (error) {
    return { files, damage: `it is no tar archive (${(error as Error).message})` };
  }
};

const problemOf = (name: string, type: string, size: number): string | undefined => {
  if (type !== 'file') return `it has a ${type}, but evidence has only files`;
  if (!isPath(name)) return foreignPath;
  return size > limits.file ? tooMuch(limits.file) : undefined;
};

const problemOfFolder = (path: string): string | undefined =>
  path === '.' || path === './' || isPath(path.replace(/^\.\//, '').replace(/\/$/, '')) ? undefined : foreignPath;

const foreignPath = 'it has a file with a path that evidence never has';

const isPath = (name: string): boolean =>
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?)*$/i.test(name) && !name.includes('..');

const tooMuch = (most: number): string => `it unpacks to more than ${most >> 20} MiB`;
