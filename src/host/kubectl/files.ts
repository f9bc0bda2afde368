// The kubeconfig files on the user's machine: the lab's own file, and the file that `labs kubeconfig --write` changes.
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { LabError } from '../../kit/error.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { type Access, addTo, kubeconfigOf, removeFrom } from './kubeconfig.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The file that kubectl changes: the first existing file of KUBECONFIG, else its last one, else ~/.kube/config. */
export const userFile = ({ KUBECONFIG, HOME }: Variables): string => {
  const named = (KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  return named.find((path) => existsSync(path)) ?? named.at(-1) ?? join(HOME ?? homedir(), '.kube', 'config');
};

/** The kubeconfig that `labs kubectl` uses. It is in the state folder, so that `kubectl config` commands last. */
export const ownFile = (stateFolder: string, lab: string): string =>
  join(stateFolder, 'kubeconfig', `${encodeURIComponent(lab)}.yaml`);

export const readIfExists = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new LabError('LAB_KUBECONFIG', `${file} can’t be read: ${(error as Error).message}`, { cause: error });
  }
};

/** Writes the lab's own kubeconfig. What the user set with `kubectl config` stays. */
export const writeOwnFile = async (file: string, access: Access): Promise<void> => {
  const text = await readIfExists(file);
  await replaceFile(
    file,
    text === '' ? stringify(kubeconfigOf(access), { lineWidth: 0 }) : addTo(text, access, file).text,
  );
};

/** Where `--write` added a lab, so that `labs delete` can take it out again. */
export interface Written {
  readonly file: string;
  /** The current context of before. */
  readonly previous: string;
}

const recordFile = (stateFolder: string, lab: string): string =>
  join(stateFolder, 'kubeconfig', `${encodeURIComponent(lab)}.written.json`);

export const writtenTo = async (stateFolder: string, lab: string): Promise<Written | undefined> => {
  const text = await readIfExists(recordFile(stateFolder, lab));
  return text === '' ? undefined : JSON.parse(text);
};

/** Adds the lab to the user's file, which becomes readable by its owner alone, because it then holds a key. */
export const addToUserFile = async (stateFolder: string, file: string, access: Access): Promise<boolean> => {
  const before = await writtenTo(stateFolder, access.lab);
  // A second file: the lab must not stay in the first one for ever.
  if (before && before.file !== file) await removeFromUserFile(stateFolder, access.lab);
  let changed = false;
  const previous = await change(file, (text) => {
    const added = addTo(text, access, file);
    changed = added.text !== text;
    return added;
  });
  const own = previous === `labs-${access.lab}`;
  const record: Written = { file, previous: own ? (before?.previous ?? '') : previous };
  await replaceFile(recordFile(stateFolder, access.lab), `${JSON.stringify(record)}\n`);
  return changed;
};

/** @returns the file from which the lab was taken; undefined if `--write` never added it */
export const removeFromUserFile = async (stateFolder: string, lab: string): Promise<string | undefined> => {
  const written = await writtenTo(stateFolder, lab);
  if (!written) return undefined;
  const { file, previous } = written;
  if (existsSync(file)) await change(file, (text) => ({ text: removeFrom(text, lab, previous, file), previous }));
  await rm(recordFile(stateFolder, lab), { force: true });
  return file;
};

/** Changes a file under the lock that kubectl takes, too: a file beside it that only one program can create. */
const change = async (
  named: string,
  work: (text: string) => { readonly text: string; readonly previous: string },
): Promise<string> => {
  await mkdir(dirname(named), { recursive: true, mode: 0o700 });
  const file = existsSync(named) ? await realpath(named) : named;
  const lock = `${file}.lock`;
  await eventually(`${lock} is gone`, () => take(lock), { timeoutMs: 5000, intervalMs: 20 }).catch((cause) => {
    throw new LabError('LAB_KUBECONFIG', `Another program is changing ${file}: ${lock} exists`, {
      cause,
      hint: `If no program is changing it, run \`rm '${lock}'\`.`,
    });
  });
  try {
    const { text, previous } = work(await readIfExists(file));
    await replaceFile(file, text);
    return previous;
  } finally {
    await rm(lock, { force: true });
  }
};

const take = async (lock: string) => {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return done(undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return notYet('another program holds it');
  }
};
