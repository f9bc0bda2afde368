// The licences of the packages in the bundles. Most licences ask that every copy carries their text.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** @param folders of the packages, relative to `root` @throws Error for a package that names no licence */
export const noticesOf = async (root: string, folders: ReadonlySet<string>): Promise<string> => {
  const notices = await Promise.all([...folders].sort().map((folder) => noticeOf(join(root, folder))));
  return `The bundles of labs contain these packages.\n\n${notices.join('\n')}`;
};

const noticeOf = async (folder: string): Promise<string> => {
  const [text, names] = await Promise.all([readFile(join(folder, 'package.json'), 'utf8'), readdir(folder)]);
  const { name, version, license } = JSON.parse(text) as PackageJson;
  const file = names.find((each) => /^(licen[cs]e|copying)/i.test(each));
  if (file === undefined && license === undefined) throw new Error(`The package ${name} names no licence`);
  const body = file === undefined ? '' : await readFile(join(folder, file), 'utf8');
  return `---- ${name} ${version} (${license ?? 'see below'})\n\n${body.trim()}\n`;
};
