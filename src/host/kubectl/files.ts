// The kubeconfig files on the user's machine: the lab's own file, and the file that `labs kubeconfig --write` changes.
import { existsSync } from 'node:fs';
import { mkdir, open, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { LabError } from '../../kit/error.ts';
import { done, eventually, notYet, type Seen } from '../../kit/eventually.ts';
import { readRegularFile } from '../../kit/read-file.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { writingIn } from '../../kit/unwritable.ts';
import { type Access, addTo, kubeconfigOf, removeFrom } from './kubeconfig.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The file that kubectl changes: the first existing file of KUBECONFIG, else its last one, else ~/.kube/config. */
export const userFile = ({ KUBECONFIG, HOME }: Variables): string => {
  const named = (KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  return named.find((path) => existsSync(path)) ?? named.at(-1) ?? join(HOME ?? homedir(), '.kube', 'config');
};

/** Removes the lab's own file, of a lab that was deleted. */
export const removeOwnFile = async (stateFolder: string, lab: string): Promise<void> =>
  writing(stateFolder, () => rm(ownFile(stateFolder, lab), { force: true }));

/** The kubeconfig that `labs kubectl` uses. It is in the state folder, so that `kubectl config` commands last. */
export const ownFile = (stateFolder: string, lab: string): string =>
  join(stateFolder, 'kubeconfig', `${encodeURIComponent(lab)}.yaml`);

export const readIfExists = async (file: string): Promise<string> => {
  try {
    return await readRegularFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new LabError('LAB_KUBECONFIG', `${file} can’t be read: ${(error as Error).message}`, { cause: error });
  }
};

/** Writes the lab's own kubeconfig. What the user set with `kubectl config` stays. */
export const writeOwnFile = async (file: string, access: Access): Promise<void> => {
  const text = await readIfExists(file);
  const after = text === '' ? stringify(kubeconfigOf(access), { lineWidth: 0 }) : addTo(text, access, file).text;
  await writing(dirname(file), () => replaceFile(file, after));
};

const writing = <T>(folder: string, work: () => Promise<T>): Promise<T> =>
  writingIn({ folder, variable: 'XDG_STATE_HOME' }, work);

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
  await writing(stateFolder, () => replaceFile(recordFile(stateFolder, access.lab), `${JSON.stringify(record)}\n`));
  return changed;
};

/** @returns the file from which the lab was taken; undefined if `--write` never added it */
export const removeFromUserFile = async (stateFolder: string, lab: string): Promise<string | undefined> => {
  const written = await writtenTo(stateFolder, lab);
  if (!written) return undefined;
  const { file, previous } = written;
  if (existsSync(file)) await change(file, (text) => ({ text: removeFrom(text, lab, previous, file), previous }));
  await writing(stateFolder, () => rm(recordFile(stateFolder, lab), { force: true }));
  return file;
};

interface Changed {
  readonly text: string;
  readonly previous: string;
}

/** Changes a file under the lock that kubectl takes, too: a file beside it that only one program can create. */
const change = async (named: string, work: (text: string) => Changed): Promise<string> => {
  const file = existsSync(named) ? await realpath(named) : named;
  return await writingIn({ folder: dirname(file), variable: 'KUBECONFIG' }, () => changeFile(file, work));
};

const changeFile = async (file: string, work: (text: string) => Changed): Promise<string> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const lock = `${file}.lock`;
  const failure = await eventually(`${lock} is gone`, () => take(lock), lockPatience).catch((cause) => {
    throw new LabError('LAB_KUBECONFIG', `Another program is changing ${file}: ${lock} exists`, {
      cause,
      hint: `If no program is changing it, run \`rm '${lock}'\`.`,
    });
  });
  if (failure) throw failure;
  try {
    const { text, previous } = work(await readIfExists(file));
    await replaceFile(file, text);
    return previous;
  } finally {
    await rm(lock, { force: true });
  }
};

const lockPatience = { timeoutMs: 5000, intervalMs: 20 };

/** @returns a failure for which it is no use to wait */
const take = async (lock: string): Promise<Seen<unknown>> => {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return done(undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return done(error);
    return notYet('another program holds it');
  }
};
